/* Whole messages with descriptors; rubbish is refused and leaks nothing. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "sys/message.h"

static char mem[MESSAGE_MAX];
static char big[MESSAGE_MAX + 1];
static int ends[2];

static int
set_up(void **state)
{
	(void)state;
	return message_pair(ends);
}

static int
tear_down(void **state)
{
	(void)state;
	(void)close(ends[0]);
	(void)close(ends[1]);
	return 0;
}

/* How many descriptors are open, by the lowest that is free. */
static int
lowest_free(void)
{
	int fd = dup(0);

	(void)close(fd);
	return fd;
}

static void
body_and_type(void **state)
{
	struct message out = { .type = 7, .body = STR("hello") }, in;

	(void)state;
	assert_int_equal(-E_AGAIN, message_recv(ends[1], mem, &in));
	assert_int_equal(0, message_send(ends[0], &out, 0));
	out = (struct message){ .type = 8 };
	assert_int_equal(0, message_send(ends[0], &out, 0));
	assert_int_equal(1, message_recv(ends[1], mem, &in));
	assert_int_equal(7, in.type);
	assert_true(str_eq(STR("hello"), in.body));
	assert_int_equal(0, in.n_fds);
	assert_int_equal(1, message_recv(ends[1], mem, &in));
	assert_int_equal(8, in.type);
	assert_int_equal(0, in.body.len);
}

static void
largest(void **state)
{
	struct message out = { .body = { big, MESSAGE_MAX } }, in;

	(void)state;
	memset(big, 'x', sizeof(big));
	assert_int_equal(0, message_send(ends[0], &out, 100));
	assert_int_equal(1, message_recv(ends[1], mem, &in));
	assert_true(str_eq(out.body, in.body));
	out.body.len++;
	assert_int_equal(-E_TOO_LONG, message_send(ends[0], &out, 0));
}

static void
descriptors(void **state)
{
	struct message out = { .n_fds = MESSAGE_FDS_MAX }, in;
	int free_before, i;

	(void)state;
	for (i = 0; i < MESSAGE_FDS_MAX; i++)
		out.fds[i] = ends[i % 2];
	free_before = lowest_free();
	assert_int_equal(0, message_send(ends[0], &out, 0));
	assert_int_equal(1, message_recv(ends[1], mem, &in));
	assert_int_equal(MESSAGE_FDS_MAX, in.n_fds);
	assert_int_equal(FD_CLOEXEC, fcntl(in.fds[0], F_GETFD));
	message_close_fds(&in);
	assert_int_equal(0, in.n_fds);
	assert_int_equal(free_before, lowest_free());
	out.n_fds++;
	assert_int_equal(-E_TOO_LONG, message_send(ends[0], &out, 0));
}

static void
taken_descriptor_stays(void **state)
{
	struct message out = { .n_fds = 1, .fds = { ends[0] } }, in;
	int mine;

	(void)state;
	assert_int_equal(0, message_send(ends[0], &out, 0));
	assert_int_equal(1, message_recv(ends[1], mem, &in));
	mine = in.fds[0];
	in.fds[0] = -1;
	message_close_fds(&in);
	assert_int_equal(0, close(mine));
}

static void
the_end(void **state)
{
	struct message out = { .type = 1 }, in;

	(void)state;
	assert_int_equal(0, message_send(ends[0], &out, 0));
	assert_int_equal(0, shutdown(ends[0], SHUT_WR));
	assert_int_equal(1, message_recv(ends[1], mem, &in));
	assert_int_equal(-E_EOF, message_recv(ends[1], mem, &in));
	assert_int_equal(0, close(ends[0]));
	assert_int_equal(-E_EOF, message_send(ends[1], &out, 50));
	assert_int_equal(-E_EOF, message_wait(ends[1], mem, &in, 50));
}

static void
full_channel_times_out(void **state)
{
	struct message out = { .body = { big, MESSAGE_MAX } };
	int n = 0;

	(void)state;
	while (n < 1000 && message_send(ends[0], &out, 0) == 0)
		n++;
	assert_in_range(n, 1, 999);
	assert_int_equal(-E_TIMEOUT, message_send(ends[0], &out, 20));
}

static void
empty_channel_times_out(void **state)
{
	struct message in;

	(void)state;
	assert_int_equal(-E_TIMEOUT, message_wait(ends[1], mem, &in, 20));
}

static void
rubbish(void **state)
{
	static const char wrong_magic[32] = "who are you?";
	struct message in;
	/* right magic, but more bytes promised than come */
	uint32_t head[4] = { 0x67636d31, 1, 5, 0 };

	(void)state;
	assert_int_equal(3, send(ends[0], "abc", 3, 0));
	assert_int_equal(-E_PROTOCOL, message_recv(ends[1], mem, &in));
	assert_int_equal(sizeof(wrong_magic),
	    send(ends[0], wrong_magic, sizeof(wrong_magic), 0));
	assert_int_equal(-E_PROTOCOL, message_recv(ends[1], mem, &in));
	assert_int_equal(sizeof(head), send(ends[0], head, sizeof(head), 0));
	assert_int_equal(-E_PROTOCOL, message_recv(ends[1], mem, &in));
	head[2] = 0;
	head[3] = 1; /* a descriptor promised that does not come */
	assert_int_equal(sizeof(head), send(ends[0], head, sizeof(head), 0));
	assert_int_equal(-E_PROTOCOL, message_recv(ends[1], mem, &in));
	assert_int_equal(0, in.n_fds);
}

static void
too_large_for_the_buffer(void **state)
{
	static char huge[MESSAGE_MAX + 100];
	struct message in;

	(void)state;
	assert_int_equal(sizeof(huge), send(ends[0], huge, sizeof(huge), 0));
	assert_int_equal(-E_PROTOCOL, message_recv(ends[1], mem, &in));
}

static void
no_room_for_descriptors(void **state)
{
	struct message out = { .n_fds = 2, .fds = { 0, 0 } }, in;
	struct rlimit was, tight;
	int free_before = lowest_free();

	(void)state;
	assert_int_equal(0, getrlimit(RLIMIT_NOFILE, &was));
	tight = (struct rlimit){ (rlim_t)free_before + 1, was.rlim_max };
	assert_int_equal(0, message_send(ends[0], &out, 0));
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &tight));
	assert_int_equal(-E_PROTOCOL, message_recv(ends[1], mem, &in));
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &was));
	assert_int_equal(free_before, lowest_free());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(body_and_type),
		TEST(largest),
		TEST(descriptors),
		TEST(taken_descriptor_stays),
		TEST(the_end),
		TEST(full_channel_times_out),
		TEST(empty_channel_times_out),
		TEST(rubbish),
		TEST(too_large_for_the_buffer),
		TEST(no_room_for_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
