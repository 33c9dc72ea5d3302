/*
 * python_log: Python's logger gunicorn.error leads to the server's log, in its
 * format and at its level; gunicorn.access to the access log, where there is
 * one.
 */
#ifndef PYTHON_PYTHON_LOG_H
#define PYTHON_PYTHON_LOG_H

#include "base/log.h"
#include "base/str.h"

/*
 * Before the first code that may log; again when the level has changed. Does
 * not import logging. Needs the GIL. 0, or -E_PYTHON after the reason was
 * logged.
 */
int python_log_start(void);

/* A line of another process, which gunicorn.error handles. Needs the GIL. */
void python_log_line(enum log_level level, int pid, struct str text);

/*
 * Starts a thread of Python that gives the lines of the ring (sys/log_ring.h)
 * to gunicorn.error. Needs the GIL. 0, or -E_PYTHON after the reason was
 * logged.
 */
int python_log_read_ring(void);

/* Where metrics go that applications send by worker.log; before: nowhere. */
void python_log_set_metric(
    void (*put)(struct str name, struct str value, struct str type));

/* Where the lines of gunicorn.access go from now on; before that: nowhere. */
void python_log_set_access(void (*put)(struct str text));

#endif
