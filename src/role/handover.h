/*
 * handover: what a server's next arbiter takes over from the one before: the
 * listeners, under init the scoreboard too. There are two ways. Under init
 * the arbiter tells init, which holds copies, what there is, and the next
 * arbiter is init's fork, or execs with the text of it in its environment.
 * Elsewhere (USR2) the arbiter itself execs its successor so.
 */
#ifndef ROLE_HANDOVER_H
#define ROLE_HANDOVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "role/heritage.h"

#define HANDOVER_ADDRESS_MAX 128

#define HANDOVER_FIRST_ACTIVATED 3 /* systemd's first descriptor */

/* Of the environment; never seen by the application. */
#define HANDOVER_VARIABLE "GREENCORN_HANDOVER"

struct handover_socket {
	int fd;
	char address[HANDOVER_ADDRESS_MAX]; /* the setting: its identity */
};

struct handover {
	struct handover_socket listeners[HERITAGE_LISTENERS_MAX];
	unsigned n_listeners;
	struct handover_socket admin; /* fd -1: none */
	unsigned n_activated;         /* sockets of systemd: fd://3 and on */
	int board;                    /* under init: its descriptors; else -1 */
	int board_bell;
	int init_link;   /* the arbiter's end; -1: no init */
	bool background; /* we are a daemon: a terminal was left */
	pid_t old;       /* the arbiter that still serves; 0: none */
};

/* Nothing to take over. */
void handover_init(struct handover *ho);

/*
 * From the environment, whose variables are removed: ours, and those of
 * systemd's socket activation. What was not meant for this process, or whose
 * descriptors are not there, counts as nothing.
 */
void handover_from_env(struct handover *ho);
/*
 * In a fresh child, before exec: sets the variable, and lets the descriptors
 * cross. 0, -E_TOO_LONG or -E_SYSTEM.
 */
int handover_to_env(const struct handover *ho);
/* The same for a server that starts from the beginning, as a daemon. */
int handover_background(void);

/* --- between arbiter and init; see init.h --- */

/* The arbiter tells init what listeners there are. 0 or -E_*. */
int handover_keep(const struct handover *ho);
/* The arbiter asks init for a successor by exec, and may end. */
int handover_ask(const struct handover *ho);
/* The arbiter serves: its executable is a good one. */
int handover_proven(const struct handover *ho);

/* What init has heard. */
struct handover_news {
	bool asked; /* for a successor */
	bool proven;
};

/* init: reads what has come on fd, its end; descriptors go to ho. */
struct handover_news handover_hear(int fd, struct handover *ho);

#endif
