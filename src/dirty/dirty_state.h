/*
 * dirty_state: what the files of the dirty arbiter share. Private to it.
 */
#ifndef DIRTY_DIRTY_STATE_H
#define DIRTY_DIRTY_STATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/list.h"
#include "config/config.h"
#include "role/heritage.h"
#include "role/link.h"
#include "sys/child.h"

#include "dirty/dirty_answer.h"
#include "dirty/dirty_apps.h"
#include "dirty/dirty_table.h"

/* A stream's bytes that have not yet left for its caller. */
#define DIRTY_WINDOW ((size_t)256 << 10)
/* Calls that wait, all together. */
#define DIRTY_QUEUED_MAX ((size_t)256 << 20)
/* Of a buffer beside the largest payload: heads, small things before it. */
#define DIRTY_SPARE ((size_t)1 << 20)
#define DIRTY_BUF_MAX (DIRTY_PAYLOAD_MAX + DIRTY_SPARE)

enum dirty_kind {
	DIRTY_KIND_OTHER, /* enum dirty_source */
	DIRTY_KIND_CALLER,
	DIRTY_KIND_CALL,
	DIRTY_KIND_WORKER,
};

enum dirty_source {
	DIRTY_SOURCE_LISTENER,
	DIRTY_SOURCE_SIGNALS,
	DIRTY_SOURCE_TEMPLATE,
	DIRTY_SOURCE_DOOR,
};

/*
 * Whoever calls: a connection at the named address, with one call at a time,
 * or a process's link, with any number.
 */
struct dirty_conn {
	uint64_t id;
	int fd;
	bool is_link;
	struct buf in, out;
	struct list calls; /* by their of_conn */
	unsigned watched;  /* enum poller_events */
	bool muted;        /* it says more while its call runs: not read now */
	bool closing;      /* once out is empty */
	bool leaving;      /* a link: it was told so */
	struct list flush; /* a link that has something in out */
};

struct dirty_call {
	uint64_t id;
	struct list node; /* of its app's queue, or of its worker's calls */
	struct dirty_app *app;
	struct dirty_conn *conn; /* NULL: nobody waits any more */
	struct list of_conn;
	struct dirty_worker *worker; /* NULL: it waits for one */
	struct dirty_caller caller;
	size_t len;         /* of its frame: in conn->in, or held */
	struct str payload; /* until it has a worker */
	char *held;         /* a link's: payload's memory while it waits */
	uint64_t seq;       /* calls in the order in which they came */
	uint64_t since_ms;  /* it waits, runs, or yielded last */
	size_t owed;        /* bytes whose credit the worker has not back */
};

enum dirty_worker_state {
	DIRTY_WORKER_BOOTING,
	DIRTY_WORKER_READY,
	DIRTY_WORKER_LEAVING, /* takes no more calls */
};

struct dirty_worker {
	uint64_t id;
	struct list node; /* by age */
	enum dirty_worker_state state;
	unsigned age, row;
	pid_t pid; /* 0: not told yet */
	int fd;    /* its link; -1: closed */
	struct dirty_apps_set apps;
	struct list calls;
	unsigned n_calls;
	struct buf in, out;
	bool watches_out;
	struct dirty_app *making; /* while it boots; NULL: none just now */
	uint64_t boot_ms;         /* it began with that */
	bool was_ready;
	bool probe;       /* one too many: whether its app can be made now */
	bool told;        /* to stop */
	bool overdue;     /* a call of it has run for too long */
	uint64_t kill_ms; /* killed at; 0: not */
	bool killed;
};

struct dirty_router {
	struct heritage *h;
	const struct config *cfg;
	struct board *board; /* of this part of the tree */
	struct board *server_board;
	unsigned server_row;
	int poller, signal_fd, listener, door;
	bool listener_watched, door_watched;
	struct list flush; /* links, at the end of a turn */
	uid_t uid;         /* the workers', who are the callers */

	struct dirty_stash *stash;
	struct dirty_table callers, calls, workers;
	struct dirty_app apps[DIRTY_APPS_MAX];
	unsigned n_apps;
	size_t queued_bytes;
	unsigned n_queued;
	uint64_t last_seq;

	struct list pool; /* of workers, oldest first */
	unsigned n_wanted, n_alive, n_forked;
	bool skip_named;
	uint64_t spawn_again_ms;
	unsigned n_boot_deaths;           /* in a row */
	struct dirty_apps_set heirs[512]; /* what dead workers held */
	unsigned n_heirs;

	pid_t template_pid; /* 0: none */
	unsigned template_row;
	int template_link;
	bool template_live;
	bool renewing; /* its successor's workers replace all */
	uint64_t template_again_ms, template_end_ms, template_started_ms;
	bool template_known; /* it is not the first one */
	unsigned n_template_deaths;
	struct link_inbox inbox;

	bool stopping, quick;
	uint64_t tick_ms; /* all is looked at then */
	uint64_t shrink_ms;
	uint64_t stop_until_ms;
};

/* dirty_buf.c */

/* As buf_finish; its memory is given back. */
void dirty_buf_finish(struct buf *b);
/* Memory that a large message took is given back soon after it is gone. */
void dirty_buf_tick(struct dirty_router *r, uint64_t now);

static inline bool
dirty_conn_is_busy(const struct dirty_conn *c)
{
	return !list_empty(&c->calls);
}

/* dirty_callers.c */
void dirty_callers_accept(struct dirty_router *r);
/* NULL: fd is closed. */
struct dirty_conn *dirty_callers_open(struct dirty_router *r, int fd);
void dirty_callers_on_event(
    struct dirty_router *r, struct dirty_conn *c, unsigned events);
/* A call is over and its frame done with: on to the next one. */
void dirty_callers_done(struct dirty_router *r, struct dirty_conn *c);
/* Sends what is in out, now or at the end of this turn. */
void dirty_callers_flush(struct dirty_router *r, struct dirty_conn *c);
/* Links, at the end of a turn. */
void dirty_callers_flush_all(struct dirty_router *r);
/*
 * Appends what a worker said of a call. What does not fit becomes an error, or
 * ends the connection: then call->conn is NULL.
 */
void dirty_callers_forward(struct dirty_router *r, struct dirty_call *call,
    const struct dirty_envelope *e, struct str payload);
void dirty_callers_close(struct dirty_router *r, struct dirty_conn *c);
/* Everything that was said has left. */
bool dirty_callers_have_all(const struct dirty_router *r);
/* A stop has begun: who has no call now is closed, links are told. */
void dirty_callers_leave(struct dirty_router *r);
/* One operation on the stash; the answer goes to out. */
void dirty_callers_stash(struct dirty_router *r, struct dirty_conn *c,
    const struct dirty_caller *caller, struct str payload);

/* dirty_links.c */

/* Those that were passed through the door. */
void dirty_links_accept(struct dirty_router *r);
/* Acts on all that is complete in c->in, unless it is closed meanwhile. */
void dirty_links_take(struct dirty_router *r, struct dirty_conn *c);
/* A stop has begun; c is closed when it has no call any more. */
void dirty_links_leave(struct dirty_router *r, struct dirty_conn *c);

/* dirty_calls.c */

/*
 * A request has come on c; rt and f point into c->in. A link's is done with
 * afterwards.
 */
void dirty_calls_start(struct dirty_router *r, struct dirty_conn *c,
    const struct dirty_frame *f, const struct dirty_route *rt);
/* Its caller has gone. */
void dirty_calls_abandon(struct dirty_router *r, struct dirty_call *call);
/* Its caller has taken n bytes of what it was sent; 0: all. */
void
dirty_calls_credit(struct dirty_router *r, struct dirty_call *call, size_t n);
/* A worker said something of a call. */
void dirty_calls_on_message(struct dirty_router *r, struct dirty_worker *w,
    const struct dirty_envelope *e, struct str payload);
/* Gives waiting calls to workers that are free. */
void dirty_calls_dispatch(struct dirty_router *r);
/* w has ended: its calls, too. */
void dirty_calls_lost(
    struct dirty_router *r, struct dirty_worker *w, const struct child_end *e);
void dirty_calls_tick(struct dirty_router *r, uint64_t now);

/* dirty_pool.c */
void dirty_pool_on_event(
    struct dirty_router *r, struct dirty_worker *w, unsigned events);
/* Puts it into out and sends as far as it goes. 0 or -E_*. */
int dirty_pool_send(struct dirty_router *r, struct dirty_worker *w,
    enum dirty_type type, enum dirty_format format, uint64_t id,
    struct str payload);
void dirty_pool_on_spawned(struct dirty_router *r, unsigned row, pid_t pid);
void dirty_pool_on_unspawned(struct dirty_router *r, unsigned row, int why);
/* Was it one of ours? */
bool dirty_pool_on_exit(struct dirty_router *r, const struct child_end *end);
void dirty_pool_on_template_gone(struct dirty_router *r);
/* A call of w has run for too long. */
void dirty_pool_overdue(struct dirty_router *r, struct dirty_worker *w);
void dirty_pool_tick(struct dirty_router *r, uint64_t now);
void dirty_pool_signal(struct dirty_router *r, int sig);
/* All of them shall finish what they do and end. */
void dirty_pool_stop(struct dirty_router *r);
/* All of them finish; others, of the template that is there now, follow. */
void dirty_pool_renew(struct dirty_router *r);
/* Some worker that has it is there, or will be. */
bool
dirty_pool_may_hold(const struct dirty_router *r, const struct dirty_app *app);

/* So many that stay, probes left out. */
unsigned dirty_pool_n_staying(const struct dirty_router *r);
/* A new one for these applications; 0 or -E_*. */
int dirty_pool_spawn(
    struct dirty_router *r, const struct dirty_apps_set *set, bool probe);
/* It finishes what it does and ends; *heir: what its successor gets. */
void dirty_pool_retire(struct dirty_router *r, struct dirty_worker *w,
    const struct dirty_apps_set *heir);

/* dirty_boot.c */

/* "PATH TAB LIMIT" in each line, of classes; limit 0: all. */
void dirty_boot_on_hello(struct dirty_router *r, struct str text);
/* It begins with the application of that path; empty: it has them all. */
void dirty_boot_on_making(
    struct dirty_router *r, struct dirty_worker *w, struct str path);
/* w takes calls now. */
void dirty_boot_on_ready(struct dirty_router *r, struct dirty_worker *w);
/* w has ended before. */
void dirty_boot_on_death(struct dirty_router *r, const struct dirty_worker *w);
bool dirty_boot_any_failed(const struct dirty_router *r);
/* What lacks holders gets them, if it can be made again. */
void dirty_boot_mend(struct dirty_router *r, uint64_t now);

/* dirty_heir.c */

/* The stash goes to the one that listens at the door now, within 5 s. */
void dirty_heir_pass(struct dirty_router *r);

/* dirty_pidfile.c */
void dirty_pidfile_begin(const struct dirty_router *r);
void dirty_pidfile_end(const struct dirty_router *r);

/* dirty_parent.c */

/* Keeps a template; 0 or -E_*. */
void dirty_parent_tick(struct dirty_router *r, uint64_t now);
void dirty_parent_on_event(struct dirty_router *r);
bool dirty_parent_on_exit(struct dirty_router *r, const struct child_end *end);
/* Asks for a worker. 0 or -E_*. */
int dirty_parent_spawn(struct dirty_router *r, const struct dirty_worker *w,
    struct str apps, int link);
/* A worker has ended; for its hook. */
void dirty_parent_tell_exit(struct dirty_router *r, unsigned age, pid_t pid);

#endif
