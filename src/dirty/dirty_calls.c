/*
 * Calls: from a caller's request to the one answer that it gets. Run by the
 * dirty arbiter. A call whose caller has left goes on being known until its
 * worker is done with it, since it takes one of the worker's threads.
 */
#include "dirty/dirty_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "sys/signals.h"

#include "base/banned.h"

#define OUT_BUSY ((size_t)1 << 20) /* a worker that has so much to read yet */

/* --- the end of a call --- */

static void
unqueue(struct dirty_router *r, struct dirty_call *call)
{
	list_remove(&call->node);
	r->n_queued--;
	r->queued_bytes -= call->len;
}

static void
destroy(struct dirty_router *r, struct dirty_call *call)
{
	if (call->worker != NULL) {
		list_remove(&call->node);
		call->worker->n_calls--;
	} else {
		unqueue(r, call);
	}
	list_remove(&call->of_conn);
	dirty_table_remove(&r->calls, call->id);
	free(call->held);
	free(call);
}

/* Nobody waits for it any more. */
static void
detach(struct dirty_call *call)
{
	list_remove(&call->of_conn);
	call->conn = NULL;
}

/* It is over; what its caller is to read is in out. */
static void
finish(struct dirty_router *r, struct dirty_call *call)
{
	struct dirty_conn *c = call->conn;
	bool lies_there = call->worker == NULL && c != NULL && !c->is_link;
	size_t len = call->len;

	destroy(r, call);
	if (c == NULL)
		return;
	if (lies_there)
		buf_used(&c->in, len);
	dirty_callers_done(r, c);
}

/* Its caller is told why not, whatever its worker says later. */
static void
tell(struct dirty_call *call, const char *error, const char *message,
    const struct dirty_detail *details)
{
	/* No room: its connection ends, and it knows, too. */
	if (call->conn != NULL &&
	    dirty_answer_error(
		&call->conn->out, &call->caller, error, message, details) < 0)
		call->conn->closing = true;
}

static void
fail(struct dirty_router *r, struct dirty_call *call, const char *error,
    const char *message, const struct dirty_detail *details)
{
	tell(call, error, message, details);
	finish(r, call);
}

static void
fail_without_worker(struct dirty_router *r, struct dirty_call *call)
{
	char text[400];
	struct dirty_detail details[] = {
		{ .name = "app_path", .text = call->app->path },
		{ .name = NULL },
	};

	snprintf(text, sizeof(text), "No workers available for app: %.*s",
	    STR_ARG(str_head(call->app->path, 300)));
	fail(r, call, "DirtyNoWorkersAvailableError", text, details);
}

static void
fail_timed_out(
    struct dirty_router *r, struct dirty_call *call, const char *text)
{
	struct dirty_detail details[] = {
		{ .name = "timeout",
		    .number = (double)r->cfg->dirty_timeout / 1000 },
		{ .name = NULL },
	};

	tell(call, "DirtyTimeoutError", text, details);
	if (call->worker == NULL) {
		finish(r, call);
		return;
	}
	/* Its worker has to end; until then the call takes its thread. */
	if (call->conn != NULL) {
		struct dirty_conn *c = call->conn;

		detach(call);
		dirty_callers_done(r, c);
	}
}

void
dirty_calls_abandon(struct dirty_router *r, struct dirty_call *call)
{
	detach(call);
	if (call->worker == NULL) {
		destroy(r, call);
		return;
	}
	(void)dirty_pool_send(r, call->worker, DIRTY_CANCEL, DIRTY_BINARY,
	    call->id, (struct str){ NULL, 0 });
}

static const char *
death(const struct dirty_worker *w, const struct child_end *e, char *dst,
    size_t size)
{
	if (w->overdue)
		snprintf(dst, size,
		    "Worker %d was ended: another call in it had run for "
		    "longer than dirty_timeout",
		    (int)w->pid);
	else if (e->sig != 0)
		snprintf(dst, size, "Worker %d was ended by %s", (int)w->pid,
		    signals_name(e->sig));
	else
		snprintf(dst, size, "Worker %d has ended with status %d",
		    (int)w->pid, e->status);
	return dst;
}

void
dirty_calls_lost(
    struct dirty_router *r, struct dirty_worker *w, const struct child_end *e)
{
	struct dirty_detail details[] = {
		{ .name = "worker_id", .number = (double)w->pid },
		{ .name = NULL },
	};
	struct list *n, *next;
	char text[160];

	death(w, e, text, sizeof(text));
	for (n = w->calls.next; n != &w->calls; n = next) {
		next = n->next;
		fail(r, LIST_OF(n, struct dirty_call, node), "DirtyWorkerError",
		    text, details);
	}
}

/* --- the beginning --- */

static void
refuse(struct dirty_conn *c, const struct dirty_frame *f,
    const struct dirty_route *rt, size_t len, const char *error,
    const char *message)
{
	struct dirty_detail details[] = {
		{ .name = "app_path", .text = str_head(rt->app_path, 300) },
		{ .name = NULL },
	};
	struct dirty_caller caller;

	dirty_caller_set(&caller, f, rt);
	if (dirty_answer_error(&c->out, &caller, error, message, details) < 0)
		c->closing = true;
	if (!c->is_link)
		buf_used(&c->in, len);
}

static void
enqueue(struct dirty_router *r, struct dirty_call *call)
{
	list_append(&call->app->queue, &call->node);
	r->n_queued++;
	r->queued_bytes += call->len;
}

/* A new call that waits; NULL: no memory. */
static struct dirty_call *
create(struct dirty_router *r, struct dirty_conn *c,
    const struct dirty_frame *f, const struct dirty_route *rt, size_t len)
{
	struct dirty_call *call = calloc(1, sizeof(*call));

	if (call == NULL)
		return NULL;
	call->id = dirty_table_add(&r->calls, call);
	if (call->id == 0) {
		free(call);
		return NULL;
	}
	dirty_caller_set(&call->caller, f, rt);
	call->conn = c;
	list_append(&c->calls, &call->of_conn);
	call->payload = f->payload;
	call->len = len;
	call->seq = ++r->last_seq;
	call->since_ms = clock_ms();
	return call;
}

/* It waits, and its link's buffer does not. */
static void
hold(struct dirty_router *r, struct dirty_call *call)
{
	call->held = malloc(call->payload.len);
	if (call->held == NULL) {
		fail(r, call, "DirtyError", "Out of memory", NULL);
		return;
	}
	memcpy(call->held, call->payload.ptr, call->payload.len);
	call->payload.ptr = call->held;
}

void
dirty_calls_start(struct dirty_router *r, struct dirty_conn *c,
    const struct dirty_frame *f, const struct dirty_route *rt)
{
	struct dirty_app *app =
	    dirty_apps_find(r->apps, r->n_apps, rt->app_path);
	size_t len = c->is_link
	    ? f->payload.len
	    : (size_t)(f->payload.ptr + f->payload.len - buf_str(&c->in).ptr);
	struct dirty_call *call;
	uint64_t id;
	char text[400];

	if (app == NULL || !dirty_pool_may_hold(r, app)) {
		snprintf(text, sizeof(text),
		    "No workers available for app: %.*s",
		    STR_ARG(str_head(rt->app_path, 300)));
		refuse(c, f, rt, len, "DirtyNoWorkersAvailableError", text);
		return;
	}
	if (r->n_queued >= r->cfg->dirty_max_queue ||
	    r->queued_bytes + len > DIRTY_QUEUED_MAX) {
		snprintf(text, sizeof(text),
		    "Too many calls wait for workers: %u (dirty_max_queue)",
		    r->n_queued);
		refuse(c, f, rt, len, "DirtyError", text);
		return;
	}
	call = create(r, c, f, rt, len);
	if (call == NULL) {
		refuse(c, f, rt, len, "DirtyError", "Out of memory");
		return;
	}
	call->app = app;
	id = call->id;
	enqueue(r, call);
	dirty_calls_dispatch(r);
	call = dirty_table_get(&r->calls, id);
	if (call != NULL && call->worker == NULL && c->is_link)
		hold(r, call);
}

/* --- to a worker --- */

static bool
is_free(const struct dirty_router *r, const struct dirty_worker *w,
    const struct dirty_app *app)
{
	return w->state == DIRTY_WORKER_READY && w->fd >= 0 &&
	    w->apps.has[app - r->apps] && w->n_calls < r->cfg->dirty_threads &&
	    buf_len(&w->out) < OUT_BUSY;
}

/* The next one, in turn, that has time; or NULL. */
static struct dirty_worker *
pick(const struct dirty_router *r, const struct dirty_app *app)
{
	struct dirty_worker *first = NULL;
	struct list *n;

	for (n = r->pool.next; n != &r->pool; n = n->next) {
		struct dirty_worker *w = LIST_OF(n, struct dirty_worker, node);

		if (!is_free(r, w, app))
			continue;
		if (w->age > app->last_age)
			return w;
		if (first == NULL)
			first = w;
	}
	return first;
}

static void
hand_over(
    struct dirty_router *r, struct dirty_call *call, struct dirty_worker *w)
{
	struct dirty_conn *c = call->conn;
	struct str payload = call->payload;
	int rc;

	unqueue(r, call);
	call->app->last_age = w->age;
	call->worker = w;
	call->since_ms = clock_ms();
	list_append(&w->calls, &call->node);
	w->n_calls++;
	rc = dirty_pool_send(r, w, DIRTY_REQUEST,
	    call->caller.format == DIRTY_JSON ? DIRTY_JSON : DIRTY_BINARY,
	    call->id, payload);
	free(call->held);
	call->held = NULL;
	if (!c->is_link)
		buf_used(&c->in, call->len);
	if (rc < 0)
		fail(r, call, "DirtyError", error_text(rc), NULL);
}

/* The first that waits for app, but for those whose process reads nothing. */
static struct dirty_call *
first_of(const struct dirty_app *app)
{
	struct list *n;

	for (n = app->queue.next; n != &app->queue; n = n->next) {
		struct dirty_call *call = LIST_OF(n, struct dirty_call, node);

		if (buf_len(&call->conn->out) < OUT_BUSY)
			return call;
	}
	return NULL;
}

/* The application whose first call has waited longest and can be run now. */
static struct dirty_call *
oldest(struct dirty_router *r, struct dirty_worker **w)
{
	struct dirty_call *best = NULL;

	for (unsigned i = 0; i < r->n_apps; i++) {
		struct dirty_app *app = &r->apps[i];
		struct dirty_worker *free_one;
		struct dirty_call *call = first_of(app);

		if (call == NULL || (best != NULL && best->seq < call->seq))
			continue;
		free_one = pick(r, app);
		if (free_one == NULL)
			continue;
		best = call;
		*w = free_one;
	}
	return best;
}

void
dirty_calls_dispatch(struct dirty_router *r)
{
	struct dirty_worker *w = NULL;
	struct dirty_call *call;

	while (r->n_queued > 0 && (call = oldest(r, &w)) != NULL)
		hand_over(r, call, w);
}

/* --- from a worker --- */

void
dirty_calls_credit(struct dirty_router *r, struct dirty_call *call, size_t size)
{
	uint64_t n = size == 0 || size > call->owed ? call->owed : size;

	if (n == 0 || call->worker == NULL)
		return;
	call->owed -= n;
	call->since_ms = clock_ms();
	(void)dirty_pool_send(r, call->worker, DIRTY_CREDIT, DIRTY_BINARY,
	    call->id, (struct str){ (const char *)&n, sizeof(n) });
}

static void
on_chunk(struct dirty_router *r, struct dirty_call *call,
    const struct dirty_envelope *e, struct str payload)
{
	call->since_ms = clock_ms();
	call->owed += payload.len;
	if (call->conn == NULL)
		return;
	dirty_callers_forward(r, call, e, payload);
	if (call->conn != NULL)
		dirty_callers_flush(r, call->conn);
}

void
dirty_calls_on_message(struct dirty_router *r, struct dirty_worker *w,
    const struct dirty_envelope *e, struct str payload)
{
	struct dirty_call *call = dirty_table_get(&r->calls, e->id);

	if (call == NULL || call->worker != w)
		return; /* it was over before */
	if (e->type == DIRTY_CHUNK) {
		on_chunk(r, call, e, payload);
		return;
	}
	if (call->conn != NULL && e->type != DIRTY_DONE)
		dirty_callers_forward(r, call, e, payload);
	finish(r, call);
	dirty_calls_dispatch(r);
}

/* --- time --- */

static void
look_at(struct dirty_router *r, struct dirty_call *call, uint64_t now)
{
	uint64_t limit = r->cfg->dirty_timeout;

	if (call->worker == NULL && !dirty_pool_may_hold(r, call->app)) {
		fail_without_worker(r, call);
		return;
	}
	if (limit == 0 || now < call->since_ms + limit)
		return;
	if (call->worker == NULL) {
		fail_timed_out(r, call, "No worker was free in time");
		return;
	}
	if (call->owed >= DIRTY_WINDOW || call->worker->overdue)
		return; /* it waits for its caller; or it is said already */
	dirty_pool_overdue(r, call->worker);
	fail_timed_out(r, call, "Worker timeout");
}

void
dirty_calls_tick(struct dirty_router *r, uint64_t now)
{
	struct dirty_call *call;
	unsigned at = 0;

	while ((call = dirty_table_next(&r->calls, &at)) != NULL)
		look_at(r, call, now);
	dirty_calls_dispatch(r);
}
