/*
 * python_log: Python's loggers gunicorn.error and gunicorn.access lead to the
 * server's log, in its format and at its level.
 */
#ifndef PYTHON_PYTHON_LOG_H
#define PYTHON_PYTHON_LOG_H

/*
 * Before the first code that may log; again when the level has changed. Does
 * not import logging. Needs the GIL. 0, or -E_PYTHON after the reason was
 * logged.
 */
int python_log_start(void);

#endif
