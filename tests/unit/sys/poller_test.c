/*
 * The epoll set with what signals through it: events, timers, sockets.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "sys/fd.h"
#include "sys/poller.h"
#include "sys/sock.h"

static struct poller_event ev[POLLER_BATCH];

static void
test_event_and_timer(void **state)
{
	int p = poller_open(), bell = fd_event(), timer = fd_timer();

	(void)state;
	assert_int_equal(poller_add(p, bell, POLLER_IN, 7), 0);
	assert_int_equal(poller_add(p, timer, POLLER_IN, 8), 0);
	assert_int_equal(poller_wait(p, ev, 0), 0);
	fd_event_ring(bell);
	fd_event_ring(bell);
	assert_int_equal(poller_wait(p, ev, 0), 1);
	assert_int_equal(ev[0].cookie, 7);
	assert_int_equal(ev[0].events, POLLER_IN);
	fd_event_heard(bell);
	fd_event_heard(bell);
	assert_int_equal(poller_wait(p, ev, 0), 0);
	assert_int_equal(fd_timer_start(timer, 5), 0);
	assert_int_equal(poller_wait(p, ev, 5000), 1);
	assert_int_equal(ev[0].cookie, 8);
	fd_timer_heard(timer);
	assert_int_equal(poller_wait(p, ev, 0), 0);
	poller_remove(p, bell);
	fd_event_ring(bell);
	assert_int_equal(poller_wait(p, ev, 0), 0);
	fd_close(timer);
	fd_close(bell);
	fd_close(p);
}

static void
test_edges_of_a_socket(void **state)
{
	int p = poller_open(), ends[2];
	const unsigned in = POLLER_IN | POLLER_HALF | POLLER_EDGE;
	char c;

	(void)state;
	assert_int_equal(sock_pair(ends), 0);
	assert_int_equal(poller_add(p, ends[0], in, 1), 0);
	assert_int_equal(sock_send(ends[1], STR("ab"), false), 2);
	assert_int_equal(poller_wait(p, ev, 0), 1);
	assert_int_equal(fd_read(ends[0], &c, 1), 1);
	assert_int_equal(poller_wait(p, ev, 0), 0); /* told once */
	assert_int_equal(poller_change(p, ends[0], in | POLLER_OUT, 2), 0);
	assert_int_equal(poller_wait(p, ev, 0), 1); /* told again */
	assert_int_equal(ev[0].cookie, 2);
	assert_true((ev[0].events & POLLER_OUT) != 0);
	sock_shutdown_write(ends[1]);
	assert_int_equal(poller_wait(p, ev, 0), 1);
	assert_true((ev[0].events & POLLER_HALF) != 0);
	fd_close(ends[1]);
	assert_int_equal(poller_wait(p, ev, 0), 1);
	assert_true((ev[0].events & POLLER_ERROR) != 0);
	fd_close(ends[0]);
	assert_int_equal(poller_add(p, -1, in, 1), -E_SYSTEM);
	fd_close(p);
	assert_int_equal(poller_wait(p, ev, 0), -E_SYSTEM);
}

static void
test_read_and_write(void **state)
{
	int ends[2];
	char mem[8];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_nonblock(ends[0]), 0);
	assert_int_equal(fd_cloexec(ends[0]), 0);
	assert_int_equal(fd_read(ends[0], mem, 8), -E_AGAIN);
	assert_int_equal(fd_write(ends[1], STR("abc")), 3);
	assert_int_equal(fd_read(ends[0], mem, 8), 3);
	fd_close(ends[1]);
	assert_int_equal(fd_read(ends[0], mem, 8), -E_EOF);
	fd_close(ends[0]);
	fd_close(-1);
	assert_int_equal(fd_nonblock(-1), -E_SYSTEM);
	assert_true(fd_limit() > 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event_and_timer),
		cmocka_unit_test(test_edges_of_a_socket),
		cmocka_unit_test(test_read_and_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
