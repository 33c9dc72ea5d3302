/*
 * The body of an HTTP/1 request: from the wire into its ring.
 */
#include "base/error.h"
#include "proto/h1_conn.h"

#include "base/banned.h"

/* For less than that, a copy is cheaper than what spares it. */
#define DIRECT_MIN 4096

static const struct http_error too_large = { 413,
	"The body is larger than limit_request_body" };

static size_t
ring_size(const struct h1 *h, const struct proto_env *env)
{
	if (h->chunk == NULL && h->body_left < env->request_buffer)
		return (size_t)h->body_left;
	return env->request_buffer;
}

int
h1_body_begin(struct h1 *h, struct http_error *err)
{
	const struct proto_env *env = conn_env(h->conn);
	struct request *req = h->req;

	h->chunk = NULL;
	h->body_failed = false;
	h->drained = h->body_got = 0;
	h->body_left =
	    req->content_length > 0 ? (uint64_t)req->content_length : 0;
	if (env->body_max > 0 && h->body_left > env->body_max) {
		*err = too_large;
		return -E_PROTOCOL;
	}
	if (req->chunked) {
		h->chunk = arena_alloc(&req->arena, sizeof(*h->chunk));
		if (h->chunk == NULL)
			return -E_NOMEM;
		h1_chunk_init(h->chunk, &env->rules, req->n_fields);
	}
	if (h1_body_done(h))
		body_set_complete(&req->body);
	return 0;
}

/* n bytes of a body by length are in the ring. */
static void
count(struct h1 *h, size_t n)
{
	h->body_left -= n;
	h->body_got += n;
	if (h->body_left == 0)
		body_set_complete(&h->req->body);
}

ssize_t
h1_body_open(struct h1 *h, struct str rest)
{
	const struct proto_env *env = conn_env(h->conn);
	struct body *body = &h->req->body;
	char *mem = NULL;

	if (h->chunk == NULL && env->request_buffer == CONN_READ_MAX &&
	    rest.len >= DIRECT_MIN)
		mem = conn_take_read_mem(h->conn, rest);
	if (mem == NULL)
		return body_init(body, ring_size(h, env));
	rest = str_head(rest, h->body_left);
	body_adopt(
	    body, mem, CONN_READ_MAX, (size_t)(rest.ptr - mem), rest.len);
	count(h, rest.len);
	return (ssize_t)rest.len;
}

char *
h1_body_place(struct h1 *h, size_t *n)
{
	char *mem;

	if (h->chunk != NULL || h->body_failed)
		return NULL;
	mem = body_place(&h->req->body, n);
	if (*n > h->body_left)
		*n = (size_t)h->body_left;
	return *n < DIRECT_MIN ? NULL : mem;
}

void
h1_body_placed(struct h1 *h, size_t n)
{
	body_placed(&h->req->body, n);
	count(h, n);
}

bool
h1_body_done(const struct h1 *h)
{
	return h->chunk != NULL ? h->chunk->done : h->body_left == 0;
}

static ssize_t
take_by_length(struct h1 *h, struct str in)
{
	size_t n = body_put(&h->req->body, str_head(in, h->body_left));

	h->body_left -= n;
	return (ssize_t)n;
}

static int
check_total(const struct h1 *h, struct http_error *err)
{
	const struct proto_env *env = conn_env(h->conn);

	if (env->body_max == 0 || h->chunk->total <= env->body_max)
		return 0;
	*err = too_large;
	return -E_PROTOCOL;
}

/* One step of the decoder: bytes used, 0 when there is no room. */
static ssize_t
take_chunked(struct h1 *h, struct str in, struct http_error *err)
{
	struct str data = STR("");
	ssize_t n;

	n = h1_chunk_decode(h->chunk, in, body_room(&h->req->body), &data, err);
	if (n >= 0 && check_total(h, err) < 0)
		n = -E_PROTOCOL;
	if (n > 0)
		body_put(&h->req->body, data);
	return n;
}

ssize_t
h1_body_take(struct h1 *h, struct str in, struct http_error *err)
{
	size_t used = 0;
	ssize_t n = 1;

	while (n > 0 && used < in.len && !h1_body_done(h)) {
		if (h->chunk != NULL)
			n = take_chunked(h, str_tail(in, used), err);
		else
			n = take_by_length(h, str_tail(in, used));
		if (n < 0)
			return n;
		used += (size_t)n;
	}
	h->body_got += used;
	if (h1_body_done(h))
		body_set_complete(&h->req->body);
	return (ssize_t)used;
}

ssize_t
h1_body_drop(struct h1 *h, struct str in, struct http_error *err)
{
	struct str data;
	size_t used = 0;
	ssize_t n;

	if (h->chunk == NULL) {
		used = in.len < h->body_left ? in.len : (size_t)h->body_left;
		h->body_left -= used;
	}
	while (h->chunk != NULL && used < in.len && !h->chunk->done) {
		n = h1_chunk_decode(
		    h->chunk, str_tail(in, used), in.len, &data, err);
		if (n < 0)
			return n;
		used += (size_t)n;
	}
	h->drained += used;
	h->body_got += used;
	return (ssize_t)used;
}

bool
h1_body_collected(const struct h1 *h)
{
	size_t room = body_room(&h->req->body);

	/* The rest does not fit: a read for a few bytes is not worth it. */
	return room == 0 ||
	    (room <= h->req->body.size / 16 &&
		(h->chunk != NULL || h->body_left > room));
}

size_t
h1_body_want(const struct h1 *h)
{
	size_t room;

	if (h->body_failed || h1_body_done(h) || h1_body_collected(h))
		return 0;
	room = body_room(&h->req->body);
	return h->chunk != NULL || room < h->body_left ? room
						       : (size_t)h->body_left;
}

bool
h1_body_droppable(const struct h1 *h)
{
	if (h1_body_done(h))
		return true;
	if (h->body_failed || h->drained > H1_DRAIN_MAX)
		return false;
	/* Nobody knows whether a body that was not asked for will come. */
	if (h->req->expect_continue && !h->continued)
		return false;
	return h->chunk != NULL || h->body_left <= H1_DRAIN_MAX;
}
