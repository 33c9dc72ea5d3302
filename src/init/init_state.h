/*
 * init_state: what PID 1 knows; private to init/.
 */
#ifndef INIT_INIT_STATE_H
#define INIT_INIT_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/init.h"
#include "sys/child.h"
#include "sys/signals.h"

enum init_phase {
	INIT_RUNNING,  /* the child lives */
	INIT_SWEEPING, /* it has ended; what it left is being ended */
	INIT_PAUSING,  /* the pause before the next start */
	INIT_DONE,
};

struct init {
	const struct init_job *job;
	struct signals_saved given; /* mask and dispositions at our start */
	int signals;                /* where they are read, or -1 */
	enum init_phase phase;
	pid_t child;           /* 0 when there is none */
	uint64_t born_ms;      /* when it was started */
	uint64_t stuck_ms;     /* it was found so at, and is looked at again */
	struct child_end last; /* how the last one ended */
	bool stopping;         /* somebody asked for the end */
	bool again;            /* after the sweep: start a new child */
	unsigned pause_ms;     /* how long the next pause is */
	uint64_t resume_ms;    /* INIT_PAUSING: until then */
	pid_t left;            /* whom kill() means while sweeping */
	bool killed;           /* they have had their KILL */
	uint64_t due_ms;       /* INIT_SWEEPING: when patience ends */
};

/*
 * init.c: ends the pause before a server that takes over: what the last one
 * left, only it can end in peace.
 */
void init_revive(struct init *i);

/* init.c: ends the pause or the patience, after a signal to stop. */
void init_hurry(struct init *i);

/* init_signals.c: does what a signal asks for. */
void init_signals_handle(struct init *i, const struct signals_event *ev);

/* init_stdio.c: descriptors 0, 1 and 2 are open afterwards. */
void init_stdio_open(void);

/* init_tty.c: in the child: its session, group and terminal. */
void init_tty_enter(const struct init_job *job);
/* init_tty.c: the terminal's foreground group is ours again. */
void init_tty_return(void);

#endif
