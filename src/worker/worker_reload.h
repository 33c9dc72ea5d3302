/*
 * worker_reload: the setting reload: a thread of Python in a worker that
 * watches files (greencorn._reload) and asks the arbiter for a reload.
 */
#ifndef WORKER_WORKER_RELOAD_H
#define WORKER_WORKER_RELOAD_H

struct heritage;

/*
 * Starts it if it is wished for; with the application loaded, and the GIL.
 * That it cannot be started is logged, and no more.
 */
void worker_reload_start(const struct heritage *h);

#endif
