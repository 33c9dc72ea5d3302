/*
 * handover: see handover.h. As text it is a line for each thing: a word, a
 * descriptor's number and, for listeners, the address.
 */
#include "role/handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "base/num.h"
#include "sys/fd.h"
#include "sys/message.h"

#include "base/banned.h"

#define TEXT_MAX 8192
#define SEND_MS 1000
#define BACKGROUND "background"

enum handover_message {
	HANDOVER_KEEP = 1,
	HANDOVER_ASK,
	HANDOVER_PROVEN,
};

void
handover_init(struct handover *ho)
{
	*ho = (struct handover){
		.admin.fd = -1,
		.board = -1,
		.board_bell = -1,
		.init_link = -1,
	};
}

/* --- the environment --- */

static int
take_number(struct str *line)
{
	uint64_t n;

	if (num_dec(str_cut(line, ' '), INT32_MAX, &n) < 0)
		return -1;
	return (int)n;
}

static bool
take_socket(struct handover_socket *s, struct str line)
{
	s->fd = take_number(&line);
	return s->fd >= 0 && fd_cloexec(s->fd) == 0 &&
	    str_to_z(line, s->address, sizeof(s->address)) >= 0;
}

static bool
take_fd(int *fd, struct str line)
{
	*fd = take_number(&line);
	return *fd >= 0 && fd_cloexec(*fd) == 0;
}

static bool
take_line(struct handover *ho, struct str line)
{
	struct str word = str_cut(&line, ' ');

	if (str_eq(word, STR("listener")))
		return ho->n_listeners < HERITAGE_LISTENERS_MAX &&
		    take_socket(&ho->listeners[ho->n_listeners++], line);
	if (str_eq(word, STR("admin")))
		return take_socket(&ho->admin, line);
	if (str_eq(word, STR("board")))
		return take_fd(&ho->board, line);
	if (str_eq(word, STR("bell")))
		return take_fd(&ho->board_bell, line);
	if (str_eq(word, STR("init")))
		return take_fd(&ho->init_link, line);
	if (str_eq(word, STR("activated"))) {
		ho->n_activated = (unsigned)take_number(&line);
		return ho->n_activated <= HERITAGE_LISTENERS_MAX;
	}
	if (str_eq(word, STR("background")))
		ho->background = true;
	if (str_eq(word, STR("old")))
		ho->old = (pid_t)take_number(&line);
	return true;
}

/* The first line says by whom: only our parent may hand over. */
static bool
take_text(struct handover *ho, struct str text)
{
	struct str line = str_cut(&text, '\n');

	if (!str_eq(str_cut(&line, ' '), STR("from")) ||
	    take_number(&line) != (int)getppid())
		return false;
	while (text.len > 0)
		if (!take_line(ho, str_cut(&text, '\n')))
			return false;
	return true;
}

/* LISTEN_FDS, when LISTEN_PID says that it is for us. */
static void
take_activated(struct handover *ho)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t n;

	if (pid == NULL || fds == NULL ||
	    num_dec(str_of(pid), INT32_MAX, &n) < 0 || (pid_t)n != getpid() ||
	    num_dec(str_of(fds), HERITAGE_LISTENERS_MAX, &n) < 0)
		return;
	ho->n_activated = (unsigned)n;
	for (unsigned i = 0; i < ho->n_activated; i++)
		(void)fd_cloexec(HANDOVER_FIRST_ACTIVATED + (int)i);
}

void
handover_from_env(struct handover *ho)
{
	const char *text = getenv(HANDOVER_VARIABLE);

	handover_init(ho);
	if (text != NULL && strcmp(text, BACKGROUND) == 0)
		ho->background = true;
	else if (text != NULL && !take_text(ho, str_of(text)))
		handover_init(ho);
	if (text == NULL)
		take_activated(ho);
	unsetenv(HANDOVER_VARIABLE);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

struct text {
	char bytes[TEXT_MAX];
	size_t len;
	int error;
};

static void
put(struct text *t, const char *word, int number, const char *rest)
{
	size_t room = sizeof(t->bytes) - t->len;
	int n =
	    snprintf(t->bytes + t->len, room, "%s %d %s\n", word, number, rest);

	if (n < 0 || (size_t)n >= room)
		t->error = -E_TOO_LONG;
	else
		t->len += (size_t)n;
}

static void
put_fd(struct text *t, const char *word, int fd, const char *rest)
{
	if (fd < 0)
		return;
	put(t, word, fd, rest);
	if (fd_inherit(fd) < 0)
		t->error = -E_SYSTEM;
}

int
handover_to_env(const struct handover *ho)
{
	static struct text t; /* static: once in a process's life */

	t.len = 0;
	t.error = 0;
	put(&t, "from", (int)getppid(), "");
	for (unsigned i = 0; i < ho->n_listeners; i++)
		put_fd(&t, "listener", ho->listeners[i].fd,
		    ho->listeners[i].address);
	put_fd(&t, "admin", ho->admin.fd, ho->admin.address);
	put_fd(&t, "board", ho->board, "");
	put_fd(&t, "bell", ho->board_bell, "");
	put_fd(&t, "init", ho->init_link, "");
	put(&t, "activated", (int)ho->n_activated, "");
	if (ho->background)
		put(&t, "background", 1, "");
	if (ho->old != 0)
		put(&t, "old", (int)ho->old, "");
	if (t.error < 0)
		return t.error;
	return setenv(HANDOVER_VARIABLE, t.bytes, 1) < 0 ? -E_SYSTEM : 0;
}

int
handover_background(void)
{
	return setenv(HANDOVER_VARIABLE, BACKGROUND, 1) < 0 ? -E_SYSTEM : 0;
}

/* --- init --- */

static int
say(const struct handover *ho, enum handover_message type)
{
	const struct message m = { .type = type };

	return message_send(ho->init_link, &m, SEND_MS);
}

int
handover_ask(const struct handover *ho)
{
	return say(ho, HANDOVER_ASK);
}

int
handover_proven(const struct handover *ho)
{
	return say(ho, HANDOVER_PROVEN);
}

/*
 * The addresses, each with its NUL, in the order of the descriptors; the
 * admin's, if there is one, is the last, and then one is more than listeners.
 */
int
handover_keep(const struct handover *ho)
{
	char body[(HERITAGE_LISTENERS_MAX + 1) * HANDOVER_ADDRESS_MAX + 1];
	struct message m = { .type = HANDOVER_KEEP, .body.ptr = body };
	bool admin = ho->admin.fd >= 0;
	const struct handover_socket *s;

	for (unsigned i = 0; i < ho->n_listeners + admin; i++) {
		s = i < ho->n_listeners ? &ho->listeners[i] : &ho->admin;
		m.fds[m.n_fds++] = s->fd;
		memcpy(body + m.body.len, s->address, sizeof(s->address));
		m.body.len += sizeof(s->address);
	}
	body[m.body.len] = (char)admin;
	m.body.len++;
	return message_send(ho->init_link, &m, SEND_MS);
}

static void
forget(struct handover *ho)
{
	for (unsigned i = 0; i < ho->n_listeners; i++)
		fd_close(ho->listeners[i].fd);
	fd_close(ho->admin.fd);
	ho->n_listeners = 0;
	ho->admin.fd = -1;
}

static void
keep(struct handover *ho, struct message *m)
{
	struct handover_socket *s;
	bool admin;

	if (m->n_fds > HERITAGE_LISTENERS_MAX + 1 ||
	    m->body.len != m->n_fds * HANDOVER_ADDRESS_MAX + 1)
		return;
	admin = m->n_fds > 0 && m->body.ptr[m->body.len - 1] != 0;
	if (m->n_fds - admin > HERITAGE_LISTENERS_MAX)
		return;
	forget(ho);
	for (unsigned i = 0; i < m->n_fds; i++) {
		s = admin && i + 1 == m->n_fds
		    ? &ho->admin
		    : &ho->listeners[ho->n_listeners++];
		s->fd = m->fds[i];
		m->fds[i] = -1;
		memcpy(s->address, m->body.ptr + i * HANDOVER_ADDRESS_MAX,
		    sizeof(s->address));
		s->address[sizeof(s->address) - 1] = '\0';
	}
}

struct handover_news
handover_hear(int fd, struct handover *ho)
{
	static char inbox[MESSAGE_MAX];
	struct handover_news news = { false, false };
	struct message m;

	while (message_recv(fd, inbox, &m) > 0) {
		if (m.type == HANDOVER_KEEP)
			keep(ho, &m);
		else if (m.type == HANDOVER_ASK)
			news.asked = true;
		else if (m.type == HANDOVER_PROVEN)
			news.proven = true;
		message_close_fds(&m);
	}
	return news;
}
