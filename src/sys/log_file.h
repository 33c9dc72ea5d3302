/*
 * log_file: a file that lines are appended to, and that others may move away
 * and want made anew (log rotation).
 */
#ifndef SYS_LOG_FILE_H
#define SYS_LOG_FILE_H

#include <sys/types.h>

#include "base/str.h"

/*
 * Opens path to append to, made when it is not there, close-on-exec: the
 * descriptor, or -E_SYSTEM.
 */
int log_file_open(const char *path);

/*
 * Makes fd the file that path names now; whoever writes to it meanwhile
 * writes to one of both. 0; -E_SYSTEM: it stays as it was. Any thread,
 * async-signal-safe.
 */
int log_file_reopen(int fd, const char *path);

/*
 * Writes whole lines, as far as the reader takes them: what goes into a pipe
 * goes in pieces that no other writer's can come between. Waits at most
 * wait_ms for a reader that does not read, where poll(2) can tell. Returns
 * the bytes written, which may end within a line, or -E_SYSTEM.
 */
ssize_t log_file_write(int fd, struct str lines, int wait_ms);

#endif
