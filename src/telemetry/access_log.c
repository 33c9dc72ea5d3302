/*
 * access_log: two buffers in turns: one that requests fill, under a lock, and
 * one that the log's thread writes. Run by workers.
 */
#include "telemetry/access_log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "http/request.h"
#include "sys/fd.h"
#include "sys/log_file.h"
#include "sys/log_syslog.h"
#include "sys/sys_time.h"
#include "sys/thread.h"
#include "telemetry/access_format.h"

#include "base/banned.h"

#define FLUSH_MS 1000                /* a line waits no longer */
#define FLUSH_LEN ((size_t)32 << 10) /* nor with as much beside it */
#define STOP_MS 1000                 /* the end waits no longer */
#define SAID_MS 10000                /* between two words on losses */
#define STACK_LEN ((size_t)128 << 10)

struct lines {
	char *mem; /* ACCESS_LOG_ROOM */
	size_t len;
};

static struct access_log {
	struct access_format *format;
	atomic_bool on;
	bool times, answers;
	char path[PATH_MAX]; /* empty: standard output */
	int fd;              /* -1: nowhere but to syslog */
	bool syslog;         /* there, too */
	int bell, done;      /* events: to the thread; it has ended */
	pthread_mutex_t lock;
	struct lines fill; /* under the lock */
	bool asked;        /* the same: the thread knows of FLUSH_LEN */
	struct lines out;  /* the thread's own */
	size_t out_at;     /* so much of it is written */
	bool torn;         /* what was written last is no whole line */
	atomic_bool stopping;
	_Atomic uint64_t lost;
	uint64_t lost_said, said_ms; /* the thread's own */
} access_log = {
	.fd = -1, .bell = -1, .done = -1, .lock = PTHREAD_MUTEX_INITIALIZER
};

/* --- writing, in the log's thread --- */

static unsigned
count_lines(struct str s)
{
	const char *p;
	unsigned n = 0;

	while (s.len > 0 && (p = memchr(s.ptr, '\n', s.len)) != NULL) {
		s = str_tail(s, (size_t)(p - s.ptr) + 1);
		n++;
	}
	return n;
}

/* At most every ten seconds, and once more when all is over. */
static void
say_lost(struct access_log *a, bool last)
{
	uint64_t lost = atomic_load(&a->lost), now = clock_ms();

	if (lost == a->lost_said ||
	    (!last && a->lost_said > 0 && now - a->said_ms < SAID_MS))
		return;
	log_event(EV_ACCESS_LOG_LOST, (unsigned long)(lost - a->lost_said));
	a->lost_said = lost;
	a->said_ms = now;
}

/* It cannot be written. */
static void
drop_out(struct access_log *a)
{
	struct str rest = { a->out.mem + a->out_at, a->out.len - a->out_at };

	atomic_fetch_add(&a->lost, count_lines(rest));
	a->out.len = a->out_at = 0;
}

static bool
put_out(struct access_log *a, int wait_ms)
{
	struct str rest = { a->out.mem + a->out_at, a->out.len - a->out_at };
	ssize_t n;

	if (a->torn && log_file_write(a->fd, STR("\n"), wait_ms) == 1)
		a->torn = false;
	n = log_file_write(a->fd, rest, wait_ms);
	if (n < 0) {
		if (a->lost_said == atomic_load(&a->lost))
			log_errno(EV_ACCESS_LOG_WRITE);
		/* The rest of a line must not look like one. */
		a->torn = a->out_at > 0 && a->out.mem[a->out_at - 1] != '\n';
		drop_out(a);
		return true;
	}
	a->out_at += (size_t)n;
	if (a->out_at < a->out.len)
		return false;
	a->out.len = a->out_at = 0;
	return true;
}

/* Each line of what is to be written. */
static void
tell_syslog(struct access_log *a)
{
	struct str rest = { a->out.mem, a->out.len };

	while (a->syslog && rest.len > 0)
		log_syslog_access(str_cut(&rest, '\n'));
	if (a->fd < 0)
		a->out.len = 0;
}

/* What was filled is to be written, and the other way round. */
static bool
swap(struct access_log *a)
{
	struct lines full;

	pthread_mutex_lock(&a->lock);
	full = a->fill;
	a->fill = a->out;
	a->out = full;
	a->asked = false;
	pthread_mutex_unlock(&a->lock);
	tell_syslog(a);
	return a->out.len > 0;
}

/* Writes what there is; false: a reader does not read. */
static bool
flush(struct access_log *a)
{
	size_t before = a->out_at;
	bool moved = true;

	if (a->out.len > 0 || swap(a))
		moved = put_out(a, FLUSH_MS) || a->out_at > before;
	say_lost(a, false);
	return moved;
}

/* The end: both buffers, as far as it goes at once. */
static void
flush_all(struct access_log *a)
{
	bool stuck = a->out.len > 0 && !put_out(a, FLUSH_MS);

	if (stuck)
		drop_out(a);
	if (swap(a) && (stuck || !put_out(a, FLUSH_MS)))
		drop_out(a);
	say_lost(a, true);
}

static void *
write_lines(void *arg)
{
	struct access_log *a = arg;
	struct pollfd p = { .fd = a->bell, .events = POLLIN };
	bool moved = true;

	while (!atomic_load(&a->stopping)) {
		/* What waits for its reader has no need of the bell. */
		if (a->out.len == 0 || !moved)
			(void)poll(&p, 1, FLUSH_MS);
		fd_event_heard(a->bell);
		moved = flush(a);
	}
	flush_all(a);
	fd_event_ring(a->done);
	return NULL;
}

/* --- beginning and end --- */

static int
open_log(struct access_log *a, const char *path)
{
	int rc;

	if (strcmp(path, "-") == 0) {
		a->fd = STDOUT_FILENO;
		return 0;
	}
	rc = str_to_z(str_of(path), a->path, sizeof(a->path));
	if (rc < 0)
		return rc;
	a->fd = log_file_open(path);
	return a->fd < 0 ? a->fd : 0;
}

static int
make_format(struct access_log *a, const struct config *cfg)
{
	bool json = strcmp(cfg->log_format, "json") == 0;
	const char *format = cfg->access_log_format;

	if (json && strcmp(format, config_default("access_log_format")) == 0)
		format = ACCESS_FORMAT_JSON;
	a->format = access_format_create(str_of(format), json, (int)getpid());
	a->fill.mem = malloc(ACCESS_LOG_ROOM);
	a->out.mem = malloc(ACCESS_LOG_ROOM);
	if (a->format == NULL || a->fill.mem == NULL || a->out.mem == NULL)
		return -E_NOMEM;
	a->times = access_format_times(a->format);
	a->answers = access_format_answers(a->format);
	return 0;
}

int
access_log_start(const struct config *cfg)
{
	struct access_log *a = &access_log;
	pthread_t thread;
	int rc;

	a->syslog = config_has_access_syslog(cfg);
	if (!config_has_access_log(cfg) && !a->syslog)
		return 1;
	rc = config_has_access_log(cfg) ? open_log(a, cfg->accesslog) : 0;
	if (rc == 0)
		rc = make_format(a, cfg);
	if (rc < 0)
		return rc;
	a->bell = fd_event();
	a->done = fd_event();
	if (a->bell < 0 || a->done < 0)
		return -E_SYSTEM;
	a->on = true;
	rc = thread_start(&thread, STACK_LEN, write_lines, a);
	if (rc == 0)
		pthread_detach(thread); /* it says when it has ended */
	a->on = rc == 0;
	return rc;
}

bool
access_log_wants_us(void)
{
	return access_log.on && access_log.times;
}

bool
access_log_wants_fields(void)
{
	return access_log.on && access_log.answers;
}

const struct str *
access_log_wants_environ(void)
{
	return access_log.on ? access_format_environ(access_log.format) : NULL;
}

/* --- lines --- */

/* Puts a line by; true: the thread should be told. */
static bool
keep_line(struct access_log *a, const char *line, size_t n)
{
	bool tell = false;

	pthread_mutex_lock(&a->lock);
	if (n > ACCESS_LOG_ROOM - a->fill.len) {
		atomic_fetch_add(&a->lost, 1);
	} else {
		memcpy(a->fill.mem + a->fill.len, line, n);
		a->fill.len += n;
	}
	if (a->fill.len >= FLUSH_LEN && !a->asked)
		tell = a->asked = true;
	pthread_mutex_unlock(&a->lock);
	return tell;
}

void
access_log_request(const struct request *req)
{
	struct access_log *a = &access_log;
	char line[ACCESS_LINE_MAX];
	uint64_t spent = 0;
	size_t n;

	if (!a->on)
		return;
	if (a->times && req->started_us != 0)
		spent = time_us() - req->started_us;
	n = access_format_line(a->format, req, spent, line);
	if (keep_line(a, line, n))
		fd_event_ring(a->bell);
}

void
access_log_text(struct str text)
{
	struct access_log *a = &access_log;
	char line[ACCESS_LINE_MAX];
	bool tell = false;

	if (!a->on)
		return;
	if (str_ends(text, STR("\n")))
		text.len--;
	while (text.ptr != NULL) {
		size_t n = access_format_text(a->format, &text, line);

		tell = keep_line(a, line, n) || tell;
	}
	if (tell)
		fd_event_ring(a->bell);
}

void
access_log_reopen(void)
{
	struct access_log *a = &access_log;

	if (a->on && a->path[0] != '\0')
		(void)log_file_reopen(a->fd, a->path);
}

void
access_log_stop(void)
{
	struct access_log *a = &access_log;
	struct pollfd p = { .fd = a->done, .events = POLLIN };

	if (!a->on)
		return;
	a->on = false;
	atomic_store(&a->stopping, true);
	fd_event_ring(a->bell);
	/* Not heard in time: what it has left goes with the process. */
	(void)poll(&p, 1, STOP_MS);
}

void
access_log_last_words(void)
{
	struct access_log *a = &access_log;

	if (!a->on || a->fd < 0 || pthread_mutex_trylock(&a->lock) != 0)
		return;
	(void)log_file_write(
	    a->fd, (struct str){ a->fill.mem, a->fill.len }, 0);
	a->fill.len = 0;
	/* The lock stays: the process ends here. */
}

void
access_log_forget(void)
{
	access_log.on = false;
}

uint64_t
access_log_lost(void)
{
	return atomic_load(&access_log.lost);
}
