/*
 * log_syslog: one receiver a process. Every role, every thread.
 */
#include "sys/log_syslog.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "sys/fd.h"
#include "sys/lookup.h"

#include "base/banned.h"

#define CONNECT_MS 100
#define AGAIN_MS 1000
#define LINE_MAX (LOG_LINE_MAX + LOG_SYSLOG_NAME_MAX + 64)

static struct log_syslog {
	atomic_bool on;
	struct sock_addr to;
	bool stream, either;
	unsigned facility;
	char name[LOG_SYSLOG_NAME_MAX];
	int fd;              /* -1: none */
	pid_t owner;         /* of a stream: it is not shared */
	uint64_t not_before; /* no new try */
	pthread_mutex_t lock;
	_Atomic uint64_t lost;
	void (*unknown)(void);
} syslog_state = { .fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER };

static lookup_done on_lookup;
static struct lookup lookup = LOOKUP_INIT(on_lookup);

static void
on_lookup(const struct sock_addr *to)
{
	struct log_syslog *s = &syslog_state;

	if (to != NULL) {
		s->to = *to;
		atomic_store(&s->on, true);
	} else if (s->unknown != NULL) {
		s->unknown();
	}
}

/* RFC 5424, 6.2.1 */
static unsigned
severity(enum log_level level)
{
	static const unsigned numbers[] = {
		[LOG_DEBUG] = 7,
		[LOG_INFO] = 6,
		[LOG_WARNING] = 4,
		[LOG_ERROR] = 3,
		[LOG_CRITICAL] = 2,
	};

	return numbers[level];
}

static void
drop_socket(struct log_syslog *s)
{
	if (s->fd >= 0)
		fd_close(s->fd);
	s->fd = -1;
}

/* Has it a socket to send with? Under the lock. */
static bool
has_socket(struct log_syslog *s)
{
	if (s->fd >= 0 && s->stream && s->owner != getpid())
		drop_socket(s); /* the parent's */
	if (s->fd >= 0)
		return true;
	if (clock_ms() < s->not_before)
		return false;
	s->fd = s->stream ? sock_stream(&s->to) : sock_dgram(&s->to);
	s->owner = getpid();
	if (s->fd >= 0 &&
	    (!s->stream || sock_connect(s->fd, &s->to, CONNECT_MS) == 0))
		return true;
	drop_socket(s);
	s->not_before = clock_ms() + AGAIN_MS;
	return false;
}

/* The whole of it, or the connection is of no use any more. */
static bool
send_stream(struct log_syslog *s, struct str line)
{
	if (sock_send(s->fd, line, false) == (ssize_t)line.len)
		return true;
	drop_socket(s);
	return false;
}

/* Line ends in a newline, which only streams need. Under the lock. */
static bool
send_line(struct log_syslog *s, struct str line)
{
	struct str alone = str_head(line, line.len - 1);

	if (!has_socket(s))
		return false;
	if (s->stream)
		/* Whoever listened may have gone: once more. */
		return send_stream(s, line) ||
		    (has_socket(s) && send_stream(s, line));
	if (sock_send_to(s->fd, &s->to, alone) == 0)
		return true;
	if (errno != EPROTOTYPE || !s->either)
		return false;
	drop_socket(s);
	s->stream = true;
	return has_socket(s) && send_stream(s, line);
}

/* A child may have been forked while another thread held it. */
static bool
take_lock(struct log_syslog *s)
{
	struct timespec until;

	if (pthread_mutex_trylock(&s->lock) == 0)
		return true;
	if (clock_gettime(CLOCK_REALTIME, &until) < 0)
		return false;
	until.tv_nsec += CONNECT_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	return pthread_mutex_timedlock(&s->lock, &until) == 0;
}

static void
put(enum log_level level, const char *kind, struct str text)
{
	struct log_syslog *s = &syslog_state;
	char line[LINE_MAX];
	bool sent = false;
	int n;

	if (!atomic_load(&s->on)) {
		lookup_resume(&lookup);
		return;
	}
	n = snprintf(line, sizeof(line), "<%u>gunicorn.%s.%s: [%d] %.*s\n",
	    s->facility * 8 + severity(level), s->name, kind, (int)getpid(),
	    STR_ARG(text));
	if (n > 0 && (size_t)n < sizeof(line) && take_lock(s)) {
		sent = send_line(s, (struct str){ line, (size_t)n });
		pthread_mutex_unlock(&s->lock);
	}
	if (!sent)
		atomic_fetch_add(&s->lost, 1);
}

static bool
on_log(enum log_level level, enum event event, struct str text)
{
	int saved = errno;

	if (event == EV_WHOLE)
		return false; /* its lines follow */
	put(level, "error", text);
	errno = saved;
	return false;
}

void
log_syslog_start(const struct log_syslog_options *o, void (*unknown)(void))
{
	struct log_syslog *s = &syslog_state;
	size_t i;

	log_syslog_stop();
	s->to = o->to;
	s->stream = o->stream;
	s->either = o->either;
	s->facility = o->facility;
	for (i = 0; i < o->name.len && i < sizeof(s->name) - 1; i++) {
		char c = o->name.ptr[i];

		s->name[i] = c <= ' ' || c >= 0x7f || strchr(":[]()", c) != NULL
		    ? '.'
		    : c;
	}
	s->name[i] = '\0';
	s->not_before = 0;
	s->unknown = unknown;
	log_add_tap(on_log);
	if (o->host.len == 0)
		atomic_store(&s->on, true);
	else if (lookup_start(&lookup, o->host, o->port, LOOKUP_WAIT_MS) < 0)
		on_lookup(NULL);
}

void
log_syslog_stop(void)
{
	lookup_stop(&lookup);
	atomic_store(&syslog_state.on, false);
	drop_socket(&syslog_state);
}

void
log_syslog_access(struct str line)
{
	put(LOG_INFO, "access", line);
}

uint64_t
log_syslog_lost(void)
{
	return atomic_load(&syslog_state.lost);
}
