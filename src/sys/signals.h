/*
 * signals: how a process of ours meets signals. Supervising processes block
 * all of them and read them from a descriptor; nothing runs in a handler.
 */
#ifndef SYS_SIGNALS_H
#define SYS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"

/* What init gives along (sigqueue) when it passes on a key of its terminal. */
#define SIGNALS_TERMINAL 0x74747900

struct signals_saved {
	sigset_t mask;
	struct sigaction pipe;
};

struct signals_event {
	int sig;
	int code;  /* si_code: SI_USER, SI_QUEUE, SI_KERNEL, CLD_EXITED ... */
	pid_t pid; /* who sent it; 0 for the kernel or from outside */
	int value; /* of SI_QUEUE */
};

/* "SIGTERM", "SIGRTMIN+3"; "SIG?" for what is no signal. Static memory. */
const char *signals_name(int sig);
/* "TERM", "SIGTERM" in any case, or "15" to 15; or -E_BAD_VALUE. */
int signals_from(struct str name);

/*
 * Blocks every signal but those that the process's own faults raise (SEGV,
 * BUS, FPE, ILL, TRAP, SYS, ABRT), and ignores SIGPIPE. What was before goes
 * to *saved, unless it is NULL.
 */
void signals_block(struct signals_saved *saved);
/* Puts mask and SIGPIPE back. */
void signals_restore(const struct signals_saved *saved);

/*
 * In a child that begins a role or a program of its own: every disposition
 * to default, only SIGPIPE stays ignored, nothing blocked.
 */
void signals_reset_in_child(void);
/* The same in two steps, for whoever sets handlers in between. */
void signals_default_in_child(void);
void signals_unblock(void);

/*
 * As sigaction(2), for a handler of ours in a process that runs an
 * application: signals_give_back knows it.
 */
void signals_take(int sig, const struct sigaction *act);

/*
 * In a child that the application has forked: dispositions that are still
 * those of signals_take become default. Async-signal-safe.
 */
void signals_give_back(void);

/*
 * A descriptor (non-blocking, close-on-exec) from which all blocked signals
 * are read; -E_SYSTEM.
 */
int signals_fd(void);

/* Next signal from fd: 1, 0 when there is none now, or -E_SYSTEM. */
int signals_read(int fd, struct signals_event *ev);

/*
 * The same, waiting up to timeout_ms. With fd -1 (no descriptor was to be
 * had) it waits without one: 1, 0 on timeout, -E_SYSTEM.
 */
int signals_wait(int fd, struct signals_event *ev, int timeout_ms);

/*
 * A key or hang-up of the terminal: raised by the kernel, or passed on by
 * init with SIGNALS_TERMINAL. Everything else was sent by somebody.
 */
bool signals_by_terminal(const struct signals_event *ev);

#endif
