/*
 * uwsgi_head: a request in the uwsgi protocol: four bytes of header, then
 * variables, which a front end has made of an HTTP request (notes, 0013). Pure
 * functions over bytes. The rules are those of HTTP/1, as far as there is
 * something to hold them against.
 */
#ifndef PROTO_UWSGI_HEAD_H
#define PROTO_UWSGI_HEAD_H

#include <sys/types.h>

#include "base/str.h"
#include "http/http_error.h"
#include "http/request.h"
#include "proto/h1_head.h"

#define UWSGI_HEAD_MAX (4 + 65535)

/*
 * in: the first bytes of a connection. The length of header and variables, 0
 * for "need more", or -E_PROTOCOL with *err filled.
 */
ssize_t uwsgi_head_find(struct str in, struct http_error *err);

/*
 * in: what uwsgi_head_find has measured. Fills version, method, target, path,
 * path_info, script, query, fields, n_fields; scheme, peer and local where the
 * front end says something about them. Slices point into in or the arena.
 * 0, -E_PROTOCOL with *err filled, or -E_NOMEM.
 */
int uwsgi_head_parse(const struct h1_rules *rules, struct str in,
    struct request *req, struct http_error *err);

#endif
