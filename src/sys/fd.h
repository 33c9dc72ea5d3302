/*
 * fd: descriptors of any kind: closing, reading, writing, and the two kinds
 * that are only signals (events and timers). All are opened close-on-exec.
 */
#ifndef SYS_FD_H
#define SYS_FD_H

#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

/* Closes fd; -1 is fine. errno is left as it was. */
void fd_close(int fd);

/* 0 or -E_SYSTEM. Whoever else has the same open file sees it too. */
int fd_nonblock(int fd);
int fd_block(int fd);
int fd_cloexec(int fd);
/* Another number for the same open file, close-on-exec; or -E_SYSTEM. */
int fd_copy(int fd);
/* It crosses an exec from now on. 0 or -E_SYSTEM. */
int fd_inherit(int fd);

/*
 * Up to n bytes. Returns how many (never 0), -E_EOF, -E_AGAIN, -E_GONE (the
 * other side has reset) or -E_SYSTEM. A signal does not end it.
 */
ssize_t fd_read(int fd, void *mem, size_t n);
/* Returns how many of s were written, -E_AGAIN, -E_GONE or -E_SYSTEM. */
ssize_t fd_write(int fd, struct str s);

/* How many descriptors this process may have. */
unsigned fd_limit(void);

/* -errno's place among our errors, for what a stream's call can fail with. */
int fd_error(void);

/* A counter to wake somebody with, non-blocking; or -E_SYSTEM. */
int fd_event(void);
/* Makes it readable. Never blocks; any thread; async-signal-safe. */
void fd_event_ring(int fd);
/* Takes note of all rings until now. */
void fd_event_heard(int fd);

/* A timer, not running, non-blocking; or -E_SYSTEM. */
int fd_timer(void);
/* Readable once in ms from now, at least 1. 0 or -E_SYSTEM. */
int fd_timer_start(int fd, uint64_t ms);
/* Takes note of its having run out. */
void fd_timer_heard(int fd);

#endif
