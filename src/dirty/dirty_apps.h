/*
 * dirty_apps: the applications of the setting dirty_apps, and which of them a
 * new worker gets. Pure.
 */
#ifndef DIRTY_DIRTY_APPS_H
#define DIRTY_DIRTY_APPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/str.h"

#define DIRTY_APPS_MAX 256

struct dirty_app {
	struct str path;     /* MODULE:CLASS */
	unsigned limit;      /* workers that hold it; 0: all */
	bool limit_given;    /* in the setting: the class has no say */
	bool limit_known;    /* given, or a worker has imported the class */
	unsigned n_holders;  /* workers that hold it, or will when they boot */
	unsigned n_ready;    /* those that take calls */
	struct list queue;   /* calls that wait, oldest first */
	unsigned last_age;   /* of the worker that got the last call */
	unsigned n_failures; /* to make it, in a row; then only a probe tries */
	uint64_t again_ms;   /* when one may */
};

/* Which of all applications. */
struct dirty_apps_set {
	bool has[DIRTY_APPS_MAX];
	unsigned n;
};

/* MODULE:CLASS or MODULE:CLASS:N. 0 or -E_BAD_VALUE; the queue is not made. */
int dirty_apps_parse(struct str spec, struct dirty_app *app);

/* Those that still want a holder, and can be made as far as is known. */
void dirty_apps_wanting(
    const struct dirty_app *apps, unsigned n, struct dirty_apps_set *set);
/* Takes out of the set what could not be made. */
void dirty_apps_leave_out(
    const struct dirty_app *apps, unsigned n, struct dirty_apps_set *set);
/* Some class is being imported, and only then is it known who gets it. */
bool dirty_apps_asking(const struct dirty_app *apps, unsigned n);
/* Fewer of so many workers hold it than it asks for. */
bool dirty_apps_lacks(const struct dirty_app *app, unsigned n_workers);

/* The one of that path, or NULL. */
struct dirty_app *
dirty_apps_find(struct dirty_app *apps, unsigned n, struct str path);

/* As few workers as the largest limit asks for, at least 1. */
unsigned dirty_apps_least(const struct dirty_app *apps, unsigned n);

#endif
