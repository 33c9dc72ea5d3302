/*
 * HTTP/1 but for how a request is written (notes, 0013). Run by the holder of
 * the reactor.
 */
#include "proto/uwsgi.h"

#include "proto/h1_conn.h"
#include "proto/uwsgi_head.h"

#include "base/banned.h"

static ssize_t
find_head(struct h1 *h, struct str in, struct http_error *err)
{
	const struct proto_env *env = conn_env(h->conn);

	/* Before anything is read of what it says. */
	if (!env->may_uwsgi(env, conn_peer(h->conn)))
		return http_error_set(err, 403, "it may not speak uwsgi here");
	return uwsgi_head_find(in, err);
}

static int
parse_head(struct h1 *h, struct str head, struct http_error *err)
{
	return uwsgi_head_parse(&conn_env(h->conn)->rules, head, h->req, err);
}

static const struct h1_wire wire = {
	.find = find_head,
	.parse = parse_head,
	.single = true,
};

static int
uwsgi_open(struct conn *c)
{
	return h1_start(c, &wire, UWSGI_HEAD_MAX);
}

const struct proto_ops uwsgi_ops = {
	.name = "uwsgi",
	.open = uwsgi_open,
	.on_bytes = h1_on_bytes,
	.place = h1_place,
	.on_placed = h1_on_placed,
	.on_eof = h1_on_eof,
	.on_writable = h1_on_writable,
	.on_timeout = h1_on_timeout,
	.on_drain = h1_on_drain,
	.on_peer = h1_on_peer,
	.want_read = h1_want_read,
	.on_gone = h1_on_gone,
	.on_close = h1_on_close,
	.on_overdue = h1_on_overdue,
	.on_late = h1_on_late,
	.passable = h1_passable,
	.refuse = h1_refuse_ready,
};
