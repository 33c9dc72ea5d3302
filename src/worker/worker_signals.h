/*
 * worker_signals: what signals mean to a worker. Handlers only set a word
 * and wake the reactor; what must end a process that is stuck ends it there.
 */
#ifndef WORKER_WORKER_SIGNALS_H
#define WORKER_WORKER_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

struct reactor;

/*
 * Installs the handlers; r is woken by them. After TERM the process ends
 * within graceful_ms and two seconds, whatever it does; within two seconds as
 * long as it does not serve. Once per process.
 */
void worker_signals_start(struct reactor *r, uint64_t graceful_ms);
/* From here on there may be something to finish. */
void worker_signals_serve(void);

/*
 * Leaves as INT, QUIT or ABRT say, once their hooks have run; returns in the
 * handler of ABRT only.
 */
void worker_signals_end(int sig);

/* As if TERM had come: the application has asked to end. */
void worker_signals_leave(void);

/* Logs have been reopened since this was asked last: Python has some, too. */
bool worker_signals_reopened(void);

/* TERM has come: finish what runs, then leave. */
bool worker_signals_draining(void);

#endif
