/* board: the shared mapping of rows and stamps; see board.h. */
#include "board/board.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/scan.h"
#include "sys/fd.h"
#include "sys/shared.h"

#include "base/banned.h"

struct board *
board_create(void)
{
	struct shared mapping;
	struct board *b;
	int bell;

	if (shared_create(&mapping, "board", sizeof(*b)) < 0)
		return NULL;
	bell = fd_event();
	if (bell < 0) {
		shared_finish(&mapping);
		return NULL;
	}
	b = mapping.mem;
	b->bell = bell;
	atomic_store(&b->started_ms, clock_ms());
	return b;
}

int
board_read_only(struct board *b)
{
	struct shared mapping = { .mem = b, .len = sizeof(*b), .fd = -1 };

	return shared_read_only(&mapping);
}

void
board_ring(const struct board *b)
{
	fd_event_ring(b->bell);
}

void
board_heard(const struct board *b)
{
	fd_event_heard(b->bell);
}

static void
clear_row(struct board_row *r)
{
	atomic_store(&r->pid, 0);
	atomic_store(&r->reactor_ms, 0);
	atomic_store(&r->python_ms, 0);
	atomic_store(&r->n_requests, 0);
	atomic_store(&r->n_connections, 0);
	atomic_store(&r->n_open, 0);
	for (unsigned i = 0; i < BOARD_SLOTS; i++) {
		struct board_slot *slot = &r->slots[i];

		atomic_store(&slot->call_started_ms, 0);
		atomic_store(&slot->n_calls, 0);
		atomic_store(&slot->call_seq, 0);
		slot->call[0] = '\0';
	}
}

unsigned
board_take_row(struct board *b, unsigned role, unsigned generation)
{
	for (unsigned i = 0; i < BOARD_ROWS; i++) {
		struct board_row *r = &b->rows[i];

		if (atomic_load(&r->state) != BOARD_FREE)
			continue;
		clear_row(r);
		atomic_store(&r->role, role);
		atomic_store(&r->generation, generation);
		atomic_store(&r->started_ms, clock_ms());
		atomic_store(&r->state, BOARD_SPAWNING);
		return i;
	}
	return BOARD_NO_ROW;
}

void
board_free_row(struct board *b, unsigned row)
{
	CHECK(row < BOARD_ROWS);
	atomic_store(&b->rows[row].pid, 0);
	atomic_store(&b->rows[row].state, BOARD_FREE);
}

void
board_set_state(struct board *b, unsigned row, enum board_state state)
{
	CHECK(row < BOARD_ROWS);
	atomic_store(&b->rows[row].state, state);
	board_ring(b);
}

/* Appends the printable part of s; anything else becomes '?'. */
static size_t
put_printable(char *dst, size_t at, struct str s)
{
	size_t n, i;

	s = str_head(s, BOARD_CALL_MAX - 1 - at);
	n = scan_visible(s); /* of a parsed head: all of it */
	(void)str_copy(dst + at, str_head(s, n));
	for (i = n; i < s.len; i++)
		dst[at + i] =
		    s.ptr[i] > ' ' && s.ptr[i] < 0x7f ? s.ptr[i] : '?';
	return at + s.len;
}

void
board_call_begin(struct board_slot *slot, struct str method, struct str target)
{
	size_t at;

	atomic_fetch_add(&slot->call_seq, 1);
	at = put_printable(slot->call, 0, method);
	if (at < BOARD_CALL_MAX - 1)
		slot->call[at++] = ' ';
	at = put_printable(slot->call, at, target);
	slot->call[at] = '\0';
	atomic_fetch_add(&slot->call_seq, 1);
	atomic_store(&slot->call_started_ms, clock_ms());
}

void
board_call_end(struct board_slot *slot)
{
	atomic_store(&slot->call_started_ms, 0);
	atomic_fetch_add(&slot->n_calls, 1);
}

void
board_call_text(struct board_slot *slot, char *dst)
{
	uint32_t seq = atomic_load(&slot->call_seq);
	bool runs = atomic_load(&slot->call_started_ms) != 0;

	memcpy(dst, slot->call, BOARD_CALL_MAX);
	dst[BOARD_CALL_MAX - 1] = '\0';
	if (!runs || (seq & 1) || atomic_load(&slot->call_seq) != seq)
		dst[0] = '\0';
}

/* ms that have passed since stamp; 0 for a stamp of 0 or of the future. */
static uint64_t
age_ms(uint64_t stamp, uint64_t now_ms)
{
	return stamp == 0 || stamp > now_ms ? 0 : now_ms - stamp;
}

uint64_t
board_silence_ms(struct board_row *row, uint64_t now_ms)
{
	uint64_t oldest, ms;

	/*
	 * While a call runs on the reactor's own thread its stamp cannot
	 * move; the call's start is then the later, and the true, one.
	 */
	oldest = age_ms(atomic_load(&row->reactor_ms), now_ms);
	for (unsigned i = 0; i < BOARD_SLOTS; i++) {
		ms =
		    age_ms(atomic_load(&row->slots[i].call_started_ms), now_ms);
		if (ms > oldest)
			oldest = ms;
	}
	ms = age_ms(atomic_load(&row->python_ms), now_ms);
	return ms > oldest ? ms : oldest;
}
