/*
 * python: the interpreter inside the processes that have one: its start, the
 * configuration file, the application's loading, forks, threads, exceptions.
 *
 * python_gil: the only place that takes and drops the GIL. No Python.h here,
 * so that every file may include it.
 */
#ifndef PYTHON_PYTHON_GIL_H
#define PYTHON_PYTHON_GIL_H

#include <stdbool.h>

/*
 * Around what may block. Pairs on one thread: drop needs the GIL, take needs
 * that this thread dropped it. errno is kept by both.
 */
void python_gil_drop(void);
void python_gil_take(void);

/*
 * A thread made by C becomes one of Python's, and holds the GIL afterwards.
 * 0 or -E_NOMEM. It may drop and take from then on.
 */
int python_gil_attach(void);
/* Ends that; needs the GIL, which is free afterwards. */
void python_gil_detach(void);

/*
 * From here on dropped is called by each thread that has let go of the GIL,
 * with the address of the place where it did, and wanted before it takes it
 * again. Neither may call Python or change errno. NULL: not any more.
 */
void python_gil_watch(void (*dropped)(const void *site), void (*wanted)(void));

/* This thread holds the GIL. */
bool python_gil_held(void);
/* Some thread holds it: just now, for this needs nothing. */
bool python_gil_busy(void);

#endif
