/*
 * worker_class: the table of worker classes, by their settings' names.
 */
#ifndef WORKER_WORKER_CLASS_H
#define WORKER_WORKER_CLASS_H

#include "worker/worker.h"

struct worker_class {
	const char *name;
	/* The executor for w, not started; NULL without memory. Lives as
	 * long as the process. */
	struct executor *(*create)(struct worker_process *w);
};

/* The row of that name, or NULL. */
const struct worker_class *worker_class_find(const char *name);

struct executor *worker_sync_create(struct worker_process *w);
struct executor *worker_gthread_create(struct worker_process *w);

#endif
