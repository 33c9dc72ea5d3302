/*
 * log_ring: bytes between two places that only grow, under a lock that is held
 * for a copy. Run by workers.
 */
#include "sys/log_ring.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/escape.h"
#include "sys/fd.h"

#include "base/banned.h"

#define ROOM ((size_t)256 << 10) /* a power of two */
#define LOOK_MS 20               /* at what the reader has left */

/* Before each text. */
struct header {
	enum log_level level;
	unsigned len;
};

static struct log_ring {
	atomic_bool on;
	pthread_mutex_t lock;
	size_t put, taken; /* under the lock */
	size_t held;       /* the same: of what the reader is about to write */
	char *mem;
	int bell;
} ring = { .lock = PTHREAD_MUTEX_INITIALIZER, .bell = -1 };

static void
copy_in(size_t at, const void *from, size_t n)
{
	size_t start = at % ROOM, first = n < ROOM - start ? n : ROOM - start;

	memcpy(ring.mem + start, from, first);
	memcpy(ring.mem, (const char *)from + first, n - first);
}

static void
copy_out(void *to, size_t at, size_t n)
{
	size_t start = at % ROOM, first = n < ROOM - start ? n : ROOM - start;

	memcpy(to, ring.mem + start, first);
	memcpy((char *)to + first, ring.mem, n - first);
}

static bool
put(enum log_level level, struct str text)
{
	struct header h = { level, (unsigned)text.len };
	bool fits;

	pthread_mutex_lock(&ring.lock);
	fits = atomic_load(&ring.on) &&
	    sizeof(h) + text.len <= ROOM - (ring.put - ring.taken);
	if (fits) {
		copy_in(ring.put, &h, sizeof(h));
		copy_in(ring.put + sizeof(h), text.ptr, text.len);
		ring.put += sizeof(h) + text.len;
	}
	pthread_mutex_unlock(&ring.lock);
	if (fits)
		fd_event_ring(ring.bell);
	return fits;
}

/* A traceback is one record; escaped, but for its newlines. */
static bool
put_whole(enum log_level level, struct str text)
{
	char escaped[LOG_RING_TEXT_MAX];
	size_t n = 0;

	while (text.len > 0) {
		if (n > sizeof(escaped) - ESCAPE_MAX)
			return false; /* then as lines */
		if (text.ptr[0] == '\n') {
			escaped[n++] = '\n';
			text = str_tail(text, 1);
		} else {
			n += escape_next(&text, ESCAPE_TEXT, escaped + n);
		}
	}
	return put(level, (struct str){ escaped, n });
}

static bool
on_log(enum log_level level, enum event event, struct str text)
{
	if (event == EV_PYTHON || event == EV_TOLD || !atomic_load(&ring.on))
		return false;
	return event == EV_WHOLE ? put_whole(level, text) : put(level, text);
}

int
log_ring_start(void)
{
	ring.mem = malloc(ROOM);
	if (ring.mem == NULL)
		return -E_NOMEM;
	ring.bell = fd_event();
	if (ring.bell < 0) {
		free(ring.mem);
		ring.mem = NULL;
		return -E_SYSTEM;
	}
	log_add_tap(on_log);
	atomic_store(&ring.on, true);
	return 0;
}

static bool
take(struct log_ring_line *line)
{
	struct header h;
	bool any;

	pthread_mutex_lock(&ring.lock);
	ring.taken += ring.held; /* whoever takes the next has written it */
	ring.held = 0;
	any = ring.put != ring.taken;
	if (any) {
		copy_out(&h, ring.taken, sizeof(h));
		line->level = h.level;
		line->len = h.len;
		copy_out(line->text, ring.taken + sizeof(h), h.len);
		ring.held = sizeof(h) + h.len;
	}
	pthread_mutex_unlock(&ring.lock);
	return any;
}

int
log_ring_take(struct log_ring_line *line, int timeout_ms)
{
	struct pollfd p = { .fd = ring.bell, .events = POLLIN };

	if (ring.mem == NULL)
		return -E_EOF;
	if (take(line))
		return 1;
	if (!atomic_load(&ring.on))
		return -E_EOF;
	(void)poll(&p, 1, timeout_ms);
	fd_event_heard(ring.bell);
	return take(line) ? 1 : 0;
}

static bool
is_empty(void)
{
	bool empty;

	pthread_mutex_lock(&ring.lock);
	empty = ring.put == ring.taken;
	pthread_mutex_unlock(&ring.lock);
	return empty;
}

void
log_ring_end(int wait_ms)
{
	uint64_t until = clock_ms() + (uint64_t)wait_ms;
	struct log_ring_line line;

	if (!atomic_exchange(&ring.on, false))
		return;
	fd_event_ring(ring.bell);
	while (!is_empty() && clock_ms() < until)
		(void)poll(NULL, 0, LOOK_MS);
	pthread_mutex_lock(&ring.lock);
	ring.held = 0; /* its reader does not come back */
	pthread_mutex_unlock(&ring.lock);
	while (take(&line))
		log_again(line.level, (struct str){ line.text, line.len });
}

void
log_ring_forget(void)
{
	atomic_store(&ring.on, false);
}
