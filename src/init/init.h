/*
 * init: PID 1 of a container, in C only: starts one child, reaps whatever is
 * orphaned, passes signals on to the child, ends with its exit status.
 *
 * It never ends because of a stranger, a log line, a full disk or a missing
 * descriptor. A server that was ended by a signal which nobody asked for is
 * started again after a pause. When the child is gone for good, what is left
 * gets TERM and, after INIT_GRACE_MS, KILL.
 */
#ifndef INIT_INIT_H
#define INIT_INIT_H

#include <stdbool.h>
#include <stdint.h>

#define INIT_GRACE_MS 3000    /* between TERM and KILL for what is left */
#define INIT_KILL_MS 1000     /* what even KILL has not ended by then stays */
#define INIT_PAUSE_MIN_MS 100 /* before the first new start; doubles */
#define INIT_PAUSE_MAX_MS 10000
#define INIT_STUCK_MS 20000  /* without a sign of life a server is killed */
#define INIT_STEADY_MS 60000 /* lived that long: the pauses begin anew */

struct child_end;

/* What a server's end means. */
enum init_end {
	INIT_END_FINAL,
	INIT_END_AGAIN, /* another is started, after a pause */
	INIT_END_NOW,   /* the same, at once */
};

/*
 * A server whose next child takes over what the last one left. Without it a
 * signal means another start, and what the last one left is ended before.
 */
struct init_succession {
	/* The child has ended; stopping: somebody asked for the end. */
	enum init_end (*on_end)(
	    void *arg, const struct child_end *end, bool stopping);
	/* Another process was collected. */
	void (*on_orphan)(void *arg, const struct child_end *end);
	/* When the child last gave a sign of life (clock_ms). */
	uint64_t (*last_sign)(void *arg);
};

struct init_job {
	/* Runs in the child; its return value is the child's exit status. */
	int (*start)(void *arg);
	void *arg;
	const struct init_succession *succession; /* NULL: none */
	/*
	 * false: a server. Its child leads a session of its own and begins
	 * with all signals blocked, so that a signal during its start is kept
	 * until it asks (signals_fd). Keys of the terminal reach it marked
	 * (signals_by_terminal), so do hang-ups.
	 * true: a command, such as a Python. Its child begins with the mask
	 * that init was given, is the terminal's foreground process group,
	 * and is not started again.
	 */
	bool once;
};

/*
 * The whole life of PID 1; nothing else may be called as PID 1. Returns the
 * exit status: the child's, or 128 + the signal that ended it; 1 when the
 * first child could not be made.
 */
int init_run(const struct init_job *job);

#endif
