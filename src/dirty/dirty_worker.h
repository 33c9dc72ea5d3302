/*
 * dirty_worker: a process that runs long calls. What is Python in it is
 * greencorn._dirty_worker.
 */
#ifndef DIRTY_DIRTY_WORKER_H
#define DIRTY_DIRTY_WORKER_H

struct heritage;

/*
 * The role's run, in a fork of the dirty arbiter's template, with the GIL
 * held. Returns the exit status.
 */
int dirty_worker_run(struct heritage *h);

/*
 * The role's preload, in the template: applications load what their objects
 * share. 0 or the exit status; what one of them raises is logged, and its
 * worker's to try again.
 */
int dirty_worker_preload(struct heritage *h);

#endif
