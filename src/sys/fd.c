/*
 * Descriptors, by read and write, eventfd and timerfd. Every role.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/fd.h"

#include "base/banned.h"

void
fd_close(int fd)
{
	int saved = errno;

	/* Linux frees the number even when it reports an error. */
	if (fd >= 0)
		(void)close(fd);
	errno = saved;
}

static int
add_flag(int fd, int get, int set, int flag)
{
	int flags = fcntl(fd, get);

	if (flags < 0)
		return -E_SYSTEM;
	if ((flags & flag) == 0 && fcntl(fd, set, flags | flag) < 0)
		return -E_SYSTEM;
	return 0;
}

int
fd_nonblock(int fd)
{
	return add_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK);
}

int
fd_block(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return -E_SYSTEM;
	return 0;
}

int
fd_copy(int fd)
{
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -E_SYSTEM : fd;
}

int
fd_cloexec(int fd)
{
	return add_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC);
}

int
fd_inherit(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0 || fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC) < 0)
		return -E_SYSTEM;
	return 0;
}

unsigned
fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX)
		return INT_MAX;
	return (unsigned)limit.rlim_cur;
}

int
fd_error(void)
{
	switch (errno) {
	case EAGAIN:
		return -E_AGAIN;
	case EPIPE:
	case ECONNRESET:
	case ECONNABORTED:
	case ENOTCONN:
	case ESHUTDOWN:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
		return -E_GONE;
	default:
		return -E_SYSTEM;
	}
}

ssize_t
fd_read(int fd, void *mem, size_t n)
{
	ssize_t got;

	do
		got = read(fd, mem, n);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return -E_EOF;
	return got < 0 ? fd_error() : got;
}

ssize_t
fd_write(int fd, struct str s)
{
	ssize_t put;

	do
		put = write(fd, s.ptr, s.len);
	while (put < 0 && errno == EINTR);
	return put < 0 ? fd_error() : put;
}

int
fd_event(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -E_SYSTEM : fd;
}

void
fd_event_ring(int fd)
{
	int saved = errno;
	const uint64_t one = 1;

	/* Full means that it is readable already, which is all we want. */
	(void)!write(fd, &one, sizeof(one));
	errno = saved;
}

void
fd_event_heard(int fd)
{
	uint64_t count;

	/* Empty: somebody else heard it, or nobody rang. */
	(void)!read(fd, &count, sizeof(count));
}

int
fd_timer(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	return fd < 0 ? -E_SYSTEM : fd;
}

int
fd_timer_start(int fd, uint64_t ms)
{
	struct itimerspec t = { 0 };

	if (ms == 0)
		ms = 1;
	t.it_value.tv_sec = (time_t)(ms / 1000);
	t.it_value.tv_nsec = (long)(ms % 1000) * 1000000;
	return timerfd_settime(fd, 0, &t, NULL) < 0 ? -E_SYSTEM : 0;
}

void
fd_timer_heard(int fd)
{
	fd_event_heard(fd);
}
