/*
 * Answers in HTTP/1 (RFC 9112, sections 4, 6 and 7.1). Run by the
 * application's thread between ready and end.
 */
#include "base/error.h"
#include "base/num.h"
#include "http/http_date.h"
#include "http/http_status.h"
#include "http/response.h"
#include "net/reactor.h"
#include "proto/h1_conn.h"

#include "base/banned.h"

#define DATE "Date: "
#define KEEP_ALIVE "Connection: keep-alive\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"

#define REASON_KEPT_MAX 64
/* What our own lines need, the reason not counted. */
#define OPENING_MAX \
	(sizeof("HTTP/1.1 200 \r\n" H1_SERVER DATE KEEP_ALIVE) + \
	    HTTP_DATE_LEN + 2)
#define FRAME_MAX (OPENING_MAX + sizeof(CHUNKED))

/*
 * The lines that an answer begins with are mostly those of the answer before:
 * kept as one block, in which only the date changes.
 */
struct opening {
	unsigned status;
	bool last, has_date, has_server;
	size_t reason_len, len;
	char *date; /* its place in text, NULL: has_date */
	char text[OPENING_MAX + REASON_KEPT_MAX];
};
#define REASON_AT (sizeof("HTTP/1.1 200 ") - 1)

static char *
put_status(char *p, unsigned status, struct str reason)
{
	p = str_copy(p, STR("HTTP/1.1 "));
	p += num_put_dec(p, status);
	*p++ = ' ';
	p = str_copy(p, reason);
	return str_copy(p, STR("\r\n"));
}

static char *
put_field(char *p, const struct field *f)
{
	p = str_copy(p, f->name);
	p = str_copy(p, STR(": "));
	p = str_copy(p, f->value);
	return str_copy(p, STR("\r\n"));
}

/* Status line, Server, Date, Connection. *date: where the date belongs. */
static char *
put_opening(char *p, const struct h1 *h, struct str reason, char **date)
{
	const struct response *resp = &h->req->response;

	*date = NULL;
	p = put_status(p, resp->status, reason);
	if (!resp->has_server)
		p = str_copy(p, STR(H1_SERVER));
	if (!resp->has_date) {
		p = str_copy(p, STR(DATE));
		*date = p;
		p = str_copy(p, http_date_now());
		p = str_copy(p, STR("\r\n"));
	}
	return str_copy(p, h->last ? STR(H1_LAST) : STR(KEEP_ALIVE));
}

static bool
is_for(const struct opening *o, const struct h1 *h, struct str reason)
{
	const struct response *resp = &h->req->response;

	return o->status == resp->status && o->last == h->last &&
	    o->has_date == resp->has_date &&
	    o->has_server == resp->has_server &&
	    str_eq(reason, (struct str){ o->text + REASON_AT, o->reason_len });
}

static char *
put_kept_opening(char *p, const struct h1 *h, struct str reason)
{
	static _Thread_local struct opening o; /* status 0: none yet */
	const struct response *resp = &h->req->response;
	char *date;

	if (reason.len > REASON_KEPT_MAX)
		return put_opening(p, h, reason, &date);
	if (!is_for(&o, h, reason)) {
		o.len =
		    (size_t)(put_opening(o.text, h, reason, &o.date) - o.text);
		o.status = resp->status;
		o.reason_len = reason.len;
		o.last = h->last;
		o.has_date = resp->has_date;
		o.has_server = resp->has_server;
	} else if (o.date != NULL) {
		(void)str_copy(o.date, http_date_now());
	}
	return str_copy(p, (struct str){ o.text, o.len });
}

static size_t
fields_len(const struct field *fields, unsigned n)
{
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		len += fields[i].name.len + fields[i].value.len + 4;
	return len;
}

/* Room for a head in the output, and more: 0, -E_TOO_LONG or -E_NOMEM. */
static int
head_place(struct conn *c, struct str reason, const struct field *fields,
    unsigned n, size_t more, char **p)
{
	size_t len = FRAME_MAX + reason.len + fields_len(fields, n);

	if (len > CONN_OUT_HEAD_MAX)
		return -E_TOO_LONG;
	*p = buf_reserve(&c->out, len + more);
	return *p == NULL ? -E_NOMEM : 0;
}

/* May another request follow on this connection? */
static bool
may_go_on(const struct h1 *h)
{
	const struct proto_env *env = conn_env(h->conn);

	return h->req->keep_alive && env->keepalive_ms > 0 && !h->last &&
	    !h->until_close && !conn_draining(h->conn) &&
	    !conn_crowded(h->conn) && !str_eq(h->req->method, STR("CONNECT")) &&
	    h1_body_droppable(h);
}

/* How the end of the body will be told (RFC 9112, section 6.3). */
static void
choose_framing(struct h1 *h)
{
	const struct response *resp = &h->req->response;
	bool unknown = !resp->no_body && resp->length < 0;

	h->chunked_out =
	    unknown && h->req->version >= HTTP_1_1 && !h->wire->single;
	h->until_close = unknown && !h->chunked_out;
	h->last = !may_go_on(h);
}

/* All of a head, where there is room for it. */
static char *
put_head(char *p, struct h1 *h, struct str reason, const struct field *fields,
    unsigned n_fields)
{
	choose_framing(h);
	p = put_kept_opening(p, h, reason);
	for (unsigned i = 0; i < n_fields; i++)
		p = put_field(p, &fields[i]);
	if (h->chunked_out)
		p = str_copy(p, STR(CHUNKED));
	h->head_out = true;
	return str_copy(p, STR("\r\n"));
}

static int
send_head(struct stream *s, unsigned status, struct str reason,
    const struct field *fields, unsigned n_fields)
{
	struct h1 *h = h1_from_stream(s);
	char *p, *end;
	int rc;

	(void)status; /* the response's */
	if (request_ended(h->req) != REQUEST_GOES_ON)
		return -E_GONE;
	rc = head_place(h->conn, reason, fields, n_fields, 0, &p);
	if (rc < 0)
		return rc;
	end = put_head(p, h, reason, fields, n_fields);
	buf_added(&h->conn->out, (size_t)(end - p));
	return 0;
}

static int
send_whole(struct stream *s, unsigned status, struct str reason,
    const struct field *fields, unsigned n_fields, struct str body)
{
	struct h1 *h = h1_from_stream(s);
	struct conn *c = h->conn;
	char *p, *end;

	(void)status;
	if (request_ended(h->req) != REQUEST_GOES_ON)
		return -E_GONE;
	if (body.len > CONN_COPY_MAX || body.len > conn_room(c))
		return -E_FULL;
	if (head_place(c, reason, fields, n_fields, body.len, &p) < 0)
		return -E_FULL;
	end = put_head(p, h, reason, fields, n_fields);
	memcpy(end, body.ptr, body.len);
	buf_added(&c->out, (size_t)(end - p) + body.len);
	(void)conn_flush(c); /* gone: then it is closed, and nobody waits */
	h1_after_answer(h);
	return 0;
}

static int
send_informational(struct stream *s, unsigned status,
    const struct field *fields, unsigned n_fields)
{
	struct h1 *h = h1_from_stream(s);
	struct str reason = http_status_reason(status);
	char *p, *start;
	int rc;

	if (request_ended(h->req) != REQUEST_GOES_ON)
		return -E_GONE;
	if (h->wire->single)
		return 0;
	/* Bounded: an application may send any number of them. */
	if (conn_room(h->conn) == 0)
		return -E_FULL;
	rc = head_place(h->conn, reason, fields, n_fields, 0, &p);
	if (rc < 0)
		return rc;
	start = p;
	p = put_status(p, status, reason);
	for (unsigned i = 0; i < n_fields; i++)
		p = put_field(p, &fields[i]);
	p = str_copy(p, STR("\r\n"));
	buf_added(&h->conn->out, (size_t)(p - start));
	return conn_flush(h->conn);
}

/* The output waits for the client: for so long and no longer. */
static void
watch_output(struct h1 *h)
{
	if (h->conn->blocked)
		h1_clock_once(h, offsetof(struct proto_env, write_ms));
}

/* Begins a chunk for len bytes, unless one is open: 0 or -E_*. */
static int
open_chunk(struct h1 *h, size_t len)
{
	char head[H1_CHUNK_HEAD_MAX];
	size_t n;

	if (h->chunk_left > 0)
		return 0;
	h->chunk_left = len;
	n = h1_chunk_put_head(head, len);
	return buf_put(&h->conn->out, (struct str){ head, n });
}

static ssize_t
send_in_chunk(struct h1 *h, struct str data)
{
	ssize_t n;

	n = open_chunk(h, data.len);
	if (n < 0)
		return n;
	/* What was taken in part comes again and goes on in its chunk. */
	data = str_head(data, h->chunk_left);
	n = conn_write(h->conn, data,
	    data.len == h->chunk_left ? STR(H1_CHUNK_TAIL) : STR(""));
	if (n > 0)
		h->chunk_left -= (size_t)n;
	return n;
}

static ssize_t
send_body(struct stream *s, struct str data)
{
	struct h1 *h = h1_from_stream(s);
	ssize_t n;

	if (request_ended(h->req) != REQUEST_GOES_ON)
		return -E_GONE;
	if (data.len == 0)
		return 0; /* an empty chunk would be the last one */
	h->direct = false;
	if (h->conn->blocked && conn_room(h->conn) == 0)
		return 0;
	if (h->chunked_out)
		n = send_in_chunk(h, data);
	else
		n = conn_write(h->conn, data, STR(""));
	h->direct = n >= 0 && (size_t)n < data.len;
	watch_output(h);
	return n;
}

static ssize_t
send_file(struct stream *s, int fd, off_t offset, size_t len)
{
	struct h1 *h = h1_from_stream(s);
	ssize_t n;

	if (request_ended(h->req) != REQUEST_GOES_ON)
		return -E_GONE;
	if (h->conn->transport->sendfile == NULL ||
	    !conn_env(h->conn)->sendfile)
		return -E_NOT_FOUND;
	h->direct = true;
	if (len == 0 || h->conn->blocked)
		return 0;
	if (h->chunked_out) {
		n = open_chunk(h, len);
		if (n < 0)
			return n;
		if (len > h->chunk_left)
			len = (size_t)h->chunk_left;
	}
	n = conn_sendfile(h->conn, fd, offset, len);
	watch_output(h);
	if (n <= 0 || !h->chunked_out)
		return n;
	h->chunk_left -= (size_t)n;
	if (h->chunk_left == 0 &&
	    buf_put(&h->conn->out, STR(H1_CHUNK_TAIL)) < 0)
		return -E_NOMEM;
	return n;
}

static int
end_answer(struct stream *s)
{
	struct h1 *h = h1_from_stream(s);
	struct str last = h->chunked_out ? STR(H1_CHUNK_END) : STR("");
	ssize_t n;

	if (request_ended(h->req) == REQUEST_GOES_ON) {
		n = conn_write(h->conn, STR(""), last);
		(void)n; /* gone: then it is closed, and nobody waits */
	}
	/* A client that gave up its body gets what there is, and no more. */
	h1_after_answer(h);
	return 0;
}

static void
take_credit(struct stream *s, size_t n)
{
	struct h1 *h = h1_from_stream(s);

	if (n == 0 || h->body_failed || h1_body_done(h))
		return;
	if (!h->conn->blocked)
		h1_clock_once(h, offsetof(struct proto_env, body_ms));
	conn_go_on(h->conn);
}

static size_t
room(struct stream *s)
{
	struct h1 *h = h1_from_stream(s);

	if (!h->conn->blocked)
		return CONN_OUT_BOUND;
	return h->direct ? 0 : conn_room(h->conn);
}

/* What we answer when the application could not: 0 is nothing. */
static struct http_error
own_answer(const struct h1 *h)
{
	switch (request_ended(h->req)) {
	case REQUEST_TOO_LARGE:
		return (struct http_error){ 413,
			"The body is larger than limit_request_body" };
	case REQUEST_BAD_BODY:
		return (
		    struct http_error){ 400, "The body's framing is broken" };
	case REQUEST_BODY_TIMEOUT:
		return (struct http_error){ 408,
			"The request's body did not come in time" };
	default:
		return (struct http_error){ 0, NULL };
	}
}

static void
reset(struct stream *s)
{
	struct h1 *h = h1_from_stream(s);
	struct http_error err = own_answer(h);

	h->last = true;
	if (h->conn->closing) {
		;
	} else if (h->conn->taken) {
		conn_finish(h->conn, CLOSE_TAKEN, false);
	} else if (!h->head_out && err.status != 0) {
		h->req->response.status = err.status; /* for the access log */
		h1_refuse(h, &err, CLOSE_BAD_REQUEST);
	} else if (h->until_close) {
		conn_abort(h->conn, CLOSE_CUT);
	} else {
		conn_finish(h->conn, CLOSE_CUT, !h1_body_done(h));
	}
	h1_after_answer(h);
}

static int
connection(struct stream *s, bool take)
{
	struct h1 *h = h1_from_stream(s);
	int fd;

	if (request_ended(h->req) != REQUEST_GOES_ON)
		return -E_GONE;
	if (!take)
		return conn_look(h->conn);
	if (!h1_body_done(h))
		return -E_AGAIN;
	fd = conn_take(h->conn);
	if (fd < 0)
		return fd;
	request_set_end(h->req, REQUEST_TAKEN);
	h1_wake(h);
	return fd;
}

/* --- the table: each with the reactor's lock, for others may turn it --- */

/* What to unlock afterwards: by then there may be no connection. */
static struct reactor *
enter(struct stream *s)
{
	struct reactor *r = h1_from_stream(s)->conn->reactor;

	reactor_lock(r);
	return r;
}

static int
on_head(struct stream *s, unsigned status, struct str reason,
    const struct field *fields, unsigned n_fields)
{
	struct reactor *r = enter(s);
	int rc = send_head(s, status, reason, fields, n_fields);

	reactor_unlock(r);
	return rc;
}

static int
on_informational(struct stream *s, unsigned status, const struct field *fields,
    unsigned n_fields)
{
	struct reactor *r = enter(s);
	int rc = send_informational(s, status, fields, n_fields);

	reactor_unlock(r);
	return rc;
}

static ssize_t
on_body(struct stream *s, struct str data)
{
	struct reactor *r = enter(s);
	ssize_t n = send_body(s, data);

	reactor_unlock(r);
	return n;
}

static ssize_t
on_file(struct stream *s, int fd, off_t offset, size_t len)
{
	struct reactor *r = enter(s);
	ssize_t n = send_file(s, fd, offset, len);

	reactor_unlock(r);
	return n;
}

static int
on_whole(struct stream *s, unsigned status, struct str reason,
    const struct field *fields, unsigned n_fields, struct str body)
{
	struct reactor *r = enter(s);
	int rc = send_whole(s, status, reason, fields, n_fields, body);

	reactor_unlock(r);
	return rc;
}

static int
on_end(struct stream *s)
{
	struct reactor *r = enter(s);
	int rc = end_answer(s);

	reactor_unlock(r);
	return rc;
}

static void
on_credit(struct stream *s, size_t n)
{
	struct reactor *r = enter(s);

	take_credit(s, n);
	reactor_unlock(r);
}

static void
on_reset(struct stream *s)
{
	struct reactor *r = enter(s);

	reset(s);
	reactor_unlock(r);
}

static int
on_connection(struct stream *s, bool take)
{
	struct reactor *r = enter(s);
	int fd = connection(s, take);

	reactor_unlock(r);
	return fd;
}

const struct stream_ops h1_stream_ops = {
	.name = "http/1.1",
	.head = on_head,
	.informational = on_informational,
	.body = on_body,
	.file = on_file,
	.whole = on_whole,
	.end = on_end,
	.body_credit = on_credit,
	.room = room,
	.reset = on_reset,
	.connection = on_connection,
};
