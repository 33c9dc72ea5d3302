/*
 * python_hooks: the functions of the configuration file that the server calls
 * (base/hooks.def), with the objects that they are given, which
 * greencorn._hooks makes. Nothing of that is imported while no hook is set:
 * all of these do nothing then. All need the GIL. notes/0012.
 */
#ifndef PYTHON_PYTHON_HOOKS_H
#define PYTHON_PYTHON_HOOKS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/hook.h"
#include "base/str.h"

struct _object; /* PyObject */
struct board_row;
struct config;

struct python_hooks_facts {
	const struct config *cfg;
	struct board_row *row; /* where hooks that run are shown */
	pid_t server_pid;
	const int *listeners; /* as long as the process */
	unsigned n_listeners;
};

/*
 * In a template, once its configuration is frozen: finds each hook and counts
 * its arguments. 0, or -E_PYTHON after what is wrong was logged.
 */
int python_hooks_start(const struct python_hooks_facts *f);

/* Is it set? */
bool python_hooks_has(enum hook hook);

/*
 * Calls a hook with what format (Py_BuildValue's, in parentheses) says of its
 * objects, see _hooks.py. 0; -E_PYTHON: it raised, which is logged; -E_EXIT:
 * it raised SystemExit, with python_hooks_exit_status.
 */
int python_hooks_run(enum hook hook, const char *format, ...);
int python_hooks_exit_status(void);

/* The same on the thread for hooks, without waiting. */
void python_hooks_aside(enum hook hook, const char *format, ...);

/* Template: a worker is gone; so many are wanted now. Without waiting. */
void python_hooks_gone(unsigned age, pid_t pid);
void python_hooks_n_workers(unsigned n, int before);

/* Template: before a fork, pre_fork; after it, in the parent (pid 0: none). */
void python_hooks_before_fork(unsigned age);
void python_hooks_forked(unsigned age, pid_t pid);
/*
 * Template of dirty workers: one has been forked; apps: paths, a line each.
 * A dirty worker: from here on hooks are its. Then dirty_post_fork.
 */
void python_hooks_dirty_forked(unsigned age, pid_t pid, struct str apps);
int
python_hooks_dirty_worker(struct board_row *row, unsigned age, struct str apps);
/* Its applications (borrowed dict) are there. Then dirty_worker_init. */
int python_hooks_dirty_loaded(struct _object *apps);

/* Template: the end. What is queued, and when server ends, on_exit. */
void python_hooks_end(bool server);

/* A new worker: from here on hooks are its. Then post_fork. */
int python_hooks_worker(struct board_row *row, unsigned age);
/* Its application is loaded (borrowed). Then post_worker_init. */
int python_hooks_loaded(struct _object *app);
/* Files that Python's handlers write to were moved: they open them anew. */
void python_hooks_reopen(void);
/* Says to hooks that it is about to leave. */
void python_hooks_leaving(void);

/*
 * Requests have an observer: pre_request, post_request or an access log that
 * Python writes. When the application is loaded.
 */
bool python_hooks_requests(void);
/* Does Python write the access log's lines? */
bool python_hooks_logs_access(void);
/*
 * New: the object of a request, for which pre_request was run; NULL when it
 * could not be made, which is logged. args as gunicorn.http.message.Request
 * wants them, or NULL with an error set.
 */
struct _object *python_hooks_request(struct _object *args);
/* It is answered: (request, environ, status, headers, sent, microseconds). */
void python_hooks_answered(struct _object *args);

/*
 * INT and QUIT, or ABRT, have hooks: after their signals' python_signal_set
 * they and worker_exit run in the main thread, then leave(sig), which does
 * not return. 0 or -E_PYTHON, logged.
 */
int python_hooks_on_signals(void (*leave)(int sig));

/*
 * In a signal handler: sig's hook is to be run. False when there is none.
 * Async-signal-safe.
 */
bool python_hooks_signal(int sig);
/* Has it one? */
bool python_hooks_wants(int sig);
/* One of them waits for the main thread. Needs no GIL. */
bool python_hooks_signalled(void);
/* Runs it, in the main thread. */
void python_hooks_answer_signal(void);

#endif
