/*
 * role: what a process is. One row a role (roles.c); everything that a child
 * keeps of its parent is in struct heritage; entering a role is the same few
 * steps for all of them.
 */
#ifndef ROLE_ROLE_H
#define ROLE_ROLE_H

#include <stdbool.h>
#include <sys/types.h>

struct heritage;

enum role_name {
	ROLE_NONE,
	ROLE_ARBITER,
	ROLE_ADMIN,
	ROLE_TEMPLATE,
	ROLE_WORKER,
	ROLE_DIRTY_ARBITER,
	ROLE_DIRTY_TEMPLATE,
	ROLE_DIRTY_WORKER,
	ROLE_MAX,
};

struct role {
	const char *title;     /* as the process title says it: "worker" */
	enum role_name parent; /* who forks it */
	/* Runs until the process should end; returns its exit status. */
	int (*run)(struct heritage *h);
	/* Python, before the first fork (templates): 0 or -E_*. */
	int (*preload)(struct heritage *h);
	bool has_python; /* forked from a template, never from the arbiter */
};

/* Filled by roles.c, the only file that knows every role. */
extern const struct role roles[ROLE_MAX];

/*
 * Forks a process of a role without Python, from a process without Python.
 * The child enters the role, runs it and exits with its status. Returns the
 * child's pid, or -E_SYSTEM. h->row must be the row of the child; it closes
 * h->listeners and, but for ROLE_ADMIN, h->admin_listener.
 */
pid_t role_start(enum role_name name, struct heritage *h);

/* Asks for the end with the arbiter's; again after a change of the user. */
void role_watch_parent(enum role_name name, const struct heritage *h);

/*
 * Makes the calling process one of that role: pid in its row and in log
 * lines, default signals and an empty mask (before: all blocked), the title,
 * death signal and descriptors. The first thing that a fresh child does.
 */
void role_enter(enum role_name name, struct heritage *h);

/* This process's, once it has entered its role; else NULL. */
const struct heritage *role_heritage(void);

#endif
