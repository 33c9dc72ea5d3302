/* Each probe's answer, for each state of a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "admin/admin.h"
#include "admin/admin_probe.h"
#include "board/board.h"

static struct board board;

static unsigned
ask(const char *method, const char *path, uint64_t now_ms)
{
	struct admin_request r = { str_of(method), str_of(path) };

	return admin_probe(&r, &board, now_ms).status;
}

static void
set(enum board_phase phase, unsigned n_ready, uint64_t stamp)
{
	atomic_store(&board.phase, phase);
	atomic_store(&board.n_ready, n_ready);
	atomic_store(&board.arbiter_ms, stamp);
	atomic_store(&board.started_ms, 1000);
}

static void
life_of_a_server(void **state)
{
	(void)state;
	set(BOARD_STARTING, 0, 0);
	assert_int_equal(200, ask("GET", "/livez", 1001));
	assert_int_equal(503, ask("GET", "/readyz", 1001));
	assert_int_equal(503, ask("GET", "/startupz", 1001));
	set(BOARD_SERVING, 2, 2000);
	assert_int_equal(200, ask("GET", "/livez", 2001));
	assert_int_equal(200, ask("GET", "/readyz", 2001));
	assert_int_equal(200, ask("HEAD", "/startupz", 2001));
	set(BOARD_SERVING, 0, 2000);
	assert_int_equal(200, ask("GET", "/livez", 2001));
	assert_int_equal(503, ask("GET", "/readyz", 2001));
	set(BOARD_STOPPING, 2, 2000);
	assert_int_equal(200, ask("GET", "/livez", 2001));
	assert_int_equal(503, ask("GET", "/readyz", 2001));
	assert_int_equal(200, ask("GET", "/startupz", 2001));
}

static void
stuck_arbiter(void **state)
{
	(void)state;
	set(BOARD_SERVING, 1, 5000);
	assert_int_equal(200, ask("GET", "/livez", 5000 + ADMIN_STALE_MS));
	assert_int_equal(503, ask("GET", "/livez", 5001 + ADMIN_STALE_MS));
	/* its workers serve on */
	assert_int_equal(200, ask("GET", "/readyz", 5001 + ADMIN_STALE_MS));
	/* stamped after we looked at the clock */
	assert_int_equal(200, ask("GET", "/livez", 4990));
	/* never stamped at all */
	set(BOARD_STARTING, 0, 0);
	assert_int_equal(503, ask("GET", "/livez", 1001 + ADMIN_STALE_MS));
}

static void
other_requests(void **state)
{
	(void)state;
	set(BOARD_SERVING, 1, 5000);
	assert_int_equal(404, ask("GET", "/", 5000));
	assert_int_equal(404, ask("GET", "/livez/", 5000));
	assert_int_equal(404, ask("POST", "/nothing", 5000));
	assert_int_equal(405, ask("POST", "/livez", 5000));
	assert_int_equal(405, ask("get", "/livez", 5000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life_of_a_server),
		cmocka_unit_test(stuck_arbiter),
		cmocka_unit_test(other_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
