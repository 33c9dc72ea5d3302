/*
 * log_ring: lines of this process on their way to Python's loggers, for
 * configurations that give those handlers of their own. Threads that may have
 * no Python put lines in; one thread of Python takes them out. What does not
 * fit is written as if there were no ring, so that nothing is lost and nobody
 * waits. What Python's loggers write does not come here again.
 */
#ifndef SYS_LOG_RING_H
#define SYS_LOG_RING_H

#include <stddef.h>

#include "base/log.h"

#define LOG_RING_TEXT_MAX 32768

/* A line, or a traceback of not too many. */
struct log_ring_line {
	enum log_level level;
	size_t len;
	char text[LOG_RING_TEXT_MAX];
};

/* Lines go into the ring from now on. 0, -E_NOMEM or -E_SYSTEM. */
int log_ring_start(void);

/*
 * Takes the oldest line: 1; 0: none came within timeout_ms; -E_EOF: none will
 * come any more. Only with the next call it is gone from the ring: then it has
 * been written. One thread only, without the GIL.
 */
int log_ring_take(struct log_ring_line *line, int timeout_ms);

/*
 * No more go in; gives the reader wait_ms to take what is there, then writes
 * the rest. That it was never started is fine.
 */
void log_ring_end(int wait_ms);
/* In a forked child, which has no reader. */
void log_ring_forget(void);

#endif
