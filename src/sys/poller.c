/*
 * The epoll set. Workers and admin.
 */
#include <errno.h>
#include <sys/epoll.h>

#include "base/error.h"
#include "sys/poller.h"

#include "base/banned.h"

static const struct {
	unsigned ours;
	uint32_t theirs;
} names[] = {
	{ POLLER_IN, EPOLLIN },
	{ POLLER_OUT, EPOLLOUT },
	{ POLLER_HALF, EPOLLRDHUP },
	{ POLLER_ERROR, EPOLLERR | EPOLLHUP },
	{ POLLER_EDGE, EPOLLET },
	{ POLLER_EXCLUSIVE, EPOLLEXCLUSIVE },
};

#define N_NAMES (sizeof(names) / sizeof(names[0]))

static uint32_t
to_epoll(unsigned events)
{
	uint32_t out = 0;

	for (unsigned i = 0; i < N_NAMES; i++)
		if ((events & names[i].ours) != 0)
			out |= names[i].theirs;
	return out;
}

static unsigned
from_epoll(uint32_t events)
{
	unsigned out = 0;

	for (unsigned i = 0; i < N_NAMES; i++)
		if ((events & names[i].theirs) != 0)
			out |= names[i].ours;
	return out;
}

int
poller_open(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	return fd < 0 ? -E_SYSTEM : fd;
}

static int
control(int poller, int op, int fd, unsigned events, uint64_t cookie)
{
	struct epoll_event e = { .events = to_epoll(events) };

	e.data.u64 = cookie;
	return epoll_ctl(poller, op, fd, &e) < 0 ? -E_SYSTEM : 0;
}

int
poller_add(int poller, int fd, unsigned events, uint64_t cookie)
{
	return control(poller, EPOLL_CTL_ADD, fd, events, cookie);
}

int
poller_change(int poller, int fd, unsigned events, uint64_t cookie)
{
	return control(poller, EPOLL_CTL_MOD, fd, events, cookie);
}

void
poller_remove(int poller, int fd)
{
	(void)control(poller, EPOLL_CTL_DEL, fd, 0, 0);
}

int
poller_wait(int poller, struct poller_event *ev, int timeout_ms)
{
	struct epoll_event raw[POLLER_BATCH];
	int n = epoll_wait(poller, raw, POLLER_BATCH, timeout_ms);

	if (n < 0)
		return errno == EINTR ? 0 : -E_SYSTEM;
	for (int i = 0; i < n; i++)
		ev[i] = (struct poller_event){
			.cookie = raw[i].data.u64,
			.events = from_epoll(raw[i].events),
		};
	return n;
}
