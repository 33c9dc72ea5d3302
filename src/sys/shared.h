/*
 * shared: memory that several of our processes see: inherited by fork, or
 * passed on as a descriptor.
 */
#ifndef SYS_SHARED_H
#define SYS_SHARED_H

#include <stddef.h>

struct shared {
	void *mem;
	size_t len;
	int fd; /* memfd (close-on-exec), sealed against resizing; or -1 */
};

/*
 * len bytes of zeros. Where the kernel has no memfd, fd is -1 and the memory
 * can only be inherited. name shows in /proc. 0, -E_NOMEM or -E_SYSTEM.
 */
int shared_create(struct shared *s, const char *name, size_t len);

/*
 * Maps what fd holds, all of it, at least min bytes. On success s owns fd.
 * 0, -E_BAD_VALUE (too small, or not sealed: it could shrink under us) or
 * -E_SYSTEM.
 */
int shared_open(struct shared *s, int fd, size_t min);

/*
 * From here on this process can only read it: a write faults, and the
 * descriptor is closed. 0 or -E_SYSTEM.
 */
int shared_read_only(struct shared *s);

/* Unmaps and closes; nothing happens when it was never created. */
void shared_finish(struct shared *s);

#endif
