/* The scoreboard: rows, stamps, what a slot says of its call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "board/board.h"
#include "sys/sys_time.h"

static int
make_board(void **state)
{
	time_start();
	*state = board_create();
	return *state == NULL ? -1 : 0;
}

static void
a_row_is_taken_cleared_and_given_back(void **state)
{
	struct board *b = *state;
	unsigned first = board_take_row(b, 4, 7), second;

	assert_int_equal(first, 0);
	assert_int_equal(atomic_load(&b->rows[0].state), BOARD_SPAWNING);
	assert_int_equal(atomic_load(&b->rows[0].generation), 7);
	atomic_store(&b->rows[0].n_requests, 5);
	second = board_take_row(b, 4, 7);
	assert_int_equal(second, 1);
	board_free_row(b, first);
	assert_int_equal(board_take_row(b, 4, 8), first);
	assert_int_equal(atomic_load(&b->rows[0].n_requests), 0);
}

static void
a_full_board_says_so(void **state)
{
	struct board *b = *state;

	for (unsigned i = 0; i < BOARD_ROWS; i++)
		assert_int_not_equal(board_take_row(b, 1, 1), BOARD_NO_ROW);
	assert_int_equal(board_take_row(b, 1, 1), BOARD_NO_ROW);
}

static void
a_child_s_ring_is_heard(void **state)
{
	struct board *b = *state;
	struct pollfd p = { .fd = b->bell, .events = POLLIN };
	unsigned row = board_take_row(b, 4, 1);
	int status;
	pid_t pid;

	assert_int_equal(poll(&p, 1, 0), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		board_set_state(b, row, BOARD_READY);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(atomic_load(&b->rows[row].state), BOARD_READY);
	board_heard(b);
	assert_int_equal(poll(&p, 1, 0), 0);
}

static void
a_call_s_text_is_printable_and_bounded(void **state)
{
	struct board *b = *state;
	struct board_slot *slot = &b->rows[0].slots[0];
	char text[BOARD_CALL_MAX], longer[500];

	board_call_text(slot, text);
	assert_string_equal(text, "");
	board_call_begin(slot, STR("GET"), STR("/a\x1b[0m\n\xff"));
	board_call_text(slot, text);
	assert_string_equal(text, "GET /a?[0m??");
	board_call_end(slot);
	board_call_text(slot, text);
	assert_string_equal(text, "");
	memset(longer, 'x', sizeof(longer));
	board_call_begin(slot, STR("GET"), (struct str){ longer, 500 });
	board_call_text(slot, text);
	assert_int_equal(strlen(text), BOARD_CALL_MAX - 1);
}

static void
silence_is_the_oldest_stamp(void **state)
{
	struct board *b = *state;
	struct board_row *row = &b->rows[0];

	assert_int_equal(board_silence_ms(row, 5000), 0);
	atomic_store(&row->reactor_ms, 4000);
	assert_int_equal(board_silence_ms(row, 5000), 1000);
	atomic_store(&row->slots[0].call_started_ms, 3000);
	assert_int_equal(board_silence_ms(row, 5000), 2000);
	atomic_store(&row->python_ms, 1000);
	assert_int_equal(board_silence_ms(row, 5000), 4000);
	/* Stamped since now was read: no silence. */
	atomic_store(&row->reactor_ms, 6000);
	atomic_store(&row->python_ms, 6000);
	atomic_store(&row->slots[0].call_started_ms, 0);
	assert_int_equal(board_silence_ms(row, 5000), 0);
}

static void
init_notes_how_a_row_s_process_ended(void **state)
{
	struct board *b = *state;
	unsigned row = board_take_row(b, 4, 1);
	struct child_end end = { .pid = 4711, .sig = 9 };

	assert_false(board_note_end(b, &end));
	atomic_store(&b->rows[row].pid, 4711);
	assert_false(board_end(&b->rows[row], &end));
	end = (struct child_end){ .pid = 4711, .sig = 9 };
	assert_true(board_note_end(b, &end));
	end = (struct child_end){ .pid = 0 };
	assert_true(board_end(&b->rows[row], &end));
	assert_int_equal(end.pid, 4711);
	assert_int_equal(end.sig, 9);
	assert_int_equal(end.status, 0);
	end = (struct child_end){ .pid = 4711, .status = 0 };
	assert_true(board_note_end(b, &end));
	assert_true(board_end(&b->rows[row], &end));
	assert_int_equal(end.sig, 0);
	board_free_row(b, row);
	assert_int_equal(board_take_row(b, 4, 1), row);
	assert_false(board_end(&b->rows[row], &end));
}

static void
a_board_is_opened_from_its_descriptors(void **state)
{
	struct board *b = *state, *again;
	unsigned row = board_take_row(b, 4, 1);

	again = board_open(b->fd, b->bell);
	assert_non_null(again);
	assert_ptr_not_equal(again, b);
	assert_int_equal(atomic_load(&again->rows[row].role), 4);
	again->layout++;
	assert_null(board_open(b->fd, b->bell)); /* of another version */
	assert_null(board_open(-1, -1));
	assert_null(board_open(b->bell, b->bell));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_row_is_taken_cleared_and_given_back,
		    make_board),
		cmocka_unit_test_setup(a_full_board_says_so, make_board),
		cmocka_unit_test_setup(a_child_s_ring_is_heard, make_board),
		cmocka_unit_test_setup(a_call_s_text_is_printable_and_bounded,
		    make_board),
		cmocka_unit_test_setup(silence_is_the_oldest_stamp, make_board),
		cmocka_unit_test_setup(init_notes_how_a_row_s_process_ended,
		    make_board),
		cmocka_unit_test_setup(a_board_is_opened_from_its_descriptors,
		    make_board),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
