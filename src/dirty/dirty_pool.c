/*
 * Dirty workers: as many as wanted, each with its applications. Run by the
 * dirty arbiter, whose children they are, though its template forks them.
 */
#include "dirty/dirty_state.h"

#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "board/board.h"
#include "role/role.h"
#include "sys/fd.h"
#include "sys/poller.h"
#include "sys/signals.h"
#include "sys/sock.h"

#include "base/banned.h"

#define READ_LEN ((size_t)64 << 10)
#define READS_MAX 64
#define ABORT_MS 1000 /* from ABRT to KILL */
#define AGAIN_MS 500ull
#define BOOT_DEATHS_MAX 3 /* then its applications count as down */

static struct dirty_worker *
worker_at(struct list *node)
{
	return LIST_OF(node, struct dirty_worker, node);
}

/* --- what its applications are --- */

static void
hold(struct dirty_router *r, const struct dirty_worker *w, int by)
{
	for (unsigned i = 0; i < r->n_apps; i++)
		if (w->apps.has[i])
			r->apps[i].n_holders += (unsigned)by;
}

static void
be_ready(struct dirty_router *r, const struct dirty_worker *w, int by)
{
	for (unsigned i = 0; i < r->n_apps; i++)
		if (w->apps.has[i])
			r->apps[i].n_ready += (unsigned)by;
}

bool
dirty_pool_may_hold(const struct dirty_router *r, const struct dirty_app *app)
{
	if (app->n_ready > 0)
		return true;
	return !r->stopping && r->n_boot_deaths < BOOT_DEATHS_MAX &&
	    app->n_failures < BOOT_DEATHS_MAX && r->n_wanted > 0;
}

/* Every application has somebody who runs it: who waits for us may go on. */
static void
look_whether_ready(struct dirty_router *r)
{
	for (unsigned i = 0; i < r->n_apps; i++)
		if (r->apps[i].n_ready == 0)
			return;
	if (atomic_load(&r->server_board->rows[r->server_row].state) ==
	    BOARD_BOOTING)
		board_set_state(r->server_board, r->server_row, BOARD_READY);
}

/* --- its link --- */

static void
close_link(struct dirty_router *r, struct dirty_worker *w)
{
	if (w->fd < 0)
		return;
	poller_remove(r->poller, w->fd);
	fd_close(w->fd);
	w->fd = -1;
}

static void
leave(struct dirty_router *r, struct dirty_worker *w)
{
	if (w->state == DIRTY_WORKER_READY)
		be_ready(r, w, -1);
	w->state = DIRTY_WORKER_LEAVING;
}

/* It does not talk sense, or does not talk any more. */
static void
give_up(struct dirty_router *r, struct dirty_worker *w)
{
	leave(r, w);
	close_link(r, w);
	if (w->kill_ms == 0)
		w->kill_ms = clock_ms() + ABORT_MS;
}

static void
flush(struct dirty_router *r, struct dirty_worker *w)
{
	bool wants;
	ssize_t n;

	while (w->fd >= 0 && buf_len(&w->out) > 0) {
		n = sock_send(w->fd, buf_str(&w->out), false);
		if (n == -E_AGAIN)
			break;
		if (n < 0)
			return; /* its end comes by SIGCHLD */
		buf_used(&w->out, (size_t)n);
	}
	wants = buf_len(&w->out) > 0;
	if (w->fd < 0 || wants == w->watches_out)
		return;
	w->watches_out = wants;
	(void)poller_change(
	    r->poller, w->fd, POLLER_IN | (wants ? POLLER_OUT : 0), w->id);
}

int
dirty_pool_send(struct dirty_router *r, struct dirty_worker *w,
    enum dirty_type type, enum dirty_format format, uint64_t id,
    struct str payload)
{
	struct dirty_envelope e = { .len = (uint32_t)payload.len,
		.type = (uint8_t)type,
		.format = (uint8_t)format,
		.id = id };
	int rc;

	if (w->fd < 0)
		return -E_GONE;
	rc = buf_put(&w->out, (struct str){ (const char *)&e, sizeof(e) });
	if (rc == 0 && payload.len > 0) {
		rc = buf_put(&w->out, payload);
		if (rc < 0)
			w->out.end -= sizeof(e);
	}
	if (rc == 0)
		flush(r, w);
	return rc;
}

static int
send_stop(struct dirty_router *r, struct dirty_worker *w)
{
	return dirty_pool_send(
	    r, w, DIRTY_STOP, DIRTY_BINARY, 0, (struct str){ NULL, 0 });
}

static void
on_ready(struct dirty_router *r, struct dirty_worker *w)
{
	if (w->state != DIRTY_WORKER_BOOTING)
		return;
	w->state = DIRTY_WORKER_READY;
	w->was_ready = true;
	be_ready(r, w, 1);
	look_whether_ready(r);
	dirty_calls_dispatch(r);
	dirty_boot_on_ready(r, w);
}

static void
on_message(struct dirty_router *r, struct dirty_worker *w,
    const struct dirty_envelope *e, struct str payload)
{
	switch (e->type) {
	case DIRTY_HELLO:
		dirty_boot_on_hello(r, payload);
		return;
	case DIRTY_MAKING:
		dirty_boot_on_making(r, w, payload);
		return;
	case DIRTY_READY:
		on_ready(r, w);
		return;
	case DIRTY_LEAVING:
		leave(r, w);
		(void)send_stop(r, w);
		return;
	case DIRTY_RESPONSE:
	case DIRTY_ERROR:
	case DIRTY_CHUNK:
	case DIRTY_END:
	case DIRTY_DONE:
		dirty_calls_on_message(r, w, e, payload);
		return;
	default:
		give_up(r, w);
	}
}

static void
take_messages(struct dirty_router *r, struct dirty_worker *w)
{
	struct dirty_envelope e;
	struct str in;

	for (;;) {
		in = buf_str(&w->in);
		if (in.len < sizeof(e))
			return;
		memcpy(&e, in.ptr, sizeof(e));
		if (e.len > DIRTY_PAYLOAD_MAX) {
			give_up(r, w);
			return;
		}
		if (in.len < sizeof(e) + e.len)
			return;
		on_message(r, w, &e, (struct str){ in.ptr + sizeof(e), e.len });
		buf_used(&w->in, sizeof(e) + e.len);
	}
}

/* How much to make room for: all of a message whose envelope is there. */
static size_t
wanted(const struct dirty_worker *w)
{
	struct str in = buf_str(&w->in);
	struct dirty_envelope e;

	if (in.len < sizeof(e))
		return READ_LEN;
	memcpy(&e, in.ptr, sizeof(e));
	if (sizeof(e) + e.len < in.len + READ_LEN)
		return READ_LEN;
	return sizeof(e) + e.len - in.len;
}

/* Reads what there is. false: there will be no more. */
static bool
read_some(struct dirty_router *r, struct dirty_worker *w)
{
	ssize_t n;

	for (unsigned i = 0; i < READS_MAX && w->fd >= 0; i++) {
		char *room = buf_reserve(&w->in, wanted(w));
		size_t most = buf_room(&w->in);

		if (room == NULL)
			return false;
		n = sock_recv(w->fd, room, most);
		if (n == -E_AGAIN)
			return true;
		if (n < 0)
			return false;
		buf_added(&w->in, (size_t)n);
		take_messages(r, w);
		if ((size_t)n < most && buf_len(&w->in) == 0)
			return true; /* that was all */
	}
	return true;
}

void
dirty_pool_on_event(
    struct dirty_router *r, struct dirty_worker *w, unsigned events)
{
	if ((events & POLLER_OUT) != 0) {
		flush(r, w);
		dirty_calls_dispatch(r);
	}
	if ((events & ~(unsigned)POLLER_OUT) != 0 && !read_some(r, w))
		give_up(r, w);
}

/* --- its death --- */

static void
destroy(struct dirty_router *r, struct dirty_worker *w)
{
	leave(r, w);
	hold(r, w, -1);
	close_link(r, w);
	list_remove(&w->node);
	r->n_alive--;
	dirty_table_remove(&r->workers, w->id);
	board_free_row(r->board, w->row);
	dirty_buf_finish(&w->in);
	dirty_buf_finish(&w->out);
	free(w);
}

/* Its successor gets what it had. */
static void
bequeath(struct dirty_router *r, const struct dirty_apps_set *apps)
{
	if (r->n_heirs < sizeof(r->heirs) / sizeof(r->heirs[0]))
		r->heirs[r->n_heirs++] = *apps;
}

static struct dirty_worker *
by_pid(struct dirty_router *r, pid_t pid)
{
	struct list *n;

	for (n = r->pool.next; n != &r->pool; n = n->next) {
		struct dirty_worker *w = worker_at(n);

		/* The first thing that it does is to write its pid there. */
		if (w->pid == 0 &&
		    atomic_load(&r->board->rows[w->row].pid) == pid)
			w->pid = pid;
		if (w->pid == pid)
			return w;
	}
	return NULL;
}

static void
end(struct dirty_router *r, struct dirty_worker *w, const struct child_end *e)
{
	if (w->fd >= 0)
		(void)read_some(r, w); /* what it said last */
	if (!w->told && !w->overdue && !r->stopping && e->sig != 0)
		log_event(EV_DIRTY_WORKER_SIGNALLED, (int)w->pid,
		    signals_name(e->sig));
	leave(r, w);
	if (!w->told && !w->probe && !r->stopping)
		bequeath(r, &w->apps);
	if (!w->was_ready && !w->told && !r->stopping)
		dirty_boot_on_death(r, w);
	close_link(r, w);
	dirty_calls_lost(r, w, e);
	dirty_parent_tell_exit(r, w->age, w->pid);
	destroy(r, w);
}

bool
dirty_pool_on_exit(struct dirty_router *r, const struct child_end *e)
{
	struct dirty_worker *w = by_pid(r, e->pid);

	if (w != NULL)
		end(r, w, e);
	return w != NULL;
}

void
dirty_pool_overdue(struct dirty_router *r, struct dirty_worker *w)
{
	log_event(EV_DIRTY_WORKER_TIMEOUT, (int)w->pid);
	w->overdue = true;
	leave(r, w);
	w->kill_ms = clock_ms() + ABORT_MS;
	if (w->pid > 0)
		kill(w->pid, SIGABRT); /* it writes its threads' stacks */
}

void
dirty_pool_signal(struct dirty_router *r, int sig)
{
	struct list *n;

	for (n = r->pool.next; n != &r->pool; n = n->next)
		if (worker_at(n)->pid > 0)
			kill(worker_at(n)->pid, sig);
}

static void
tell_to_stop(struct dirty_router *r, struct dirty_worker *w)
{
	if (w->told)
		return;
	w->told = true;
	leave(r, w);
	(void)send_stop(r, w);
	w->kill_ms = clock_ms() + r->cfg->dirty_graceful_timeout + ABORT_MS;
}

void
dirty_pool_stop(struct dirty_router *r)
{
	struct list *n;

	for (n = r->pool.next; n != &r->pool; n = n->next)
		tell_to_stop(r, worker_at(n));
}

void
dirty_pool_retire(struct dirty_router *r, struct dirty_worker *w,
    const struct dirty_apps_set *heir)
{
	if (heir != NULL)
		bequeath(r, heir);
	tell_to_stop(r, w);
}

void
dirty_pool_renew(struct dirty_router *r)
{
	struct list *n;

	r->n_heirs = 0;
	for (n = r->pool.next; n != &r->pool; n = n->next) {
		struct dirty_worker *w = worker_at(n);

		if (!w->told)
			dirty_pool_retire(r, w, w->probe ? NULL : &w->apps);
	}
	for (unsigned i = 0; i < r->n_apps; i++)
		r->apps[i].n_failures = 0;
	r->n_boot_deaths = 0;
	r->spawn_again_ms = 0;
}

/* --- its birth --- */

static struct dirty_worker *
by_row(struct dirty_router *r, unsigned row)
{
	struct list *n;

	for (n = r->pool.next; n != &r->pool; n = n->next)
		if (worker_at(n)->row == row)
			return worker_at(n);
	return NULL;
}

void
dirty_pool_on_spawned(struct dirty_router *r, unsigned row, pid_t pid)
{
	struct dirty_worker *w = by_row(r, row);

	if (w != NULL)
		w->pid = pid;
}

void
dirty_pool_on_unspawned(struct dirty_router *r, unsigned row, int why)
{
	struct dirty_worker *w = by_row(r, row);

	if (w == NULL || w->pid > 0)
		return;
	log_event(EV_DIRTY_SPAWN_FAILED, why);
	r->spawn_again_ms = clock_ms() + AGAIN_MS;
	if (!w->probe)
		bequeath(r, &w->apps);
	destroy(r, w);
}

void
dirty_pool_on_template_gone(struct dirty_router *r)
{
	struct list *n, *next;

	for (n = r->pool.next; n != &r->pool; n = next) {
		struct dirty_worker *w = worker_at(n);

		next = n->next;
		if (w->pid == 0)
			w->pid = atomic_load(&r->board->rows[w->row].pid);
		if (w->pid != 0)
			continue;
		if (!w->probe)
			bequeath(r, &w->apps);
		destroy(r, w);
	}
}

/* What the next worker gets; false: none is needed, or not yet. */
static bool
share_out(struct dirty_router *r, struct dirty_apps_set *set)
{
	while (r->n_heirs > 0) {
		*set = r->heirs[0];
		r->n_heirs--;
		memmove(
		    r->heirs, r->heirs + 1, r->n_heirs * sizeof(r->heirs[0]));
		dirty_apps_leave_out(r->apps, r->n_apps, set);
		if (set->n > 0)
			return true;
	}
	/* The first one imports all classes and says what they ask for. */
	if (dirty_apps_asking(r->apps, r->n_apps))
		return false;
	dirty_apps_wanting(r->apps, r->n_apps, set);
	if (set->n > 0)
		return true;
	if (!r->skip_named && !dirty_boot_any_failed(r))
		log_event(EV_DIRTY_NOTHING_TO_HOLD, r->n_alive);
	r->skip_named = true;
	return false;
}

/* A worker's record with its link, of which *far is the other end; NULL. */
static struct dirty_worker *
create(struct dirty_router *r, const struct dirty_apps_set *set, int *far)
{
	struct dirty_worker *w = calloc(1, sizeof(*w));
	int ends[2];

	if (w == NULL || sock_pair(ends) < 0) {
		free(w);
		return NULL;
	}
	w->fd = ends[0];
	w->apps = *set;
	list_init(&w->node);
	list_init(&w->calls);
	buf_init(&w->in, DIRTY_BUF_MAX);
	buf_init(&w->out, DIRTY_BUF_MAX);
	w->id = dirty_table_add(&r->workers, w);
	w->row = board_take_row(r->board, ROLE_DIRTY_WORKER, 0);
	*far = ends[1];
	if (w->id != 0 && w->row != BOARD_NO_ROW &&
	    poller_add(r->poller, w->fd, POLLER_IN, w->id) == 0)
		return w;
	if (w->row != BOARD_NO_ROW)
		board_free_row(r->board, w->row);
	dirty_table_remove(&r->workers, w->id);
	fd_close(ends[0]);
	fd_close(ends[1]);
	free(w);
	return NULL;
}

/* Their paths, a line each. */
static int
put_apps(
    const struct dirty_router *r, const struct dirty_worker *w, struct buf *out)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < r->n_apps; i++) {
		if (!w->apps.has[i])
			continue;
		rc = buf_put(out, r->apps[i].path);
		if (rc == 0)
			rc = buf_put(out, STR("\n"));
	}
	return rc;
}

int
dirty_pool_spawn(
    struct dirty_router *r, const struct dirty_apps_set *set, bool probe)
{
	struct dirty_worker *w;
	struct buf text;
	int far, rc;

	w = create(r, set, &far);
	if (w == NULL)
		return -E_SYSTEM;
	w->probe = probe;
	w->boot_ms = clock_ms();
	w->age = ++r->n_forked;
	list_append(&r->pool, &w->node);
	r->n_alive++;
	hold(r, w, 1);
	buf_init(&text, LINK_TEXT_MAX);
	rc = put_apps(r, w, &text);
	if (rc == 0)
		rc = dirty_parent_spawn(r, w, buf_str(&text), far);
	buf_finish(&text);
	fd_close(far);
	if (rc < 0) {
		if (!probe)
			bequeath(r, set);
		destroy(r, w);
	}
	return rc;
}

/* The one whose leaving takes least away: few applications, then youngest. */
static struct dirty_worker *
least_needed(struct dirty_router *r)
{
	struct dirty_worker *best = NULL;
	struct list *n;

	for (n = r->pool.next; n != &r->pool; n = n->next)
		if (!worker_at(n)->told && !worker_at(n)->probe &&
		    (best == NULL || worker_at(n)->apps.n <= best->apps.n))
			best = worker_at(n);
	return best;
}

unsigned
dirty_pool_n_staying(const struct dirty_router *r)
{
	struct list *n;
	unsigned count = 0;

	for (n = r->pool.next; n != &r->pool; n = n->next)
		count += worker_at(n)->told || worker_at(n)->probe ? 0 : 1;
	return count;
}

static void
balance(struct dirty_router *r, uint64_t now)
{
	struct dirty_apps_set set;
	unsigned n = dirty_pool_n_staying(r);

	for (; n > r->n_wanted; n--) {
		r->n_heirs = 0;
		tell_to_stop(r, least_needed(r));
	}
	for (; n < r->n_wanted; n++) {
		if (!r->template_live || now < r->spawn_again_ms)
			return;
		if (!share_out(r, &set))
			break;
		if (dirty_pool_spawn(r, &set, false) < 0) {
			r->spawn_again_ms = now + AGAIN_MS;
			return;
		}
	}
	if (n >= r->n_wanted)
		r->skip_named = false;
	if (r->template_live)
		dirty_boot_mend(r, now);
}

static void
look_at(struct dirty_router *r, struct dirty_worker *w, uint64_t now)
{
	uint64_t limit = r->cfg->dirty_timeout;

	if (w->state == DIRTY_WORKER_BOOTING && !w->overdue && limit > 0 &&
	    now > w->boot_ms + limit)
		dirty_pool_overdue(r, w);
	if (w->kill_ms == 0 || now < w->kill_ms || w->pid <= 0)
		return;
	kill(w->pid, SIGKILL);
	w->killed = true;
	w->kill_ms = now + ABORT_MS;
}

void
dirty_pool_tick(struct dirty_router *r, uint64_t now)
{
	struct list *n;

	for (n = r->pool.next; n != &r->pool; n = n->next)
		look_at(r, worker_at(n), now);
	if (!r->stopping)
		balance(r, now);
}
