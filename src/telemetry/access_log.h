/*
 * access_log: a line per answered request, to standard output or a file.
 *
 * Lines are collected in memory and written by a thread of the log's own,
 * which holds no Python and no lock while it writes: once a second, sooner
 * when much has come, and at the end. Whoever ends a request only copies a
 * line. When the file or its reader takes nothing for so long that the memory
 * is full, lines are dropped and counted, and one line of the error log says
 * how many; a full disk loses lines and does nothing else.
 *
 * Requests that are refused before they are requests (a head that is none, or
 * too late) have no line, as in Gunicorn: the error log tells of them.
 *
 * One per process.
 */
#ifndef TELEMETRY_ACCESS_LOG_H
#define TELEMETRY_ACCESS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct config;
struct request;

/* Lines wait here: in all no more than twice that. */
#define ACCESS_LOG_ROOM ((size_t)256 << 10)

/*
 * Begins, where accesslog asks for it. 0; 1: it is off; -E_SYSTEM (errno: the
 * file cannot be opened, or no thread be made) or -E_NOMEM.
 */
int access_log_start(const struct config *cfg);

/* What of a request must be noted for it: see struct request. */
bool access_log_wants_us(void);
bool access_log_wants_fields(void);
const struct str *access_log_wants_environ(void);

/* req has its answer, or will have none. Any thread; never blocks. */
void access_log_request(const struct request *req);

/*
 * A text that was made elsewhere (Python's logger gunicorn.access): each line
 * of it is one, as it is; as JSON it is an object. Any thread; never blocks.
 */
void access_log_text(struct str text);

/*
 * Whoever rotates logs has moved the file away: the next lines go to a new
 * one. In handlers of signals, too.
 */
void access_log_reopen(void);

/* Writes what waits, for a second at most. Nothing is logged any more. */
void access_log_stop(void);

/*
 * The process ends at once, in a handler of a signal: what can be written
 * without waiting is.
 */
void access_log_last_words(void);

/* In a forked child: what waits is its parent's, and so is the log. */
void access_log_forget(void);

/* Lines dropped so far. */
uint64_t access_log_lost(void);

#endif
