/*
 * listening: the sockets that the server accepts on, opened once and kept
 * over reloads as long as the configuration names them. Run by the arbiter.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "net/listener.h"
#include "sys/fd.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

#define IN_USE_TRIES 5 /* as Gunicorn */
#define IN_USE_PAUSE_S 1

static struct listening *
find(struct arbiter *a, const char *address)
{
	for (unsigned i = 0; i < a->n_listening; i++)
		if (strcmp(a->listening[i].address, address) == 0)
			return &a->listening[i];
	return NULL;
}

/*
 * Opens one address. An address in use may be that of workers that have not
 * yet left (after the arbiter before us was killed), so it is tried again.
 */
static int
open_address(const struct config *cfg, const char *address)
{
	struct listener_options o = {
		.backlog = (int)cfg->backlog,
		.reuse_port = cfg->reuse_port,
		.umask = cfg->umask,
	};
	int fd = -E_IN_USE;

	for (unsigned i = 0; i < IN_USE_TRIES && fd == -E_IN_USE; i++) {
		if (i > 0)
			sleep(IN_USE_PAUSE_S);
		fd = listener_open(str_of(address), &o);
		if (fd == -E_IN_USE)
			log_event(EV_ARBITER_CONNECT_RETRY, address);
	}
	if (fd == -E_SYSTEM)
		log_errno(EV_ARBITER_BIND, address);
	else if (fd < 0)
		log_event(EV_ARBITER_BIND_REASON, address, error_text(fd));
	return fd;
}

static int
add(struct arbiter *a, const struct config *cfg, const char *address)
{
	char text[LISTENER_TEXT_MAX];
	struct listening *l;
	int fd;

	l = find(a, address);
	if (l != NULL) {
		l->used = true;
		return 0;
	}
	if (a->n_listening == HERITAGE_LISTENERS_MAX)
		return -E_FULL;
	fd = open_address(cfg, address);
	if (fd < 0)
		return fd;
	l = &a->listening[a->n_listening++];
	l->fd = fd;
	l->used = true;
	snprintf(l->address, sizeof(l->address), "%s", address);
	listener_text(fd, text);
	log_event(EV_ARBITER_LISTENING, text, (int)getpid());
	return 0;
}

/* Closes what the newest configuration does not name. */
static void
drop_unused(struct arbiter *a)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < a->n_listening; i++) {
		if (a->listening[i].used)
			a->listening[kept++] = a->listening[i];
		else
			listener_close(a->listening[i].fd, true);
	}
	a->n_listening = kept;
}

/* The admin address: opened, kept or changed; none is fine. */
static int
apply_admin(struct arbiter *a, const struct config *cfg)
{
	const char *address = cfg->admin_bind;
	int fd;

	if (strcmp(address, a->admin_address) == 0)
		return 0;
	if (a->admin_listener >= 0) {
		listener_close(a->admin_listener, true);
		a->admin_listener = -1;
		a->admin_address[0] = '\0';
		if (a->admin_pid > 0)
			kill(a->admin_pid, SIGKILL); /* a new one comes */
	}
	if (address[0] == '\0')
		return 0;
	fd = open_address(cfg, address);
	if (fd < 0)
		return fd;
	a->admin_listener = fd;
	snprintf(a->admin_address, sizeof(a->admin_address), "%s", address);
	return 0;
}

int
listening_apply(struct arbiter *a, const struct config *cfg)
{
	int rc;

	for (unsigned i = 0; i < a->n_listening; i++)
		a->listening[i].used = false;
	for (unsigned i = 0; i < cfg->bind.n; i++) {
		rc = add(a, cfg, cfg->bind.items[i]);
		if (rc < 0)
			return rc;
	}
	drop_unused(a);
	return apply_admin(a, cfg);
}

void
listening_close_all(struct arbiter *a)
{
	for (unsigned i = 0; i < a->n_listening; i++)
		listener_close(a->listening[i].fd, true);
	a->n_listening = 0;
	if (a->admin_listener >= 0)
		listener_close(a->admin_listener, true);
	a->admin_listener = -1;
}
