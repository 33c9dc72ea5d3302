/*
 * The reactor under a protocol that only echoes: bounds, missing descriptors,
 * bells, forks, crowds.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "turn.h"

#include "base/clock.h"
#include "base/error.h"
#include "net/listener.h"
#include "net/reactor.h"
#include "sys/fd.h"
#include "sys/sock.h"
#include "sys/sys_time.h"

#define DEADLINE_MS 5000

/* --- the protocol --- */

static int
echo_open(struct conn *c)
{
	(void)c;
	return 0;
}

static size_t
echo_bytes(struct conn *c, struct str in)
{
	conn_set_idle(c, false);
	if (conn_write(c, in, STR("")) < 0)
		return in.len;
	if (in.ptr[in.len - 1] == 'q')
		conn_finish(c, CLOSE_DONE, false);
	return in.len;
}

static void
echo_eof(struct conn *c)
{
	conn_close(c, CLOSE_EOF);
}

static void
nothing(struct conn *c)
{
	(void)c;
}

static void
echo_gone(struct conn *c, enum close_reason why)
{
	(void)c;
	(void)why;
}

static size_t
echo_want(const struct conn *c)
{
	return conn_room(c);
}

static void
echo_writable(struct conn *c)
{
	conn_again(c);
}

static const struct proto_ops echo_ops = {
	.name = "echo",
	.open = echo_open,
	.on_bytes = echo_bytes,
	.on_eof = echo_eof,
	.on_writable = echo_writable,
	.on_timeout = nothing,
	.on_drain = nothing,
	.want_read = echo_want,
	.on_gone = echo_gone,
	.on_close = nothing,
};

/* --- helpers --- */

static struct reactor *reactor;
static struct sock_addr address;

static void
start(unsigned max_conns)
{
	const struct listener_options lo = { .backlog = 512 };
	const struct reactor_options o = {
		.proto = &echo_ops,
		.max_conns = max_conns,
		.alone = true,
		.write_timeout_ms = 1000,
	};
	int fd = listener_open(STR("127.0.0.1:0"), &lo);

	time_start();
	assert_true(fd >= 0);
	assert_int_equal(sock_local(fd, &address), 0);
	reactor = reactor_create(&o);
	assert_non_null(reactor);
	assert_int_equal(reactor_listen(reactor, fd), 0);
}

static int
client(void)
{
	int fd = sock_stream(&address);

	assert_true(fd >= 0);
	assert_int_equal(sock_connect(fd, &address, 1000), 0);
	return fd;
}

static void
turn_until_conns(unsigned n)
{
	uint64_t until = clock_ms() + DEADLINE_MS;

	while (reactor_n_conns(reactor) != n) {
		if (clock_ms() > until)
			fail_msg("%u connections, not %u",
			    reactor_n_conns(reactor), n);
		assert_int_equal(turn(reactor, 5), 0);
	}
}

/* What fd answers next: a byte, or the error. */
static int
turn_until_answer(int fd)
{
	uint64_t until = clock_ms() + DEADLINE_MS;
	ssize_t n;
	char byte;

	while ((n = sock_recv(fd, &byte, 1)) == -E_AGAIN) {
		assert_true(clock_ms() < until);
		assert_int_equal(turn(reactor, 5), 0);
	}
	return n == 1 ? byte : (int)n;
}

/* --- tests --- */

static void
test_echo_and_orderly_end(void **state)
{
	int fd;

	(void)state;
	start(4);
	fd = client();
	assert_int_equal(sock_send(fd, STR("a"), false), 1);
	assert_int_equal(turn_until_answer(fd), 'a');
	assert_int_equal(sock_send(fd, STR("q"), false), 1);
	assert_int_equal(turn_until_answer(fd), 'q');
	assert_int_equal(turn_until_answer(fd), -E_EOF);
	turn_until_conns(0);
	assert_int_equal(reactor_n_closed(reactor, CLOSE_DONE), 1);
	assert_int_equal(reactor_n_accepted(reactor), 1);
	fd_close(fd);
	reactor_destroy(reactor);
}

static void
test_accepts_no_more_than_its_bound(void **state)
{
	int fd[3];

	(void)state;
	start(2);
	for (unsigned i = 0; i < 3; i++)
		fd[i] = client();
	turn_until_conns(2);
	for (unsigned i = 0; i < 5; i++)
		turn(reactor, 5);
	assert_int_equal(reactor_n_conns(reactor), 2);
	fd_close(fd[0]);
	assert_int_equal(sock_send(fd[2], STR("c"), false), 1);
	assert_int_equal(turn_until_answer(fd[2]), 'c');
	fd_close(fd[1]);
	fd_close(fd[2]);
	reactor_destroy(reactor);
}

static void
test_accepting_can_rest(void **state)
{
	int fd;

	(void)state;
	start(2);
	reactor_set_free(reactor, 0);
	fd = client();
	for (unsigned i = 0; i < 5; i++)
		turn(reactor, 5);
	assert_int_equal(reactor_n_conns(reactor), 0);
	reactor_set_free(reactor, 1);
	turn_until_conns(1);
	fd_close(fd);
	reactor_destroy(reactor);
}

static void
test_without_descriptors(void **state)
{
	struct rlimit old, none;
	int fd[2], spare;
	uint64_t began;

	(void)state;
	start(8);
	fd[0] = client();
	fd[1] = client();
	spare = fd_event();
	none.rlim_cur = (rlim_t)spare;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none.rlim_max = old.rlim_max;
	fd_close(spare);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	/* Both wait, and accepting rests. */
	assert_int_equal(turn(reactor, 1000), 0);
	began = clock_ms();
	while (clock_ms() < began + 50)
		turn(reactor, 5);
	assert_int_equal(reactor_n_conns(reactor), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	/* Then it accepts again. */
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(sock_send(fd[i], STR("x"), false), 1);
		assert_int_equal(turn_until_answer(fd[i]), 'x');
		fd_close(fd[i]);
	}
	reactor_destroy(reactor);
}

static void
test_bell_ends_a_turn(void **state)
{
	struct pollfd p;

	(void)state;
	start(1);
	p = (struct pollfd){ .fd = reactor_fd(reactor), .events = POLLIN };
	assert_int_equal(poll(&p, 1, 0), 0);
	reactor_wake(reactor);
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(turn(reactor, -1), 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	reactor_destroy(reactor);
}

static void
test_a_forked_child_takes_nothing_along(void **state)
{
	int fd, status;
	pid_t pid;

	(void)state;
	start(2);
	fd = client();
	assert_int_equal(sock_send(fd, STR("a"), false), 1);
	assert_int_equal(turn_until_answer(fd), 'a');
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		reactor_after_fork_child(reactor);
		_exit(reactor_fd(reactor) == -1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* Neither the connection nor its place in the set was touched. */
	assert_int_equal(sock_send(fd, STR("b"), false), 1);
	assert_int_equal(turn_until_answer(fd), 'b');
	fd_close(fd);
	turn_until_conns(0);
	reactor_destroy(reactor);
}

static void
test_a_crowd_comes_and_goes(void **state)
{
	int fd[200];

	(void)state;
	start(200);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 200; i++)
			fd[i] = client();
		for (unsigned i = 0; i < 200; i++)
			assert_int_equal(sock_send(fd[i], STR("z"), false), 1);
		for (unsigned i = 0; i < 200; i++)
			assert_int_equal(turn_until_answer(fd[i]), 'z');
		assert_int_equal(reactor_n_conns(reactor), 200);
		assert_int_equal(reactor_n_busy(reactor), 200);
		for (unsigned i = 0; i < 200; i++) {
			if (i % 2 == 0)
				sock_abort(fd[i]);
			fd_close(fd[i]);
		}
		turn_until_conns(0);
	}
	assert_int_equal(reactor_n_closed(reactor, CLOSE_EOF) +
		reactor_n_closed(reactor, CLOSE_RESET),
	    600);
	reactor_destroy(reactor);
}

static void
test_drain_without_connections(void **state)
{
	uint64_t began;

	(void)state;
	start(2);
	began = clock_ms();
	reactor_drain(reactor, false);
	while (!reactor_drained(reactor))
		assert_int_equal(turn(reactor, 1000), 0);
	assert_in_range(
	    clock_ms() - began, REACTOR_QUIET_MS - 10, REACTOR_QUIET_MS + 200);
	reactor_destroy(reactor);
}

static void
test_close_reasons_have_texts(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CLOSE_MAX; i++)
		assert_non_null(conn_close_text((enum close_reason)i));
	assert_false(conn_close_is_error(CLOSE_DONE));
	assert_true(conn_close_is_error(CLOSE_RESET));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo_and_orderly_end),
		cmocka_unit_test(test_accepts_no_more_than_its_bound),
		cmocka_unit_test(test_accepting_can_rest),
		cmocka_unit_test(test_without_descriptors),
		cmocka_unit_test(test_bell_ends_a_turn),
		cmocka_unit_test(test_a_forked_child_takes_nothing_along),
		cmocka_unit_test(test_a_crowd_comes_and_goes),
		cmocka_unit_test(test_drain_without_connections),
		cmocka_unit_test(test_close_reasons_have_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
