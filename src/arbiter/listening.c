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
#include "sys/sys_owner.h"

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
	struct owner owner;
	int fd = -E_IN_USE;

	if (owner_find(&owner, cfg->user, cfg->group) == 0 &&
	    owner_differs(&owner))
		o.owner = &owner;
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
	if (strlen(address) >= LISTENING_ADDRESS_MAX)
		return -E_TOO_LONG;
	fd = open_address(cfg, address);
	if (fd < 0)
		return fd;
	l = &a->listening[a->n_listening++];
	l->fd = fd;
	l->used = l->fresh = true;
	snprintf(l->address, sizeof(l->address), "%s", address);
	listener_text(fd, text);
	log_event(EV_ARBITER_LISTENING, text, (int)getpid());
	return 0;
}

/*
 * A socket file goes with its listener, unless another server accepts there,
 * or it was made by somebody else.
 */
static void
close_one(const struct arbiter *a, const struct listening *l)
{
	bool ours = a->old_pid == 0 && a->new_pid == 0 &&
	    strncmp(l->address, "fd://", 5) != 0;

	listener_close(l->fd, ours);
}

/* Closes those of which keep says false. */
static void
filter(struct arbiter *a, bool (*keep)(const struct listening *l))
{
	unsigned kept = 0;

	for (unsigned i = 0; i < a->n_listening; i++) {
		if (keep(&a->listening[i]))
			a->listening[kept++] = a->listening[i];
		else
			close_one(a, &a->listening[i]);
	}
	a->n_listening = kept;
}

static bool
is_used(const struct listening *l)
{
	return l->used;
}

static bool
is_old(const struct listening *l)
{
	return !l->fresh;
}

/* The admin address: opened, kept or changed; none is fine. */
static int
prepare_admin(struct arbiter *a, const struct config *cfg)
{
	const char *address = cfg->admin_bind;
	struct listening *next = &a->next_admin;

	*next = (struct listening){ .fd = -1 };
	if (strcmp(address, a->admin_address) == 0)
		return 0;
	if (address[0] != '\0')
		next->fd = open_address(cfg, address);
	if (address[0] != '\0' && next->fd < 0)
		return next->fd;
	snprintf(next->address, sizeof(next->address), "%s", address);
	next->used = true;
	return 0;
}

static void
settle_admin(struct arbiter *a)
{
	if (!a->next_admin.used)
		return;
	a->next_admin.used = false;
	if (a->admin_listener >= 0)
		listener_close(a->admin_listener, true);
	if (a->admin_pid > 0)
		kill(a->admin_pid, SIGKILL); /* a new one comes */
	a->admin_listener = a->next_admin.fd;
	memcpy(
	    a->admin_address, a->next_admin.address, sizeof(a->admin_address));
}

static int
add_bound(struct arbiter *a, const struct config *cfg)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < cfg->bind.n; i++)
		rc = add(a, cfg, cfg->bind.items[i]);
	return rc;
}

/* What systemd listens on for us is all that there is, as in Gunicorn. */
static int
add_activated(struct arbiter *a, const struct config *cfg)
{
	char address[LISTENING_ADDRESS_MAX];
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < a->h->handover->n_activated; i++) {
		snprintf(address, sizeof(address), "fd://%u",
		    HANDOVER_FIRST_ACTIVATED + i);
		rc = add(a, cfg, address);
	}
	return rc;
}

/* init keeps copies for the arbiter after us. */
static void
tell_init(const struct arbiter *a)
{
	static struct handover ho; /* static: some KB */
	int rc;

	if (!a->h->under_init)
		return;
	ho.init_link = a->h->handover->init_link;
	listening_give(a, &ho);
	rc = handover_keep(&ho);
	if (rc < 0)
		log_event(EV_ARBITER_UNKEPT, error_text(rc));
}

int
listening_prepare(struct arbiter *a, const struct config *cfg)
{
	int rc;

	for (unsigned i = 0; i < a->n_listening; i++)
		a->listening[i].used = false;
	rc = a->h->handover->n_activated > 0 ? add_activated(a, cfg)
					     : add_bound(a, cfg);
	if (rc == 0)
		rc = prepare_admin(a, cfg);
	if (rc < 0) {
		listening_undo(a);
		return rc;
	}
	if (a->current == NULL) {
		settle_admin(a); /* whoever has started us wants to look */
		tell_init(a);
	}
	return 0;
}

void
listening_settle(struct arbiter *a)
{
	filter(a, is_used);
	for (unsigned i = 0; i < a->n_listening; i++)
		a->listening[i].fresh = false;
	settle_admin(a);
	tell_init(a);
}

void
listening_undo(struct arbiter *a)
{
	filter(a, is_old);
	for (unsigned i = 0; i < a->n_listening; i++)
		a->listening[i].used = true;
	if (a->next_admin.used && a->next_admin.fd >= 0)
		listener_close(a->next_admin.fd, true);
	a->next_admin = (struct listening){ .fd = -1 };
}

void
listening_take(struct arbiter *a, const struct handover *ho)
{
	for (unsigned i = 0; i < ho->n_listeners; i++) {
		struct listening *l = &a->listening[a->n_listening++];

		l->fd = ho->listeners[i].fd;
		memcpy(
		    l->address, ho->listeners[i].address, sizeof(l->address));
	}
	a->admin_listener = ho->admin.fd;
	memcpy(a->admin_address, ho->admin.address, sizeof(a->admin_address));
}

/* What only a candidate would serve is opened anew by whoever follows. */
void
listening_give(const struct arbiter *a, struct handover *ho)
{
	ho->n_listeners = 0;
	for (unsigned i = 0; i < a->n_listening; i++) {
		const struct listening *l = &a->listening[i];
		struct handover_socket *s = &ho->listeners[ho->n_listeners];

		if (l->fresh && a->current != NULL)
			continue;
		s->fd = l->fd;
		memcpy(s->address, l->address, sizeof(s->address));
		ho->n_listeners++;
	}
	ho->admin.fd = a->admin_listener;
	memcpy(ho->admin.address, a->admin_address, sizeof(a->admin_address));
}

void
listening_close_all(struct arbiter *a)
{
	listening_undo(a);
	for (unsigned i = 0; i < a->n_listening; i++)
		close_one(a, &a->listening[i]);
	a->n_listening = 0;
	if (a->admin_listener >= 0)
		listener_close(
		    a->admin_listener, a->old_pid == 0 && a->new_pid == 0);
	a->admin_listener = -1;
}
