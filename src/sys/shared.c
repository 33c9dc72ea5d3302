/*
 * Shared memory: a sealed memfd, or anonymous memory. Made by the arbiter
 * before its first child; others map or inherit it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/shared.h"

#include "base/banned.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

static int
map(struct shared *s, int fd, size_t len)
{
	int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (mem == MAP_FAILED)
		return errno == ENOMEM ? -E_NOMEM : -E_SYSTEM;
	*s = (struct shared){ .mem = mem, .len = len, .fd = fd };
	return 0;
}

/* A memfd of that size that never changes it; -E_SYSTEM. */
static int
sealed_fd(const char *name, size_t len)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -E_SYSTEM;
	if (ftruncate(fd, (off_t)len) == 0 &&
	    fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) == 0)
		return fd;
	(void)close(fd);
	return -E_SYSTEM;
}

int
shared_create(struct shared *s, const char *name, size_t len)
{
	int fd, rc;

	fd = sealed_fd(name, len);
	if (fd < 0)
		return map(s, -1, len);
	rc = map(s, fd, len);
	if (rc < 0)
		(void)close(fd);
	return rc;
}

int
shared_open(struct shared *s, int fd, size_t min)
{
	struct stat st;
	int seals;

	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & SEALS) != SEALS)
		return -E_BAD_VALUE;
	if (fstat(fd, &st) < 0)
		return -E_SYSTEM;
	if (st.st_size <= 0 || (size_t)st.st_size < min)
		return -E_BAD_VALUE;
	return map(s, fd, (size_t)st.st_size);
}

int
shared_read_only(struct shared *s)
{
	if (mprotect(s->mem, s->len, PROT_READ) < 0)
		return -E_SYSTEM;
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	return 0;
}

void
shared_finish(struct shared *s)
{
	if (s->mem == NULL)
		return;
	(void)munmap(s->mem, s->len);
	if (s->fd >= 0)
		(void)close(s->fd);
	*s = (struct shared){ .fd = -1 };
}
