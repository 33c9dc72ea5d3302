/*
 * proto: bytes to and from requests: h1_* h2_* ws_* uwsgi_*.
 *
 * h1_head: the head of an HTTP/1 request (RFC 9112, sections 2 to 5). Pure
 * functions over bytes: no descriptor, no clock, no global. In two steps, so
 * that the bytes may move in between:
 *
 *   struct h1_head head = { 0 };
 *   rc = h1_head_find(&head, rules, bytes so far, &err);  // at every read
 *   rc > 0: copy its rc bytes into req->arena, then
 *   h1_head_parse(&head, rules, the copy, req, &err);
 *   http_policy_apply(policy, req, &err);
 */
#ifndef PROTO_H1_HEAD_H
#define PROTO_H1_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"
#include "http/http_error.h"
#include "http/request.h"

/* limit_* and permit_* of the configuration, in the parser's terms. */
struct h1_rules {
	size_t head_max;  /* of all bytes up to the body; never 0 */
	size_t line_max;  /* request line without CRLF; 0: head_max bounds it */
	size_t field_max; /* name to CRLF; 0: head_max bounds it */
	unsigned n_fields_max;              /* and trailers; never 0 */
	bool strip_header_spaces;           /* before the colon */
	bool permit_unconventional_method;  /* any token */
	bool permit_unconventional_version; /* HTTP/1.2 to 1.9, as 1.1 */
	bool casefold_method;
	bool permit_obsolete_folding;
};

/* How far the search for a head's end has come. Starts as all zero. */
struct h1_head {
	size_t scanned;   /* bytes that need no second look */
	size_t start;     /* where the line lies that is being read */
	size_t first;     /* where the request line lies */
	unsigned n_lines; /* complete ones, the request line included */
};

/*
 * in: all bytes of the connection that no request has used yet; at every call
 * those of the call before and more behind. Returns the length of the head
 * (an empty line before it and the one that ends it included), 0 for "need
 * more", or -E_PROTOCOL with *err filled: a limit is exceeded, also by a line
 * that has no end yet, or a line ends in a bare LF. The same bytes give the
 * same answer however they are cut.
 */
ssize_t h1_head_find(struct h1_head *head, const struct h1_rules *rules,
    struct str in, struct http_error *err);

/*
 * in: the head that h1_head_find has measured. Fills version, method, target,
 * path, query, fields, n_fields and, for a target that has one, host.
 * Slices point into in, which must live as long as req (or into req->arena).
 * 0, -E_PROTOCOL with *err filled, or -E_NOMEM.
 */
int h1_head_parse(const struct h1_head *head, const struct h1_rules *rules,
    struct str in, struct request *req, struct http_error *err);

/*
 * The rules on methods, and req->method. 0, -E_PROTOCOL with *err filled, or
 * -E_NOMEM.
 */
int h1_head_method(const struct h1_rules *rules, struct str method,
    struct request *req, struct http_error *err);

#endif
