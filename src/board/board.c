/* board: the shared mapping of rows and stamps; see board.h. */
#include "board/board.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/version.h"
#include "sys/fd.h"
#include "sys/shared.h"

#include "base/banned.h"

/* A reactor that has not turned for so long is not asked for anything: one
 * that has nothing to do turns every second. */
#define STILL_MS 2000

#define ENDED_BIT 0x80000000u

/* Two programs that agree in it agree in every field's place. */
static uint64_t
layout(void)
{
	uint64_t n = sizeof(struct board);

	for (const char *p = GREENCORN_VERSION; *p != '\0'; p++)
		n = n * 31 + (unsigned char)*p;
	return n;
}

struct board *
board_open(int fd, int bell)
{
	struct shared mapping;
	struct board *b;

	if (fd < 0 || bell < 0 || shared_open(&mapping, fd, sizeof(*b)) < 0)
		return NULL;
	b = mapping.mem;
	if (b->layout == layout() && mapping.len == sizeof(*b)) {
		b->fd = fd;
		b->bell = bell;
		return b;
	}
	mapping.fd = -1;
	shared_finish(&mapping);
	return NULL;
}

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
	b->layout = layout();
	b->fd = mapping.fd;
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
	atomic_store(&r->retiring, 0);
	atomic_store(&r->ended, 0);
	atomic_store(&r->reactor_ms, 0);
	atomic_store(&r->python_ms, 0);
	atomic_store(&r->n_requests, 0);
	atomic_store(&r->n_connections, 0);
	atomic_store(&r->n_open, 0);
	atomic_store(&r->n_ready, 0);
	atomic_store(&r->ready_ms, 0);
	atomic_store(&r->n_free, 0);
	atomic_store(&r->asked, 0);
	for (unsigned i = 0; i < BOARD_HOOKS; i++)
		atomic_store(&r->hooks[i].started_ms, 0);
	for (unsigned i = 0; i < BOARD_SLOTS; i++) {
		struct board_slot *slot = &r->slots[i];

		atomic_store(&slot->call_started_ms, 0);
		atomic_store(&slot->n_calls, 0);
		atomic_store(&slot->call_seq, 0);
		atomic_store(&slot->call_len, 0);
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
		if (i >= atomic_load(&b->n_rows))
			atomic_store(&b->n_rows, i + 1);
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

void
board_retire(struct board *b, unsigned row)
{
	CHECK(row < BOARD_ROWS);
	atomic_store(&b->rows[row].retiring, 1);
	board_ring(b);
}

bool
board_note_end(struct board *b, const struct child_end *end)
{
	uint32_t word = ENDED_BIT | (uint32_t)(end->sig & 0x7f) << 8 |
	    (uint32_t)(end->status & 0xff);

	for (unsigned i = 0; i < BOARD_ROWS; i++) {
		if (atomic_load(&b->rows[i].pid) != (int)end->pid)
			continue;
		atomic_store(&b->rows[i].ended, word);
		board_ring(b);
		return true;
	}
	return false;
}

bool
board_end(struct board_row *row, struct child_end *end)
{
	uint32_t word = atomic_load(&row->ended);

	*end = (struct child_end){
		.pid = atomic_load(&row->pid),
		.status = (int)(word & 0xff),
		.sig = (int)(word >> 8 & 0x7f),
	};
	return (word & ENDED_BIT) != 0;
}

struct board_slot *
board_slot(struct board_row *row, unsigned n)
{
	static struct board_slot unseen;

	return n < BOARD_SLOTS ? &row->slots[n] : &unseen;
}

void
board_stamp_reactor(struct board_row *row)
{
	atomic_store(&row->reactor_ms, clock_ms());
}

void
board_stamp_python(struct board_row *row)
{
	atomic_store(&row->python_ms, clock_ms());
}

/* These are on the path of a request, too: no clock of their own. */
void
board_python_wanted(struct board_row *row)
{
	uint64_t ms =
	    atomic_load_explicit(&row->reactor_ms, memory_order_relaxed);

	atomic_store_explicit(&row->python_ms, ms, memory_order_relaxed);
}

void
board_python_had(struct board_row *row)
{
	atomic_store_explicit(&row->python_ms, 0, memory_order_relaxed);
}

/* On the path of every request: plain stores, and no look at the bytes. */
void
board_hook_begin(
    struct board_row *row, enum board_hook_thread thread, unsigned hook)
{
	atomic_store(&row->hooks[thread].hook, hook);
	atomic_store(&row->hooks[thread].started_ms, clock_ms());
}

void
board_hook_end(struct board_row *row, enum board_hook_thread thread)
{
	atomic_store(&row->hooks[thread].started_ms, 0);
}

void
board_call_begin(struct board_slot *slot, struct str method, struct str target)
{
	uint32_t seq =
	    atomic_load_explicit(&slot->call_seq, memory_order_relaxed);

	atomic_store_explicit(&slot->call_seq, seq + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	method = str_head(method, BOARD_CALL_MAX / 2);
	target = str_head(target, BOARD_CALL_MAX - 1 - method.len);
	memcpy(slot->call, method.ptr, method.len);
	slot->call[method.len] = ' ';
	memcpy(slot->call + method.len + 1, target.ptr, target.len);
	atomic_store_explicit(&slot->call_len,
	    (uint32_t)(method.len + 1 + target.len), memory_order_relaxed);
	atomic_store_explicit(&slot->call_seq, seq + 2, memory_order_release);
	atomic_store_explicit(
	    &slot->call_started_ms, clock_ms(), memory_order_release);
}

void
board_call_end(struct board_slot *slot)
{
	uint64_t n = atomic_load_explicit(&slot->n_calls, memory_order_relaxed);

	atomic_store_explicit(&slot->call_started_ms, 0, memory_order_release);
	atomic_store_explicit(&slot->n_calls, n + 1, memory_order_relaxed);
}

void
board_call_text(struct board_slot *slot, char *dst)
{
	uint32_t seq = atomic_load(&slot->call_seq);
	uint32_t len = atomic_load(&slot->call_len);
	bool runs = atomic_load(&slot->call_started_ms) != 0;

	if (len >= BOARD_CALL_MAX)
		len = BOARD_CALL_MAX - 1;
	memcpy(dst, slot->call, len);
	atomic_thread_fence(memory_order_acquire);
	if (!runs || (seq & 1) || atomic_load(&slot->call_seq) != seq)
		len = 0;
	dst[len] = '\0';
	for (char *p = dst; p < dst + len; p++)
		if (*p < ' ' || *p >= 0x7f)
			*p = '?';
}

struct board_slot *
board_longest_call(struct board_row *row)
{
	struct board_slot *longest = &row->slots[0];
	uint64_t started, oldest = UINT64_MAX;

	for (unsigned i = 0; i < BOARD_SLOTS; i++) {
		started = atomic_load(&row->slots[i].call_started_ms);
		if (started == 0 || started >= oldest)
			continue;
		oldest = started;
		longest = &row->slots[i];
	}
	return longest;
}

/* ms that have passed since stamp; 0 for a stamp of 0 or of the future. */
static uint64_t
age_ms(uint64_t stamp, uint64_t now_ms)
{
	return stamp == 0 || stamp > now_ms ? 0 : now_ms - stamp;
}

/* It serves, has a free slot, and its reactor turns. */
static bool
takes_connections(struct board_row *r, uint64_t now_ms)
{
	return atomic_load_explicit(&r->n_free, memory_order_relaxed) > 0 &&
	    atomic_load_explicit(&r->state, memory_order_relaxed) ==
	    BOARD_READY &&
	    age_ms(atomic_load_explicit(&r->reactor_ms, memory_order_relaxed),
		now_ms) < STILL_MS;
}

unsigned
board_less_loaded(struct board *b, unsigned row, uint32_t n_open)
{
	unsigned found = BOARD_NO_ROW, n_rows = atomic_load(&b->n_rows);
	uint64_t now_ms = clock_ms();
	uint32_t open;

	for (unsigned i = 0; i < n_rows && n_open > 0; i++) {
		if (i == row || !takes_connections(&b->rows[i], now_ms))
			continue;
		open = atomic_load_explicit(
		    &b->rows[i].n_open, memory_order_relaxed);
		if (open >= n_open)
			continue;
		n_open = open;
		found = i;
	}
	return found;
}

unsigned
board_n_idle(struct board *b, unsigned row)
{
	unsigned n = 0, n_rows = atomic_load(&b->n_rows);
	uint64_t now_ms = clock_ms();

	for (unsigned i = 0; i < n_rows; i++)
		if (i != row && takes_connections(&b->rows[i], now_ms) &&
		    atomic_load(&b->rows[i].n_ready) == 0)
			n++;
	return n;
}

uint64_t
board_silence_ms(struct board_row *row, uint64_t now_ms)
{
	uint64_t ms, oldest;

	ms = age_ms(atomic_load(&row->reactor_ms), now_ms);
	oldest = atomic_load(&row->python_ms);
	if (oldest == 0)
		oldest = atomic_load(&board_longest_call(row)->call_started_ms);
	oldest = age_ms(oldest, now_ms);
	return ms > oldest ? ms : oldest;
}
