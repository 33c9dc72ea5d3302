/* What an arbiter's successor takes over: as text, and by way of init. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "role/handover.h"
#include "role/role.h"
#include "sys/message.h"

/* The table is roles.c's; nothing here starts a role. */
__attribute__((weak)) const struct role roles[ROLE_MAX];

static int
some_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void
fill(struct handover *ho)
{
	handover_init(ho);
	ho->n_listeners = 2;
	ho->listeners[0].fd = some_fd();
	ho->listeners[1].fd = some_fd();
	strcpy(ho->listeners[0].address, "127.0.0.1:8000");
	strcpy(ho->listeners[1].address, "unix:/a path/with spaces");
	ho->admin.fd = some_fd();
	strcpy(ho->admin.address, "127.0.0.1:9000");
}

/* Runs fn in a child, whose asserts are its status. */
static void
in_a_child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static bool
same(const struct handover_socket *a, const struct handover_socket *b)
{
	return a->fd == b->fd && strcmp(a->address, b->address) == 0;
}

/* As before and after an exec, in one process: it keeps its parent. */
static void
cross(void)
{
	struct handover given, taken;

	fill(&given);
	given.old = 77;
	given.n_activated = 2;
	given.background = true;
	if (handover_to_env(&given) < 0 ||
	    (fcntl(given.admin.fd, F_GETFD) & FD_CLOEXEC) != 0)
		_exit(1);
	handover_from_env(&taken);
	if (taken.n_listeners != 2 ||
	    !same(&taken.listeners[0], &given.listeners[0]) ||
	    !same(&taken.listeners[1], &given.listeners[1]) ||
	    !same(&taken.admin, &given.admin) || taken.old != 77 ||
	    taken.n_activated != 2 || !taken.background ||
	    taken.init_link != -1 || taken.board != -1)
		_exit(2);
	if (getenv(HANDOVER_VARIABLE) != NULL ||
	    (fcntl(given.admin.fd, F_GETFD) & FD_CLOEXEC) == 0)
		_exit(3);
}

static void
it_crosses_an_exec(void **state)
{
	(void)state;
	in_a_child(cross);
}

static void
is_nothing(const char *text)
{
	struct handover ho;

	setenv(HANDOVER_VARIABLE, text, 1);
	handover_from_env(&ho);
	assert_int_equal(ho.n_listeners, 0);
	assert_int_equal(ho.admin.fd, -1);
	assert_int_equal(ho.init_link, -1);
	assert_int_equal(ho.old, 0);
	assert_int_equal(ho.n_activated, 0);
	assert_null(getenv(HANDOVER_VARIABLE));
}

static void
what_is_not_for_us_is_nothing(void **state)
{
	char text[4096];
	int n;

	(void)state;
	is_nothing("");
	is_nothing("rubbish");
	is_nothing("from 1 \nold 5 \n"); /* not our parent */
	n = snprintf(text, sizeof(text), "from %d \n", (int)getppid());
	snprintf(text + n, sizeof(text) - (size_t)n, "listener 999 a:1\n");
	is_nothing(text); /* no such descriptor */
	snprintf(text + n, sizeof(text) - (size_t)n, "listener x a:1\n");
	is_nothing(text);
	snprintf(text + n, sizeof(text) - (size_t)n, "activated 4000 \n");
	is_nothing(text);
	snprintf(text + n, sizeof(text) - (size_t)n, "activated -1 \n");
	is_nothing(text);
	/* More than there is room for. */
	for (int i = 0; i <= HERITAGE_LISTENERS_MAX; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
		    "listener 0 127.0.0.1:%d\n", 8000 + i);
	is_nothing(text);
}

static void
sockets_of_systemd_are_counted(void **state)
{
	struct handover ho;
	char pid[16];

	(void)state;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "2", 1);
	handover_from_env(&ho);
	assert_int_equal(ho.n_activated, 2);
	assert_null(getenv("LISTEN_FDS"));
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "2", 1);
	handover_from_env(&ho);
	assert_int_equal(ho.n_activated, 0);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1000", 1);
	handover_from_env(&ho);
	assert_int_equal(ho.n_activated, 0);
}

static void
init_keeps_the_newest(void **state)
{
	struct handover mine, kept;
	struct handover_news news;
	int ends[2];

	(void)state;
	assert_int_equal(message_pair(ends), 0);
	handover_init(&kept);
	fill(&mine);
	mine.init_link = ends[1];
	assert_int_equal(handover_keep(&mine), 0);
	mine.admin.fd = -1;
	mine.n_listeners = 1;
	assert_int_equal(handover_keep(&mine), 0);
	assert_int_equal(handover_proven(&mine), 0);
	news = handover_hear(ends[0], &kept);
	assert_true(news.proven && !news.asked);
	assert_int_equal(kept.n_listeners, 1);
	assert_int_equal(kept.admin.fd, -1);
	assert_string_equal(kept.listeners[0].address, "127.0.0.1:8000");
	assert_true(fcntl(kept.listeners[0].fd, F_GETFD) >= 0);
	assert_int_equal(handover_ask(&mine), 0);
	news = handover_hear(ends[0], &kept);
	assert_true(news.asked && !news.proven);
	assert_int_equal(kept.n_listeners, 1);
}

static void
init_keeps_as_many_as_there_can_be(void **state)
{
	struct handover mine, kept;
	int ends[2];

	(void)state;
	assert_int_equal(message_pair(ends), 0);
	handover_init(&kept);
	fill(&mine);
	mine.init_link = ends[1];
	for (; mine.n_listeners < HERITAGE_LISTENERS_MAX; mine.n_listeners++)
		mine.listeners[mine.n_listeners] = mine.listeners[0];
	assert_int_equal(handover_keep(&mine), 0);
	(void)handover_hear(ends[0], &kept);
	assert_int_equal(kept.n_listeners, HERITAGE_LISTENERS_MAX);
	assert_true(kept.admin.fd >= 0);
	assert_string_equal(kept.admin.address, "127.0.0.1:9000");
}

static void
init_ignores_rubbish(void **state)
{
	struct message m = { .type = 1, .body = STR("short") };
	struct handover kept;
	struct handover_news news;
	int ends[2];

	(void)state;
	assert_int_equal(message_pair(ends), 0);
	handover_init(&kept);
	m.fds[m.n_fds++] = some_fd();
	assert_int_equal(message_send(ends[1], &m, 0), 0);
	m.type = 99;
	assert_int_equal(message_send(ends[1], &m, 0), 0);
	news = handover_hear(ends[0], &kept);
	assert_false(news.asked || news.proven);
	assert_int_equal(kept.n_listeners, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_crosses_an_exec),
		cmocka_unit_test(what_is_not_for_us_is_nothing),
		cmocka_unit_test(sockets_of_systemd_are_counted),
		cmocka_unit_test(init_keeps_the_newest),
		cmocka_unit_test(init_keeps_as_many_as_there_can_be),
		cmocka_unit_test(init_ignores_rubbish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
