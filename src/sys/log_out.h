/*
 * log_out: where log lines go, by log_write of base/log.h: standard error, or
 * a file.
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

/*
 * From now on lines go to the file of that path, which is looked for in dir
 * when it is relative (dir may be empty); "-": to standard error. 0;
 * -E_SYSTEM or -E_TOO_LONG: all stays as it was.
 */
int log_out_open(const char *dir, const char *path);

/* Where they go now: for what writes without this. */
int log_out_fd(void);

/* What is written to standard output and error goes to the file, too. */
void log_out_capture(void);

/*
 * The file has been moved away: makes a new one. 0, or -E_SYSTEM: lines go on
 * to the old one. Any thread, async-signal-safe.
 */
int log_out_reopen(void);

/* Lines that this process has lost so far. */
uint64_t log_out_dropped(void);

#endif
