/*
 * python_error: the Python exception that is set, as text, into the log, or
 * told apart. All need the GIL; all but kind take the exception away.
 */
#ifndef PYTHON_PYTHON_ERROR_H
#define PYTHON_PYTHON_ERROR_H

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"

/* No traceback is longer; of a longer one the middle is left out. */
#define PYTHON_ERROR_TEXT_MAX (64 * 1024)

enum python_error_kind {
	PYTHON_ERROR_NONE,      /* no exception is set */
	PYTHON_ERROR_EXIT,      /* SystemExit */
	PYTHON_ERROR_INTERRUPT, /* KeyboardInterrupt */
	PYTHON_ERROR_IMPORT,    /* ImportError */
	PYTHON_ERROR_OTHER,
};

enum python_error_kind python_error_kind(void);

/* The status that a SystemExit that is set asks for; 1 for a message. */
int python_error_exit_status(void);

/*
 * Appends the exception with its whole traceback, lines ended by '\n', as far
 * as out has room. Nothing when no exception is set.
 */
void python_error_text(struct buf *out);

/* The same in one line, without traceback: "ValueError: no". No '\n'. */
void python_error_line(struct buf *out);

/* Each line of the traceback becomes a log line. */
void python_error_log(enum log_level level);

#endif
