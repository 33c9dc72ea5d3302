/*
 * arbiter_control_act: what the control socket changes: as a signal would.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/log.h"

#include "arbiter/arbiter_control_request.h"
#include "arbiter/arbiter_state.h"
#include "base/banned.h"

/* Two of the same signal at once would be one. */
#define DIRTY_APART_MS 100

void
arbiter_control_dirty_tick(struct arbiter *a, uint64_t now)
{
	struct arbiter_control *c = &a->control;

	if (a->dirty.pid <= 0 || a->stop != STOP_NONE)
		c->dirty_more = 0;
	if (c->dirty_more == 0 || now < c->dirty_next_ms)
		return;
	c->dirty_next_ms = now + DIRTY_APART_MS;
	kill(a->dirty.pid, c->dirty_more > 0 ? SIGTTIN : SIGTTOU);
	c->dirty_more += c->dirty_more > 0 ? -1 : 1;
}

static int
refuse(struct control_request *r, const char *why)
{
	snprintf(r->error, sizeof(r->error), "%s: %s", r->text, why);
	return -E_BAD_VALUE;
}

/* At least one stays, as with TTOU; no more than there is room for. */
static int
want_more(struct arbiter *a, const struct control_request *r, struct buf *out)
{
	unsigned before = a->n_workers, n = before;
	bool more = r->name == CONTROL_WORKER_ADD;

	if (more)
		n = r->number > ARBITER_WORKERS_MAX - before
		    ? ARBITER_WORKERS_MAX
		    : before + r->number;
	else if (before > 0)
		n = before > r->number ? before - r->number : 1;
	if (n != before)
		arbiter_signals_want(a, n);
	return buf_printf(out, "{\"%s\": %u, \"previous\": %u, \"total\": %u}",
	    more ? "added" : "removed", more ? n - before : before - n, before,
	    n);
}

static int
let_go(struct arbiter *a, struct control_request *r, struct buf *out)
{
	struct worker *w = workers_by_pid(a, (pid_t)r->number);

	if (w == NULL)
		return refuse(
		    r, "no worker has that pid; \"show workers\" lists them");
	if (!w->draining) /* else it would have its time again */
		workers_drain(w);
	return buf_printf(
	    out, "{\"success\": true, \"killed\": %u}", r->number);
}

static int
want_dirty(struct arbiter *a, struct control_request *r, struct buf *out)
{
	bool more = r->name == CONTROL_DIRTY_ADD;
	int n = (int)r->number, *left = &a->control.dirty_more;

	if (a->dirty.pid <= 0)
		return refuse(r,
		    "there is no dirty arbiter; it takes dirty_apps and "
		    "dirty_workers");
	if (*left > CONTROL_WORKERS_MAX || *left < -CONTROL_WORKERS_MAX)
		return refuse(r, "too many are on their way; try again later");
	*left += more ? n : -n;
	return buf_printf(out,
	    "{\"success\": true, \"operation\": \"%s\", \"requested\": %d}",
	    more ? "add" : "remove", n);
}

/* An order: it is logged who gave it. */
static int
act(struct arbiter *a, const struct arbiter_control_client *k,
    struct control_request *r, struct buf *out)
{
	if (a->stop != STOP_NONE && r->name != CONTROL_SHUTDOWN)
		return refuse(r, "the server is stopping");
	log_event(EV_ARBITER_CONTROL, r->text, (int)k->pid, (unsigned)k->uid);
	switch (r->name) {
	case CONTROL_WORKER_ADD:
	case CONTROL_WORKER_REMOVE:
		return want_more(a, r, out);
	case CONTROL_WORKER_KILL:
		return let_go(a, r, out);
	case CONTROL_DIRTY_ADD:
	case CONTROL_DIRTY_REMOVE:
		return want_dirty(a, r, out);
	case CONTROL_RELOAD:
		arbiter_signals_act(a, SIGHUP);
		return buf_put(out, STR("{\"status\": \"reloading\"}"));
	case CONTROL_REOPEN:
		arbiter_signals_act(a, SIGUSR1);
		return buf_put(out, STR("{\"status\": \"reopening\"}"));
	default:
		arbiter_signals_act(a, r->quick ? SIGINT : SIGTERM);
		return buf_printf(out,
		    "{\"status\": \"shutting_down\", \"mode\": \"%s\"}",
		    r->quick ? "quick" : "graceful");
	}
}

static int
run(struct arbiter *a, const struct arbiter_control_client *k,
    struct control_request *r, struct buf *out)
{
	int rc;

	switch (r->name) {
	case CONTROL_SHOW_ALL:
		return arbiter_control_show_all(a, out);
	case CONTROL_SHOW_WORKERS:
		return arbiter_control_show_workers(a, out);
	case CONTROL_SHOW_DIRTY:
		return arbiter_control_show_dirty(a, out);
	case CONTROL_SHOW_CONFIG:
		rc = arbiter_control_show_config(a, out);
		return rc == -E_NOT_FOUND
		    ? refuse(r, "not known yet; try again")
		    : rc;
	case CONTROL_SHOW_STATS:
		return arbiter_control_show_stats(a, out);
	case CONTROL_SHOW_LISTENERS:
		return arbiter_control_show_listeners(a, out);
	case CONTROL_HELP:
		return control_request_help(out);
	default:
		return act(a, k, r, out);
	}
}

static int
put_error(const struct control_request *r, struct buf *out)
{
	int rc = buf_printf(
	    out, "{\"id\": %s, \"status\": \"error\", \"error\": \"", r->id);

	if (rc == 0)
		rc = escape_put(out, str_of(r->error), ESCAPE_JSON);
	return rc == 0 ? buf_put(out, STR("\"}")) : rc;
}

/* Its text as a message, which waits in out. */
static int
finish(struct buf *out)
{
	if (buf_len(out) < CONTROL_HEAD)
		return -E_PROTOCOL;
	control_put_length(out->mem + out->start, buf_len(out) - CONTROL_HEAD);
	return 0;
}

static int
answer_error(const struct control_request *r, struct buf *out)
{
	char head[CONTROL_HEAD] = { 0 };
	int rc = buf_put(out, (struct str){ head, sizeof(head) });

	if (rc == 0)
		rc = put_error(r, out);
	return rc == 0 ? finish(out) : rc;
}

int
arbiter_control_too_long(struct buf *out)
{
	struct control_request r = { .id = "null" };

	snprintf(r.error, sizeof(r.error),
	    "request: longer than %u bytes; \"help\" lists what there is",
	    CONTROL_REQUEST_MAX);
	return answer_error(&r, out);
}

int
arbiter_control_answer(
    struct arbiter *a, struct arbiter_control_client *k, struct str message)
{
	char head[CONTROL_HEAD] = { 0 };
	struct control_request r;
	struct buf *out = &k->out;
	int rc = control_request_read(message, &r);

	if (rc < 0)
		return answer_error(&r, out);
	rc = buf_put(out, (struct str){ head, sizeof(head) });
	if (rc == 0)
		rc = buf_printf(
		    out, "{\"id\": %s, \"status\": \"ok\", \"data\": ", r.id);
	if (rc == 0)
		rc = run(a, k, &r, out);
	if (rc == -E_BAD_VALUE) {
		buf_used(out, buf_len(out));
		return answer_error(&r, out);
	}
	if (rc == 0)
		rc = buf_put(out, STR("}"));
	return rc == 0 ? finish(out) : rc;
}
