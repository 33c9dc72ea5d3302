/*
 * num: numbers out of bytes, strictly: all of the slice, no sign, no spaces,
 * no prefix, and an overflow is an error.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdint.h>

#include "base/str.h"

/* 0..15 for a hexadecimal digit in either case, -1 for anything else. */
int num_hex_digit(char c);

/* 0 and *out set, or -E_BAD_VALUE (empty, not a digit, more than max). */
int num_dec(struct str s, uint64_t max, uint64_t *out);
int num_hex(struct str s, uint64_t max, uint64_t *out);

/*
 * "-12", "12": an optional minus, then digits. 0 or -E_BAD_VALUE.
 */
int num_signed(struct str s, int64_t min, int64_t max, int64_t *out);

/* "30", "30s", "500ms", "5m", "2h", "1d" to milliseconds; a bare number has
 * the given unit (1000 for seconds). Fractions ("1.5s") are accepted. */
int num_duration(struct str s, uint64_t unit_ms, uint64_t *ms);

/* "65536", "64k", "64KiB", "1m", "1g" (powers of 1024) to bytes. */
int num_size(struct str s, uint64_t *bytes);

/* 1 or 0 for true/false, yes/no, on/off, 1/0 in any case; -E_BAD_VALUE. */
int num_bool(struct str s);

/* Decimal text of v at dst (20 bytes are enough); returns its length. */
size_t num_put_dec(char *dst, uint64_t v);

#endif
