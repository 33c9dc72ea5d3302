/*
 * Messages over SOCK_SEQPACKET. All roles that talk to one another.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/error.h"
#include "sys/message.h"

#include "base/banned.h"

/* Both ends are of the same program: no byte order, no versions. */
struct head {
	uint32_t magic;
	uint32_t type;
	uint32_t len;
	uint32_t n_fds;
};

#define MAGIC 0x67636d31

union control {
	char mem[CMSG_SPACE(MESSAGE_FDS_MAX * sizeof(int))];
	struct cmsghdr align;
};

int
message_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, ends) < 0)
		return -E_SYSTEM;
	return 0;
}

static void
attach_fds(struct msghdr *h, union control *c, const struct message *m)
{
	struct cmsghdr *cm;

	if (m->n_fds == 0)
		return;
	h->msg_control = c;
	h->msg_controllen = CMSG_SPACE(m->n_fds * sizeof(int));
	cm = CMSG_FIRSTHDR(h);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(m->n_fds * sizeof(int));
	memcpy(CMSG_DATA(cm), m->fds, m->n_fds * sizeof(int));
}

/* poll for what to do next: 0 ready, -E_TIMEOUT, -E_SYSTEM. */
static int
wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n = poll(&p, 1, timeout_ms);

	/* All signals are blocked or the time is short: no second round. */
	if (n < 0)
		return errno == EINTR ? -E_TIMEOUT : -E_SYSTEM;
	return n == 0 ? -E_TIMEOUT : 0;
}

static int
send_once(int fd, const struct msghdr *h)
{
	ssize_t n;

	do
		n = sendmsg(fd, h, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	switch (errno) {
	case EAGAIN:
	case ENOBUFS:
		return -E_TIMEOUT;
	case EPIPE:
	case ECONNRESET:
		return -E_EOF;
	case EMSGSIZE:
		return -E_TOO_LONG;
	default:
		return -E_SYSTEM;
	}
}

int
message_send(int fd, const struct message *m, int timeout_ms)
{
	struct head head = {
		.magic = MAGIC,
		.type = m->type,
		.len = (uint32_t)m->body.len,
		.n_fds = m->n_fds,
	};
	/* sendmsg reads only; iovec has no const. */
	struct iovec io[2] = { { &head, sizeof(head) } };
	struct msghdr h = { .msg_iov = io, .msg_iovlen = 2 };
	union control control = { .mem = { 0 } };
	int rc;

	if (m->body.len > MESSAGE_MAX || m->n_fds > MESSAGE_FDS_MAX)
		return -E_TOO_LONG;
	memcpy(&io[1].iov_base, &m->body.ptr, sizeof(io[1].iov_base));
	io[1].iov_len = m->body.len;
	attach_fds(&h, &control, m);
	rc = send_once(fd, &h);
	if (rc != -E_TIMEOUT || timeout_ms == 0)
		return rc;
	rc = wait_for(fd, POLLOUT, timeout_ms);
	return rc < 0 ? rc : send_once(fd, &h);
}

/* Collects all descriptors that came; closes those beyond our maximum. */
static void
take_fds(struct msghdr *h, struct message *m)
{
	struct cmsghdr *cm;
	size_t i, n;
	int fd;

	m->n_fds = 0;
	for (cm = CMSG_FIRSTHDR(h); cm != NULL; cm = CMSG_NXTHDR(h, cm)) {
		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(
			    &fd, CMSG_DATA(cm) + i * sizeof(int), sizeof(fd));
			if (m->n_fds < MESSAGE_FDS_MAX)
				m->fds[m->n_fds++] = fd;
			else
				(void)close(fd);
		}
	}
}

static int
check(const struct head *head, size_t n, const struct msghdr *h,
    const struct message *m)
{
	if ((h->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		return -E_PROTOCOL;
	if (n < sizeof(*head) || head->magic != MAGIC)
		return -E_PROTOCOL;
	if (head->len != n - sizeof(*head) || head->n_fds != m->n_fds)
		return -E_PROTOCOL;
	return 1;
}

int
message_recv(int fd, char *mem, struct message *m)
{
	struct head head = { 0 };
	struct iovec io[2] = {
		{ &head, sizeof(head) },
		{ mem, MESSAGE_MAX },
	};
	union control control;
	struct msghdr h = {
		.msg_iov = io,
		.msg_iovlen = 2,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;
	int rc;

	m->n_fds = 0;
	do
		n = recvmsg(fd, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == ECONNRESET)
		return -E_EOF;
	if (n < 0)
		return errno == EAGAIN ? -E_AGAIN : -E_SYSTEM;
	take_fds(&h, m);
	/* Every message has a head, so that nothing is the end. */
	rc = n == 0 ? -E_EOF : check(&head, (size_t)n, &h, m);
	if (rc < 0) {
		message_close_fds(m);
		return rc;
	}
	m->type = head.type;
	m->body = (struct str){ mem, head.len };
	return 1;
}

int
message_wait(int fd, char *mem, struct message *m, int timeout_ms)
{
	int rc = message_recv(fd, mem, m);

	if (rc != -E_AGAIN)
		return rc;
	rc = wait_for(fd, POLLIN, timeout_ms);
	if (rc < 0)
		return rc;
	rc = message_recv(fd, mem, m);
	return rc == -E_AGAIN ? -E_TIMEOUT : rc;
}

void
message_close_fds(struct message *m)
{
	unsigned i;

	CHECK(m->n_fds <= MESSAGE_FDS_MAX);
	for (i = 0; i < m->n_fds; i++)
		if (m->fds[i] >= 0)
			(void)close(m->fds[i]);
	m->n_fds = 0;
}
