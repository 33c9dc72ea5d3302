/*
 * dirty_tlv: the typed values of binary frames, walked over without being
 * made: type, then length or count (4 bytes, big-endian) where it has one.
 * Pure; each function takes what it reads off the front of *s, and answers
 * false when that is cut short or no value.
 */
#ifndef DIRTY_DIRTY_TLV_H
#define DIRTY_DIRTY_TLV_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define DIRTY_TLV_DEPTH_MAX 64

enum dirty_tlv {
	DIRTY_TLV_NONE = 0x00,
	DIRTY_TLV_BOOL = 0x01,
	DIRTY_TLV_INT64 = 0x05,
	DIRTY_TLV_FLOAT64 = 0x06,
	DIRTY_TLV_BYTES = 0x10,
	DIRTY_TLV_STRING = 0x11,
	DIRTY_TLV_LIST = 0x20,
	DIRTY_TLV_DICT = 0x21,
};

/* A type and, from BYTES on, the number behind it; else *n is 0. */
bool dirty_tlv_head(struct str *s, enum dirty_tlv *type, uint32_t *n);
/* Any value, with all that is in it. */
bool dirty_tlv_skip(struct str *s);
/* The same; *whole is all of it. */
bool dirty_tlv_value(struct str *s, struct str *whole);
bool dirty_tlv_string(struct str *s, struct str *out);
bool dirty_tlv_int(struct str *s, int64_t *out);

/* Appending: 0, -E_FULL or -E_NOMEM. */
int dirty_tlv_put_head(struct buf *out, enum dirty_tlv type, size_t n);
int dirty_tlv_put_string(struct buf *out, struct str s);
int dirty_tlv_put_int(struct buf *out, int64_t n);
int dirty_tlv_put_bool(struct buf *out, bool yes);

#endif
