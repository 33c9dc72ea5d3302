/*
 * systemd: what a service manager is told over NOTIFY_SOCKET: READY when
 * workers serve, RELOADING until a reload has replaced them, STOPPING, signs
 * of life for its watchdog, and who goes on when we have a successor. Run by
 * the arbiter. Nobody waits for it: a datagram that has no room is lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/num.h"
#include "sys/fd.h"
#include "sys/sock.h"
#include "sys/sys_time.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

#define TEXT_MAX 160

static void
say(const struct arbiter *a, const char *text)
{
	if (a->systemd.fd < 0)
		return;
	if (send(a->systemd.fd, text, strlen(text),
		MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_errno(EV_ARBITER_NOTIFY);
}

/* The number in that variable, or 0. */
static uint64_t
variable(const char *name)
{
	const char *text = getenv(name);
	uint64_t n;

	if (text == NULL || num_dec(str_of(text), INT64_MAX, &n) < 0)
		return 0;
	return n;
}

/* How often it wants to hear of us, in ms; 0: never. */
static uint64_t
watchdog(const struct arbiter *a)
{
	uint64_t us = variable("WATCHDOG_USEC");
	uint64_t pid = variable("WATCHDOG_PID");

	/* As PID 1 of a container, it is init that was meant. */
	if (us == 0 ||
	    (pid != 0 && pid != (uint64_t)getpid() && !a->h->under_init))
		return 0;
	us /= 2 * 1000; /* twice in that time */
	return us > 0 ? us : 1;
}

void
systemd_start(struct arbiter *a)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sock_addr addr;

	a->systemd.fd = -1;
	if (path == NULL || path[0] == '\0')
		return;
	a->systemd.watchdog_ms = watchdog(a);
	if (sock_unix(&addr, str_of(path)) == 0)
		a->systemd.fd = sock_dgram(&addr);
	if (a->systemd.fd >= 0 &&
	    connect(a->systemd.fd, &addr.any, addr.len) == 0)
		return;
	log_errno(EV_ARBITER_NOTIFY);
	fd_close(a->systemd.fd);
	a->systemd.fd = -1;
}

/* Once a turn. */
void
systemd_look(struct arbiter *a, uint64_t now)
{
	struct arbiter_systemd *s = &a->systemd;

	if (s->fd < 0 || a->stop != STOP_NONE)
		return;
	if (s->watchdog_ms != 0 && now >= s->watchdog_due_ms) {
		s->watchdog_due_ms = now + s->watchdog_ms;
		say(a, "WATCHDOG=1");
	}
	if (!s->ready && a->ready_logged) {
		s->ready = true;
		say(a, "READY=1\nSTATUS=Serving");
	}
	if (s->reloading && workers_settled(a)) {
		s->reloading = false;
		say(a, "READY=1\nSTATUS=Serving");
	}
}

uint64_t
systemd_due_ms(const struct arbiter *a)
{
	return a->systemd.fd < 0 ? 0 : a->systemd.watchdog_ms;
}

void
systemd_reloading(struct arbiter *a)
{
	char text[TEXT_MAX];

	if (!a->systemd.ready)
		return;
	a->systemd.reloading = true;
	snprintf(text, sizeof(text),
	    "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=Reloading",
	    (unsigned long long)time_us());
	say(a, text);
}

void
systemd_stopping(struct arbiter *a)
{
	char text[TEXT_MAX];

	if (a->new_pid == 0) {
		say(a, "STOPPING=1\nSTATUS=Stopping");
		return;
	}
	snprintf(text, sizeof(text), "MAINPID=%d", (int)a->new_pid);
	say(a, text);
}
