/*
 * h1_chunk: a chunked body (RFC 9112, section 7.1). A pure function over
 * bytes that keeps no byte: whatever it is given it uses up, and what is body
 * is handed on as slices of it.
 */
#ifndef PROTO_H1_CHUNK_H
#define PROTO_H1_CHUNK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "http/http_error.h"
#include "proto/h1_head.h"

#define H1_CHUNK_LINE_MAX 1024     /* size and extensions, without CRLF */
#define H1_CHUNK_TRAILER_MAX 16384 /* all trailer lines together */
#define H1_CHUNK_NAME_MAX 24       /* longer than any name that is forbidden */

struct h1_chunk {
	const struct h1_rules *rules;
	uint64_t left;     /* size being read; then data bytes to come */
	uint64_t total;    /* data bytes handed on so far */
	uint8_t state;     /* private to h1_chunk.c */
	bool done;         /* the last byte of the body was used */
	unsigned line_len; /* of the line being read */
	unsigned n_digits;
	unsigned n_trailers; /* and the head's fields: one limit for both */
	unsigned trailer_len;
	unsigned name_len; /* of the trailer's name; its start is kept */
	char name[H1_CHUNK_NAME_MAX];
};

/* n_fields: how many the head had. rules must outlive st. */
void h1_chunk_init(
    struct h1_chunk *st, const struct h1_rules *rules, unsigned n_fields);

/*
 * Uses bytes of in: up to and including one slice of data, which is at most
 * room bytes long and put into *data (empty when there was none). Returns how
 * many were used; fewer than in.len means: call again with the rest, unless
 * st->done is set (what follows is the next request) or data is waiting and
 * room is 0. -E_PROTOCOL with *err filled: the body is broken.
 */
ssize_t h1_chunk_decode(struct h1_chunk *st, struct str in, size_t room,
    struct str *data, struct http_error *err);

/* "1f4\r\n" for len > 0 into dst; returns its length. */
#define H1_CHUNK_HEAD_MAX 18
size_t h1_chunk_put_head(char dst[H1_CHUNK_HEAD_MAX], uint64_t len);

/* What follows a chunk's data, and what follows the last chunk. */
#define H1_CHUNK_TAIL "\r\n"
#define H1_CHUNK_END "0\r\n\r\n"

#endif
