/*
 * arbiter_control_show: what the control socket tells, with the names that
 * Gunicorn's own client looks for.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/escape.h"
#include "config/config.h"
#include "net/listener.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

/* It may serve before we are told; 0: it is not there yet. */
static pid_t
pid_of(const struct arbiter *a, const struct worker *w)
{
	return w->pid > 0 ? w->pid : atomic_load(&a->board->rows[w->row].pid);
}

/* One worker; all: with its kind, which only show all has. */
static int
put_worker(struct arbiter *a, const struct worker *w, bool all, struct buf *out)
{
	uint64_t ms = board_silence_ms(&a->board->rows[w->row], clock_ms());
	int rc = buf_printf(out,
	    "{\"pid\": %d, \"age\": %u, \"booted\": %s, \"draining\": %s, "
	    "\"last_heartbeat\": %llu.%02u",
	    (int)pid_of(a, w), w->age, w->ready ? "true" : "false",
	    w->draining ? "true" : "false", (unsigned long long)(ms / 1000),
	    (unsigned)(ms % 1000 / 10));

	if (rc < 0)
		return rc;
	if (all)
		return buf_put(out, STR(", \"type\": \"web\"}"));
	return buf_printf(
	    out, ", \"aborted\": %s}", w->aborted ? "true" : "false");
}

static int
put_workers(struct arbiter *a, bool all, unsigned *count, struct buf *out)
{
	struct list *n;
	int rc = buf_put(out, STR("["));

	*count = 0;
	for (n = a->workers.next; rc == 0 && n != &a->workers; n = n->next) {
		struct worker *w = LIST_OF(n, struct worker, node);

		if (pid_of(a, w) <= 0)
			continue; /* asked for */
		if ((*count)++ > 0)
			rc = buf_put(out, STR(", "));
		if (rc == 0)
			rc = put_worker(a, w, all, out);
	}
	return rc == 0 ? buf_put(out, STR("]")) : rc;
}

int
arbiter_control_show_workers(struct arbiter *a, struct buf *out)
{
	unsigned count;
	int rc = buf_put(out, STR("{\"workers\": "));

	if (rc == 0)
		rc = put_workers(a, false, &count, out);
	return rc == 0 ? buf_printf(out, ", \"count\": %u}", count) : rc;
}

/* Its workers only the dirty arbiter knows. */
int
arbiter_control_show_all(struct arbiter *a, struct buf *out)
{
	unsigned count;
	int rc = buf_printf(out,
	    "{\"arbiter\": {\"pid\": %d, \"type\": \"arbiter\", "
	    "\"role\": \"master\"}, \"web_workers\": ",
	    (int)getpid());

	if (rc == 0)
		rc = put_workers(a, true, &count, out);
	if (rc == 0)
		rc = buf_printf(out,
		    ", \"web_worker_count\": %u, \"dirty_arbiter\": ", count);
	if (rc == 0 && a->dirty.pid > 0)
		rc = buf_printf(out,
		    "{\"pid\": %d, \"type\": \"dirty_arbiter\", "
		    "\"role\": \"dirty master\"}",
		    (int)a->dirty.pid);
	else if (rc == 0)
		rc = buf_put(out, STR("null"));
	if (rc < 0)
		return rc;
	return buf_put(
	    out, STR(", \"dirty_workers\": [], \"dirty_worker_count\": null}"));
}

/*
 * "package.module:Name" or "package.module:Name:2". How many hold it is not
 * known here; the client would have it in a column.
 */
static int
put_app(const char *text, struct buf *out)
{
	struct str all = str_of(text), rest = all, name = str_cut(&rest, ':');
	struct str attribute = str_cut(&rest, ':');
	int rc = buf_put(out, STR("{\"import_path\": \""));

	all = str_head(all, name.len + 1 + attribute.len);
	if (rc == 0)
		rc = escape_put(out, all, ESCAPE_JSON);
	if (rc == 0)
		rc = buf_put(out, STR("\", \"worker_count\": "));
	if (rc == 0 && rest.len > 0)
		rc = buf_put(out, rest);
	else if (rc == 0)
		rc = buf_put(out, STR("null"));
	if (rc < 0)
		return rc;
	return buf_put(
	    out, STR(", \"current_workers\": \"?\", \"worker_pids\": []}"));
}

int
arbiter_control_show_dirty(struct arbiter *a, struct buf *out)
{
	const struct config *cfg = generation_config(a);
	bool on = a->dirty.pid > 0;
	int rc = on ? buf_printf(out, "{\"enabled\": true, \"pid\": %d, ",
			  (int)a->dirty.pid)
		    : buf_put(out, STR("{\"enabled\": false, \"pid\": null, "));

	if (rc == 0)
		rc = buf_put(out, STR("\"workers\": [], \"apps\": ["));
	for (unsigned i = 0;
	     rc == 0 && cfg != NULL && on && i < cfg->dirty_apps.n; i++) {
		if (i > 0)
			rc = buf_put(out, STR(", "));
		if (rc == 0)
			rc = put_app(cfg->dirty_apps.items[i], out);
	}
	return rc == 0 ? buf_put(out, STR("]}")) : rc;
}

static unsigned
n_workers(const struct arbiter *a)
{
	const struct list *n;
	unsigned count = 0;

	for (n = a->workers.next; n != &a->workers; n = n->next)
		count++;
	return count;
}

int
arbiter_control_show_stats(struct arbiter *a, struct buf *out)
{
	uint64_t ms = clock_ms() - atomic_load(&a->board->started_ms);
	char dirty[16] = "null";

	if (a->dirty.pid > 0)
		snprintf(dirty, sizeof(dirty), "%d", (int)a->dirty.pid);
	return buf_printf(out,
	    "{\"uptime\": %llu.%02u, \"pid\": %d, \"workers_current\": %u, "
	    "\"workers_ready\": %u, \"workers_target\": %u, "
	    "\"workers_spawned\": %llu, \"workers_killed\": %llu, "
	    "\"reloads\": %u, \"dirty_arbiter_pid\": %s}",
	    (unsigned long long)(ms / 1000), (unsigned)(ms % 1000 / 10),
	    (int)getpid(), n_workers(a),
	    (unsigned)atomic_load(&a->board->n_ready), a->n_workers,
	    (unsigned long long)a->n_spawned,
	    (unsigned long long)atomic_load(&a->board->n_restarts),
	    a->n_reloads, dirty);
}

int
arbiter_control_show_listeners(struct arbiter *a, struct buf *out)
{
	char text[LISTENER_TEXT_MAX];
	int rc = buf_put(out, STR("{\"listeners\": ["));

	for (unsigned i = 0; rc == 0 && i < a->n_listening; i++) {
		listener_text(a->listening[i].fd, text);
		rc = buf_put(out,
		    i > 0 ? STR(", {\"address\": \"")
			  : STR("{\"address\": \""));
		if (rc == 0)
			rc = escape_put(out, str_of(text), ESCAPE_JSON);
		if (rc == 0)
			rc = buf_printf(out,
			    "\", \"fd\": %d, \"type\": \"%s\"}",
			    a->listening[i].fd,
			    strncmp(text, "unix:", 5) == 0 ? "unix" : "tcp");
	}
	return rc == 0 ? buf_printf(out, "], \"count\": %u}", a->n_listening)
		       : rc;
}

int
arbiter_control_show_config(struct arbiter *a, struct buf *out)
{
	const struct generation *g = a->current;

	if (g == NULL || g->config == NULL)
		g = a->candidate;
	if (g == NULL || buf_len(&g->shown) == 0)
		return -E_NOT_FOUND;
	return buf_put(out, buf_str(&g->shown));
}
