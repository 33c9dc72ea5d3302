/*
 * worker: an HTTP worker's life: load the application, serve, drain, leave.
 * Its classes (sync now) are executors that differ in who calls the
 * application; everything else is the same for all of them.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "http/seams.h"

struct heritage;
struct reactor;

/* What the executors may know of the worker they run in. */
struct worker_process {
	struct heritage *h;
	const struct config *cfg;
	struct reactor *reactor;
	const struct gateway_ops *gateway;
	struct executor *executor;
	void *app;             /* strong reference, the gateway's to call */
	int turn_ms;           /* so often it gives a sign of life, at least */
	uint64_t requests_max; /* then it asks for a successor; 0: never */
};

/* The role's run: returns the exit status (0; 3 boot; 4 application). */
int worker_run(struct heritage *h);

/* It has served requests_max: it serves on until its successor does. */
void worker_retire(struct worker_process *w);

/* The role's preload, in the template: 0, or the status to exit with. */
int worker_preload(struct heritage *h);

#endif
