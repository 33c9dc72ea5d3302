/*
 * request: birth, end and lookups of a request.
 */
#include "http/request.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/poison.h"
#include "http/http_field.h"

#include "base/banned.h"

/*
 * Requests that this thread has done with, for its next ones; as many as one
 * batch of events may bring.
 */
#define SPARE_MAX 64
static _Thread_local struct {
	struct request *all[SPARE_MAX];
	unsigned n;
} spare;

struct request *
request_create(
    struct stream *stream, const struct config *cfg, size_t arena_max)
{
	struct request *req =
	    spare.n > 0 ? spare.all[--spare.n] : malloc(sizeof *req);

	if (req == NULL)
		return NULL;
	poison_clear(req, sizeof *req);
	memset(req, 0, sizeof *req);
	list_init(&req->ready);
	arena_init(&req->arena, arena_max);
	req->stream = stream;
	req->cfg = cfg;
	req->content_length = -1;
	req->response.length = -1;
	atomic_init(&req->body.put, 0);
	atomic_init(&req->body.got, 0);
	atomic_init(&req->body.complete, false);
	atomic_init(&req->end, REQUEST_GOES_ON);
	atomic_init(&req->given_up, 0);
	return req;
}

void
request_destroy(struct request *req)
{
	if (req == NULL)
		return;
	CHECK(list_empty(&req->ready));
	body_finish(&req->body);
	arena_finish(&req->arena);
	if (spare.n == SPARE_MAX) {
		free(req);
		return;
	}
	spare.all[spare.n++] = req;
	poison_set(req, sizeof *req);
}

const struct field *
request_field(const struct request *req, struct str name)
{
	unsigned i;

	for (i = 0; i < req->n_fields; i++)
		if (str_eq_nocase(req->fields[i].name, name))
			return &req->fields[i];
	return NULL;
}

void
request_set_end(struct request *req, enum request_end why)
{
	enum request_end expected = REQUEST_GOES_ON;

	/* Fails when there is a reason already: the first one stays. */
	atomic_compare_exchange_strong_explicit(&req->end, &expected, why,
	    memory_order_acq_rel, memory_order_acquire);
}
