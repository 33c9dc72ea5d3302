/*
 * log_out: where log lines go: standard error, by log_write of base/log.h.
 *
 * A reader that does not read may cost the writer 100 ms once; from then on
 * lines are dropped and counted, without waiting, until it reads again, when
 * one line says how many were lost. A closed or full standard error loses
 * lines and does nothing else.
 */
#ifndef SYS_LOG_OUT_H
#define SYS_LOG_OUT_H

#include <stdint.h>

/* How long a line waits for the reader, in milliseconds. */
#define LOG_OUT_WAIT_MS 100

/* Fills log_write and ignores SIGPIPE. Calling it again is fine. */
void log_out_start(void);

/* Lines that this process has lost so far. */
uint64_t log_out_dropped(void);

#endif
