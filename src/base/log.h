/*
 * log: one event, one line, one write.
 *
 * An event is a row of events.def: level, name, Gunicorn's sentence as a
 * printf format, JSON keys for its arguments in the same order. As text the
 * line is "[2026-01-31 23:59:59 +0100] [pid] [LEVEL] sentence" in local time;
 * as JSON it is an object with the keys. Bytes that come from outside are
 * escaped here (control characters, quotes, invalid UTF-8), so no caller has
 * to.
 *
 * A line is at most LOG_LINE_MAX bytes; longer ones are cut and end in "...".
 * Never allocates, never fails, never blocks longer than log_write does;
 * errno is left as it was. Safe in every thread, not in signal handlers.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define LOG_LINE_MAX 8192

enum log_level {
	LOG_DEBUG,
	LOG_INFO,
	LOG_WARNING,
	LOG_ERROR,
	LOG_CRITICAL
};
enum log_format {
	LOG_TEXT,
	LOG_JSON
};

enum event {
#define EVENT(level, name, format, keys) EV_##name,
#include "base/events.def"
#undef EVENT
	EV_MAX,
	EV_TEXT,  /* for taps: a line of log_text */
	EV_WHOLE, /* several of its lines, as they came */
	EV_TOLD,  /* one of those, when some tap has taken them whole */
	EV_PYTHON,
};

/*
 * Writes the event's line when its level is at least the level set. The
 * arguments are those of the event's format (checked by the table's test):
 * %s for NUL-terminated text, %.*s for a str (STR_ARG), %d %u %ld %lu %zu.
 */
void log_event(enum event ev, ...);

/* The same with ": <strerror(errno)>" at the end (JSON: "error"). */
void log_errno(enum event ev, ...);

/*
 * A text that was made elsewhere (tracebacks): each line of it becomes one log
 * line of that level; as JSON it is one object, and of a text that is too long
 * for one the middle is left out.
 */
void log_text(enum log_level level, struct str text);
/* The same for what Python's loggers say. */
void log_python(enum log_level level, struct str text);
/* The same for what a tap has taken and cannot write: it is written here. */
void log_again(enum log_level level, struct str text);

void log_set_level(enum log_level level);
enum log_level log_get_level(void);
void log_set_format(enum log_format format);
/* The pid that stands in lines; set by whoever has just forked. */
void log_set_pid(int pid);

/* Level by Gunicorn's name ("info", any case), or -E_BAD_VALUE. */
int log_level_from(struct str name);

/*
 * Who else wants each line, without its stamp and without a newline: event is
 * that of a row, or one behind EV_MAX: a text of several lines is offered
 * whole, then each line. True: it is written there, and not here. Called in
 * whatever thread logs; must not log. Added before there are threads; adding
 * one again is fine.
 */
typedef bool log_tap(enum log_level level, enum event event, struct str text);
#define LOG_TAPS_MAX 8
void log_add_tap(log_tap *tap);

/* Writes n bytes out, in one go; filled by sys. Before that: nothing. */
extern void (*log_write)(const char *line, size_t n);

#endif
