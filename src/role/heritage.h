/*
 * heritage: all that a child process keeps of its parent. What is not here
 * does not cross a fork.
 */
#ifndef ROLE_HERITAGE_H
#define ROLE_HERITAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

#define HERITAGE_LISTENERS_MAX 32
#define HERITAGE_ADDRESS_MAX 110
#define HERITAGE_CONTROLS 9
/* Rows of the board whose process others can wake; workers beyond do without */
#define HERITAGE_BELLS 64

struct board;
struct handover;
struct config;
struct config_draft;

struct heritage {
	struct board *board;
	unsigned row; /* the process's own row of the board */
	int role;     /* enum role_name; by role_enter */

	/* Values of the environment and the command line; read-only. */
	const struct config_draft *draft;
	/* Shared mapping into which the arbiter freezes this generation. */
	void *config_mem;
	size_t config_mem_len;
	/* The frozen configuration; NULL in a template that still reads it. */
	const struct config *config;

	/* To accept from. At the start of a role: what its parent has open for
	 * itself, listeners and links, which the child closes. */
	int listeners[HERITAGE_LISTENERS_MAX];
	unsigned n_listeners;
	int admin_listener; /* -1: none */
	/* The control socket and its clients: every child closes them. */
	int controls[HERITAGE_CONTROLS];
	unsigned n_controls;

	/* For workers, by rows: rung to say "you accept" (eventfds). */
	int bells[HERITAGE_BELLS];
	/* Requests that workers pass on, to those of the next generation
	 * too: ends to take from and to put into. Whoever has time takes. */
	int queue[2];

	/* Where dirty calls go ("": nowhere), and who takes them there: the
	 * dirty arbiter's listener, or -1. */
	char dirty_address[HERITAGE_ADDRESS_MAX];
	int dirty_listener;
	/* The tree's own way there: the end at which the dirty arbiter takes
	 * links (its and the arbiter's only), and that through which any
	 * process passes one; -1: none. */
	int dirty_door[2];
	/* A dirty worker's: to its arbiter, and its applications, a line each
	 * (in the template's inbox). */
	int dirty_link;
	struct str dirty_apps;

	/* What a successor of the arbiter takes over. The arbiter's only. */
	struct handover *handover;
	bool under_init; /* there will be one, whatever happens to it */

	int link;            /* to the arbiter (templates), or -1 */
	unsigned generation; /* of the configuration, from 1 */
	unsigned age;        /* how many workers were forked before this one */
	pid_t arbiter_pid;
	const char *server; /* "greencorn", or "gunicorn" when called so */
	const char *name;   /* of the application, for process titles */

	int argc; /* as the kernel gave them */
	char **argv;
};

#endif
