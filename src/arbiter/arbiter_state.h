/*
 * arbiter_state: what the files of the arbiter share. Private to the module.
 *
 * A generation is one configuration with the template that read it. At most
 * one is being made (the candidate) and one is current; older ones only have
 * workers that will be replaced or that drain.
 */
#ifndef ARBITER_ARBITER_STATE_H
#define ARBITER_ARBITER_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/list.h"
#include "board/board.h"
#include "config/config.h"
#include "role/handover.h"
#include "role/heritage.h"
#include "role/link.h"
#include "sys/child.h"

enum generation_state {
	GENERATION_CONFIGURING, /* its template reads the configuration file */
	GENERATION_LOADING,     /* frozen; the template preloads */
	GENERATION_LIVE,        /* its template forks on request */
	GENERATION_OVER,        /* no new workers; ends with its last one */
};

struct generation {
	struct list node;
	unsigned number;
	enum generation_state state;
	bool proven; /* one of its workers has been READY */

	pid_t template_pid; /* 0: has ended */
	unsigned template_row;
	int link; /* -1: closed */

	void *config_mem; /* shared with the template and its workers */
	const struct config
	    *config; /* in config_mem, once frozen; adopted: NULL */
	struct config_draft *draft; /* until frozen */
	struct buf shown;           /* for the control socket, as JSON */
	unsigned n_forked;          /* becomes worker.age, as in Gunicorn */
	uint64_t started_ms;
	uint64_t asked_ms;  /* when a long boot was last spoken of */
	unsigned n_workers; /* that it should have */
	bool has_logs;      /* they are the arbiter's, too */
	bool is_reload;     /* somebody asked for it */
	bool loaded;        /* its template has its hooks */
	uint64_t end_ms;    /* its template ends by then; 0: goes on */
};

struct worker {
	struct list node; /* oldest first */
	struct generation *generation;
	unsigned row;
	unsigned age;
	pid_t pid;    /* 0: asked for, not yet told */
	bool adopted; /* it is no child: init says how it ends */
	int pidfd;    /* of an adopted one, where the kernel has such; or -1 */
	uint64_t asked_ms;
	bool ready;       /* has been READY */
	bool retiring;    /* has asked for a successor */
	bool draining;    /* told to go */
	uint64_t told_ms; /* when; 0: never */
	bool aborted;     /* sent ABRT for its silence */
	bool killed;      /* sent KILL */
};

enum stop_kind {
	STOP_NONE,
	STOP_GRACEFUL,
	STOP_QUICK
};

/* Deaths that came before the message that names the pid. */
#define ARBITER_ORPHANS 64

#define LISTENING_ADDRESS_MAX HANDOVER_ADDRESS_MAX
#define ARBITER_WORKERS_MAX (BOARD_ROWS / 2)
#define ARBITER_PATH_MAX 1100 /* a setting's 1024 and a little */

struct listening {
	int fd;
	char address[LISTENING_ADDRESS_MAX]; /* the setting: its identity */
	bool used;                           /* by the newest generation */
	bool fresh; /* opened for it, and not yet served by it */
};

/* Of the service manager that started us. */
struct arbiter_systemd {
	int fd; /* -1: there is none */
	bool ready, reloading;
	uint64_t watchdog_ms, watchdog_due_ms; /* 0: it does not watch */
};

#define ARBITER_OLD_DIRTY 8

/* A dirty arbiter of a configuration before this one. */
struct arbiter_old_dirty {
	pid_t pid;
	unsigned row;
	bool told; /* to end */
};

struct arbiter_dirty {
	pid_t pid; /* 0: none */
	unsigned row, generation;
	uint64_t again_ms;
	unsigned n_deaths; /* in a row */
	struct arbiter_old_dirty old[ARBITER_OLD_DIRTY];
	unsigned n_old;
	int stop_signal;  /* sent at the stop; 0: none yet */
	uint64_t kill_ms; /* what is left then is killed */
};

#define ARBITER_CONTROL_CLIENTS 8
#define ARBITER_CONTROL_FDS (ARBITER_CONTROL_CLIENTS + 1)

struct arbiter_control_client {
	int fd; /* -1: none */
	uid_t uid;
	pid_t pid;
	struct buf in, out;
	uint64_t since_ms; /* its message has begun, or it is idle */
	bool last;         /* nothing is read behind this answer */
};

struct arbiter_control {
	int fd; /* -1: none */
	char path[ARBITER_PATH_MAX];
	unsigned mode;
	unsigned generation; /* by whose configuration it is there, or not */
	struct arbiter_control_client clients[ARBITER_CONTROL_CLIENTS];
	int dirty_more; /* dirty workers that are still to be asked for */
	uint64_t dirty_next_ms;
};

struct arbiter {
	struct heritage *h;
	struct board *board;
	int signal_fd;
	struct list generations;                /* oldest first */
	struct generation *current, *candidate; /* NULL: none */
	unsigned last_generation;
	struct config_draft *reread; /* by the last reload; NULL: none yet */
	struct list workers;
	/* The last look at them, and when one came late how late: who was
	 * frozen with us was not silent. */
	uint64_t looked_ms, woke_ms, slept_ms;
	unsigned n_workers;        /* wanted now: setting, then TTIN and TTOU */
	unsigned n_workers_before; /* the same, without the candidate */
	struct link_inbox inbox;

	struct listening listening[HERITAGE_LISTENERS_MAX];
	unsigned n_listening;
	int admin_listener;
	char admin_address[LISTENING_ADDRESS_MAX];
	struct listening next_admin; /* the candidate's; used: it is another */
	pid_t admin_pid;
	unsigned admin_row;
	uint64_t admin_again_ms;
	struct arbiter_dirty dirty;
	struct arbiter_control control;
	uint64_t n_spawned; /* workers asked for, ever */
	unsigned n_reloads;

	uint64_t spawn_again_ms; /* no spawn before; back-off */
	unsigned n_boot_deaths;  /* in a row, without a READY between */
	uint64_t
	    template_again_ms; /* when a dead template is replaced; 0: no */
	unsigned n_template_deaths;

	char pidfile[ARBITER_PATH_MAX];      /* ours; empty: none */
	char next_pidfile[ARBITER_PATH_MAX]; /* the candidate's */
	bool pidfile_changes;                /* it is another */

	struct arbiter_systemd systemd;
	/* Under init: our successor is asked for by then, or as soon as the
	 * template is through with pre_exec; 0: it was not asked for. */
	uint64_t leave_ms;
	pid_t old_pid; /* the arbiter that has exec'd us, beside us; or 0 */
	pid_t new_pid; /* the one that we have exec'd; or 0 */

	enum stop_kind stop;
	uint64_t stop_told_ms;  /* workers are told to go at; 0: they were */
	uint64_t stop_until_ms; /* what is left then is killed */
	bool start_logged; /* settings are good: not one word before that */
	bool ready_logged;
	bool was_loaded; /* some template got so far: the start is over */
	int exit_status;

	struct child_end orphans[ARBITER_ORPHANS];
	unsigned next_orphan;
};

/* arbiter_metrics.c */

/* In each turn: gauges to statsd, where that is asked for. */
void arbiter_metrics_tick(struct arbiter *a, uint64_t now);

/* arbiter.c */

/* What the arbiter has open, for a child to close or, the admin's, to use. */
void arbiter_open(const struct arbiter *a, struct heritage *h);

/* generation.c */

/*
 * Starts the template of a new generation, which becomes the candidate (an
 * older candidate is given up). 0 or -E_*, logged.
 */
int generation_start(struct arbiter *a);
/* The same with environment and command line read again, for a reload. */
void generation_reload(struct arbiter *a);
/* Reads what its template said. */
void generation_on_link(struct arbiter *a, struct generation *g);
/* Its template has ended. */
void generation_on_exit(
    struct arbiter *a, struct generation *g, const struct child_end *end);
/* A worker of the candidate is ready: it becomes the current one. */
void generation_promote(struct arbiter *a, struct generation *g);
/*
 * g cannot be: at a reload the current one goes on, at the start the server
 * ends with that status. Why has been logged.
 */
void generation_fail(struct arbiter *a, struct generation *g, int exit_status);
/* Gives g up: no more workers; its template ends. */
void generation_retire(struct arbiter *a, struct generation *g);
/* Frees generations that are over and have no process left. */
void generation_sweep(struct arbiter *a);
/* Once a second: says what a boot waits for. */
void generation_tick(struct arbiter *a, uint64_t now);
/* One that only has the workers that it was found with; NULL: no memory. */
struct generation *generation_adopt(struct arbiter *a, unsigned number);
/* The configuration that counts now, or NULL. */
const struct config *generation_config(const struct arbiter *a);
/* Sends sig to every template. */
void generation_signal(struct arbiter *a, int sig);
/* The generation of that template, or NULL. */
struct generation *generation_by_template(struct arbiter *a, pid_t pid);

/*
 * effects.c: what a configuration changes outside of its own processes is
 * prepared when it is frozen, final when one of its workers serves, and taken
 * back when none will.
 */

/* The first configuration's logs are the arbiter's at once. 0 or -E_*, *p. */
int
effects_logs(struct arbiter *a, struct generation *g, struct config_problem *p);
/* 0 or -E_*, logged: nothing has changed then. */
int effects_prepare(struct arbiter *a, struct generation *g);
/* Its template can fork: as many workers as it should have. */
void effects_live(struct arbiter *a, const struct generation *g);
void effects_settle(struct arbiter *a, struct generation *g);
/* g, the candidate, is given up. */
void effects_undo(struct arbiter *a, const struct generation *g);

/* listening.c */

/*
 * Opens what cfg binds to and is not open yet, the admin address too. 0, or
 * -E_* (logged): nothing has changed then.
 */
int listening_prepare(struct arbiter *a, const struct config *cfg);
/* Closes what that configuration does not name. */
void listening_settle(struct arbiter *a);
/* Closes what was opened for it. */
void listening_undo(struct arbiter *a);
void listening_close_all(struct arbiter *a);
/* What was handed over to us. */
void listening_take(struct arbiter *a, const struct handover *ho);
/* What there is to hand over. */
void listening_give(const struct arbiter *a, struct handover *ho);

/* adopt.c */

/*
 * Under init: takes over the workers of the arbiter before. 0 or -E_NOMEM.
 */
int adopt_all(struct arbiter *a);

/* reexec.c */

/* Starts the executable anew, which takes over from us or serves beside us. */
void reexec_begin(struct arbiter *a);
void reexec_on_exit(struct arbiter *a, const struct child_end *end);
/* Is the old one gone, or is it time to go? */
void reexec_look(struct arbiter *a);

/* background.c */

/* cfg may want a daemon: then another process goes on, and this one ends. */
void background_enter(const struct arbiter *a, const struct config *cfg);

/* systemd.c */
void systemd_start(struct arbiter *a);
/* Says what has changed, and that we live. */
void systemd_look(struct arbiter *a, uint64_t now);
/* It wants to hear of us so often; 0: never. */
uint64_t systemd_due_ms(const struct arbiter *a);
void systemd_reloading(struct arbiter *a);
void systemd_stopping(struct arbiter *a);

/* pidfile.c */

/* Writes the file that cfg names, if it is another. 0, or -E_* (logged). */
int pidfile_prepare(struct arbiter *a, const struct config *cfg);
/* Removes the one before. */
void pidfile_settle(struct arbiter *a);
/* Removes the one that was prepared. */
void pidfile_undo(struct arbiter *a);
/* The old arbiter is gone: its name is ours. */
void pidfile_promote(struct arbiter *a);
void pidfile_remove(struct arbiter *a);

/* workers.c */

/* A worker of row that is a process already; NULL without memory. */
struct worker *
workers_add(struct arbiter *a, struct generation *g, unsigned row, pid_t pid);
/* Asks for what is missing, lets go of what is too much. */
void workers_balance(struct arbiter *a);
/* Looks at rows and stamps: READY, silence, overdue drains. */
void workers_look(struct arbiter *a, uint64_t now);
void workers_on_spawned(struct arbiter *a, unsigned row, pid_t pid);
void workers_on_unspawned(struct arbiter *a, unsigned row, int err);
/* Removes the workers that a dead template never forked. */
void workers_on_template_gone(struct arbiter *a, struct generation *g);
void workers_on_exit(
    struct arbiter *a, struct worker *w, const struct child_end *end);
struct worker *workers_by_pid(struct arbiter *a, pid_t pid);
/* Tells a worker to finish what runs and leave. */
void workers_drain(struct worker *w);
/* Lets all workers of g go: it will not come to be. */
void workers_dismiss(struct arbiter *a, const struct generation *g);
void workers_signal(struct arbiter *a, int sig);
/* As many as wanted are ready, and none waits to be replaced. */
bool workers_settled(const struct arbiter *a);
bool workers_any(const struct arbiter *a);
/* Workers of g that are not yet gone. */
unsigned workers_of(const struct arbiter *a, const struct generation *g);

/* arbiter_signals.c */
void arbiter_signals_on_readable(struct arbiter *a);
/* As if sig had come. */
void arbiter_signals_act(struct arbiter *a, int sig);
/*
 * n workers from now on; for a configuration that is being made, too, and for
 * a template or an arbiter after this one.
 */
void arbiter_signals_want(struct arbiter *a, unsigned n);

/* stop.c */

/* Begins to stop, or hastens a stop that has begun. */
void stop_begin(struct arbiter *a, enum stop_kind kind, int exit_status);
/* Moves a stop on; true when everything is gone. */
bool stop_proceed(struct arbiter *a, uint64_t now);

/* arbiter_admin.c */
void arbiter_admin_keep(struct arbiter *a, uint64_t now);
void arbiter_admin_on_exit(struct arbiter *a, const struct child_end *end);

/* arbiter_dirty.c */

/* Where dirty calls will go, before the first template. */
void arbiter_dirty_name(struct arbiter *a);
void arbiter_dirty_keep(struct arbiter *a, uint64_t now);
/* Was it one of them? */
bool arbiter_dirty_on_exit(struct arbiter *a, const struct child_end *end);
void arbiter_dirty_signal(struct arbiter *a, int sig);
/* When the workers are gone; true while some dirty arbiter is left. */
bool arbiter_dirty_stop(struct arbiter *a, uint64_t now);
void arbiter_dirty_close(struct arbiter *a);

/* arbiter_control.c */

struct pollfd;

/* Nothing is open. */
void arbiter_control_begin(struct arbiter *a);
/* In each turn: the socket as configured, nobody who is too slow. */
void arbiter_control_keep(struct arbiter *a, uint64_t now);
/* What to wait for, at most ARBITER_CONTROL_FDS; how many. */
unsigned arbiter_control_poll(struct arbiter *a, struct pollfd *fds);
/* The same after the wait. */
void arbiter_control_on_poll(
    struct arbiter *a, const struct pollfd *fds, unsigned n);
/* Its descriptors, which children close, to fds; how many. */
unsigned arbiter_control_open(const struct arbiter *a, int *fds);
/* At the end; the file goes. */
void arbiter_control_close(struct arbiter *a);

/* arbiter_control_act.c */

/* Puts the answer to a message into k->out. 0 or -E_* (no memory). */
int arbiter_control_answer(
    struct arbiter *a, struct arbiter_control_client *k, struct str message);
/* The same for one that is too long to be read. */
int arbiter_control_too_long(struct buf *out);
/* In each turn: asks for what dirty workers are still to be asked for. */
void arbiter_control_dirty_tick(struct arbiter *a, uint64_t now);

/*
 * arbiter_control_show.c: each appends a JSON value. 0 or -E_*; of the
 * configuration -E_NOT_FOUND: it is not known yet.
 */
int arbiter_control_show_all(struct arbiter *a, struct buf *out);
int arbiter_control_show_workers(struct arbiter *a, struct buf *out);
int arbiter_control_show_dirty(struct arbiter *a, struct buf *out);
int arbiter_control_show_config(struct arbiter *a, struct buf *out);
int arbiter_control_show_stats(struct arbiter *a, struct buf *out);
int arbiter_control_show_listeners(struct arbiter *a, struct buf *out);

/* arbiter_hooks.c */

/* Tells g's template, if it is there and has such a hook. Never waits. */
void arbiter_hooks_tell(
    struct generation *g, enum link_type type, unsigned row, int number);
/* A worker of g has ended. */
void arbiter_hooks_child_exit(
    struct arbiter *a, struct generation *g, unsigned age, pid_t pid);
/* a->n_workers may have changed. */
void arbiter_hooks_n_workers(struct arbiter *a, unsigned before);
/* g's template has something to do when its workers are gone. */
bool arbiter_hooks_at_end(const struct generation *g);
/*
 * g's template, whose workers are gone, has to end; server: everything does.
 * Again and again until it is gone: one that has hooks for it gets some time.
 */
void arbiter_hooks_end(
    struct arbiter *a, struct generation *g, bool server, uint64_t now);
/*
 * g's template runs pre_exec, and ends for it. When it has to have ended
 * (clock_ms), or 0: there is no such hook, or nobody to run it.
 */
uint64_t arbiter_hooks_pre_exec(struct generation *g, uint64_t now);
/* Names the hooks that do not return. */
void arbiter_hooks_watch(struct arbiter *a, uint64_t now);

/* arbiter_log.c */

/* g's configuration may have loggers of Python: lines wait for them. */
void arbiter_log_configured(struct arbiter *a, const struct generation *g);
/* g will be no more. */
void arbiter_log_forget(const struct generation *g);
/* Which template lines go to now, after any change of generations. */
void arbiter_log_choose(struct arbiter *a);

/* reap.c */
void reap_children(struct arbiter *a);
/* A death that was reaped before its pid was known. */
bool reap_claim(struct arbiter *a, pid_t pid, struct child_end *end);

#endif
