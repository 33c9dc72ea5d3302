/*
 * worker_sync: one application slot, the worker's main thread. It holds the
 * reactor always; between turns it runs what became ready, one after the
 * other, with the GIL. Run by sync workers; it starts no thread.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "board/board.h"
#include "config/config.h"
#include "net/reactor.h"
#include "python/python_gil.h"
#include "role/heritage.h"

#include "worker/worker_class.h"
#include "worker/worker_forks.h"
#include "worker/worker_signals.h"

#include "base/banned.h"

/* How long a wait turns the reactor at a time; its timers may be later. */
#define WAIT_TURN_MS 1000

struct worker_sync {
	struct executor executor;
	struct worker_process *w;
	struct board_row *row;
	struct board_slot *slot; /* of row */
};

static struct worker_sync *
sync_from(struct executor *e)
{
	return (struct worker_sync *)(void *)e;
}

static int
start(struct executor *e)
{
	struct worker_sync *s = sync_from(e);
	struct heritage *h = s->w->h;

	s->row = &h->board->rows[h->row];
	s->slot = &s->row->slots[0];
	return 0;
}

static void
run(struct worker_sync *s, struct request *req)
{
	int rc;

	req->executor = &s->executor;
	board_call_begin(s->slot, req->method, req->target);
	/* It has answered, or cut, the request whatever it returns. */
	rc = s->w->gateway->start(s->w->app, req);
	if (worker_forks_is_child())
		_exit(0); /* what the server has is its parent's */
	board_call_end(s->slot);
	atomic_fetch_add(&s->row->n_requests, 1);
	if (rc == -E_EXIT)
		worker_signals_leave();
}

static int
ready(struct executor *e)
{
	struct worker_sync *s = sync_from(e);
	struct list *node;
	int n = 0;

	if (!reactor_has_ready(s->w->reactor))
		return 0;
	python_gil_take();
	while ((node = reactor_take_ready(s->w->reactor)) != NULL) {
		run(s, request_from_ready(node));
		n++;
	}
	python_gil_drop();
	return n;
}

/* What of events is true of req now. */
static unsigned
happened(struct request *req, unsigned events)
{
	unsigned set = 0;

	if (request_ended(req) != REQUEST_GOES_ON)
		set |= EXECUTOR_END;
	if ((events & EXECUTOR_BODY) &&
	    (body_complete(&req->body) || body_peek(&req->body).len > 0))
		set |= EXECUTOR_BODY;
	if ((events & EXECUTOR_ROOM) && req->stream->ops->room(req->stream) > 0)
		set |= EXECUTOR_ROOM;
	return set;
}

static unsigned
wait_for(struct executor *e, struct request *req, unsigned events)
{
	struct worker_sync *s = sync_from(e);
	unsigned set;

	set = happened(req, events);
	if (set != 0)
		return set;
	/* Nobody is here for a new connection: a sibling may be. */
	if (s->w->cfg->workers > 1)
		reactor_accept_enable(s->w->reactor, false);
	while ((set = happened(req, events)) == 0)
		reactor_turn(s->w->reactor, WAIT_TURN_MS);
	reactor_accept_enable(s->w->reactor, true);
	return set;
}

static void
wake(struct executor *e, struct request *req)
{
	(void)e; /* the only thread that waits is the one that turns */
	(void)req;
}

static int
post(struct executor *e, void (*fn)(void *), void *arg)
{
	(void)e;
	python_gil_take();
	fn(arg);
	python_gil_drop();
	return 0;
}

static void
stop(struct executor *e, unsigned graceful_ms)
{
	(void)e; /* between turns no call runs */
	(void)graceful_ms;
}

static const struct executor_ops sync_ops = {
	.name = "sync",
	.start = start,
	.ready = ready,
	.wait = wait_for,
	.wake = wake,
	.post = post,
	.stop = stop,
};

struct executor *
worker_sync_create(struct worker_process *w)
{
	struct worker_sync *s;

	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->executor.ops = &sync_ops;
	s->w = w;
	return &s->executor;
}
