/* What arbiter and template say to each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "role/link.h"
#include "role/role.h"

/* The table is roles.c's; nothing here starts a role. */
__attribute__((weak)) const struct role roles[ROLE_MAX];

static struct link_inbox inbox;

static void
a_message_arrives_as_it_was_sent(void **state)
{
	struct link_message m = { .type = LINK_SETTING, .row = 9,
		.number = -3, .text = STR("workers\0" "4") };
	struct link_message got;
	int ends[2];

	(void)state;
	assert_int_equal(link_pair(ends), 0);
	assert_int_equal(link_receive(ends[0], &inbox, 0, &got), -E_AGAIN);
	assert_int_equal(link_receive(ends[0], &inbox, 10, &got), -E_TIMEOUT);
	assert_int_equal(link_send(ends[1], &m), 0);
	assert_int_equal(link_receive(ends[0], &inbox, 0, &got), 0);
	assert_int_equal(got.type, LINK_SETTING);
	assert_int_equal(got.row, 9);
	assert_int_equal(got.number, -3);
	assert_true(str_eq(got.text, m.text));
	assert_int_equal(got.n_fds, 0);
	close(ends[1]);
	assert_int_equal(link_receive(ends[0], &inbox, 0, &got), -E_EOF);
	close(ends[0]);
}

static void
descriptors_come_along(void **state)
{
	struct link_message m = { .type = LINK_FROZEN, .n_fds = 1 };
	struct link_message got;
	int ends[2], pipe_ends[2];
	char c = 0;

	(void)state;
	assert_int_equal(link_pair(ends), 0);
	assert_int_equal(pipe(pipe_ends), 0);
	m.fds[0] = pipe_ends[1];
	assert_int_equal(link_send(ends[0], &m), 0);
	close(pipe_ends[1]);
	assert_int_equal(link_receive(ends[1], &inbox, 0, &got), 0);
	assert_int_equal(got.n_fds, 1);
	assert_true(fcntl(got.fds[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(got.fds[0], "x", 1), 1);
	assert_int_equal(read(pipe_ends[0], &c, 1), 1);
	assert_int_equal(c, 'x');
	close(got.fds[0]);
	close(pipe_ends[0]);
	close(ends[0]);
	close(ends[1]);
}

static void
what_is_no_link_message_is_refused(void **state)
{
	struct message raw = { .type = LINK_MAX, .body = STR("12345678") };
	struct link_message got, m = { .type = LINK_SETTING };
	char too_long[LINK_TEXT_MAX + 1];
	int ends[2];

	(void)state;
	assert_int_equal(link_pair(ends), 0);
	assert_int_equal(message_send(ends[0], &raw, 0), 0);
	assert_int_equal(link_receive(ends[1], &inbox, 0, &got), -E_PROTOCOL);
	raw.type = LINK_SPAWN;
	raw.body = STR("1234567");
	assert_int_equal(message_send(ends[0], &raw, 0), 0);
	assert_int_equal(link_receive(ends[1], &inbox, 0, &got), -E_PROTOCOL);
	memset(too_long, 'x', sizeof(too_long));
	m.text = (struct str){ too_long, sizeof(too_long) };
	assert_int_equal(link_send(ends[0], &m), -E_TOO_LONG);
	m.text.len--;
	assert_int_equal(link_send(ends[0], &m), 0);
	assert_int_equal(link_receive(ends[1], &inbox, 0, &got), 0);
	assert_true(str_eq(got.text, m.text));
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_arrives_as_it_was_sent),
		cmocka_unit_test(descriptors_come_along),
		cmocka_unit_test(what_is_no_link_message_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
