/*
 * statsd: one receiver a process. Run by the arbiter (gauges, what it logs)
 * and by workers (requests, what they log).
 */
#include "telemetry/statsd.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/num.h"
#include "config/config.h"
#include "config/config_bind.h"
#include "http/request.h"
#include "sys/fd.h"
#include "sys/lookup.h"
#include "sys/sock.h"
#include "sys/sys_time.h"
#include "sys/thread.h"

#include "base/banned.h"

#define FLUSH_MS 1000
#define STOP_MS 1000
#define LOOK_UP_TURNS 30 /* of FLUSH_MS, between two */
#define STACK_LEN ((size_t)128 << 10)
#define DURATIONS_MAX 16384
#define DURATIONS_MANY (DURATIONS_MAX / 4)
#define STATUS_MAX 600
#define DATAGRAM_UDP 1432 /* fits an Ethernet frame */
#define DATAGRAM_UNIX 8192
#define METRIC_MAX 6144 /* prefix, name, value and tags */

/* What requests leave behind until it is sent. */
struct requests {
	uint64_t n, statuses[STATUS_MAX];
	unsigned n_durations;
	uint64_t durations_us[DURATIONS_MAX];
};

static struct statsd {
	atomic_bool on; /* it has an address */
	struct config_bind host;
	struct sock_addr to;
	int fd;
	char shown[CONFIG_BIND_HOST_MAX + 64]; /* the setting, for the log */
	char prefix[300];                      /* with its dot */
	char tags[4100];                       /* with "|#" */
	size_t datagram_max;

	/* Workers. */
	atomic_bool collects;
	atomic_bool stopping;
	int bell, done;
	pthread_mutex_t lock;
	struct requests *fill; /* under the lock */
	bool asked;            /* the same: the thread knows of many */
	struct requests *out;  /* the thread's own */
	_Atomic uint64_t lost;
} statsd = {
	.fd = -1, .bell = -1, .done = -1, .lock = PTHREAD_MUTEX_INITIALIZER
};

/* The arbiter's. */
static lookup_done on_lookup;
static struct lookup lookup = LOOKUP_INIT(on_lookup);

#define COUNTER STR("c|@1.0")
#define TIMER STR("ms")

/* --- metrics --- */

/* Several of them on their way into one datagram. */
struct packet {
	char mem[DATAGRAM_UNIX];
	size_t len;
};

static void
packet_send(struct packet *p)
{
	struct str s = { p->mem, p->len };

	p->len = 0;
	if (s.len > 0 && sock_send_to(statsd.fd, &statsd.to, s) < 0)
		atomic_fetch_add(&statsd.lost, 1);
}

/* "PREFIX.name:value|type|#tags", and what is full is sent before. */
static void
packet_put(struct packet *p, struct str name, struct str value, struct str type)
{
	char metric[METRIC_MAX];
	int n;

	n = snprintf(metric, sizeof(metric), "%s%.*s:%.*s|%.*s%s",
	    statsd.prefix, STR_ARG(name), STR_ARG(value), STR_ARG(type),
	    statsd.tags);
	if (n <= 0 || (size_t)n >= sizeof(metric)) {
		atomic_fetch_add(&statsd.lost, 1);
		return;
	}
	if (p->len > 0 && p->len + 1 + (size_t)n > statsd.datagram_max)
		packet_send(p);
	if (p->len > 0)
		p->mem[p->len++] = '\n';
	memcpy(p->mem + p->len, metric, (size_t)n);
	p->len += (size_t)n;
}

static void
packet_put_number(
    struct packet *p, struct str name, uint64_t value, struct str type)
{
	char digits[20];

	packet_put(
	    p, name, (struct str){ digits, num_put_dec(digits, value) }, type);
}

void
statsd_metric(struct str name, struct str value, struct str type)
{
	struct packet p;

	if (!atomic_load(&statsd.on))
		return;
	p.len = 0;
	packet_put(&p, name, value, type);
	packet_send(&p);
}

void
statsd_number(struct str name, uint64_t value, struct str type)
{
	char digits[20];

	statsd_metric(
	    name, (struct str){ digits, num_put_dec(digits, value) }, type);
}

/* --- what is logged --- */

/* Events that come with a traceback. */
static bool
is_exception(enum event event)
{
	return event == EV_GATEWAY_ERROR || event == EV_PYTHON_BOOT;
}

static bool
on_log(enum log_level level, enum event event, struct str text)
{
	int saved = errno;

	(void)text;
	if (event >= EV_MAX || level < LOG_WARNING)
		return false;
	if (is_exception(event))
		statsd_number(STR("gunicorn.log.exception"), 1, COUNTER);
	else if (level == LOG_WARNING)
		statsd_number(STR("gunicorn.log.warning"), 1, COUNTER);
	else if (level == LOG_ERROR)
		statsd_number(STR("gunicorn.log.error"), 1, COUNTER);
	else
		statsd_number(STR("gunicorn.log.critical"), 1, COUNTER);
	errno = saved;
	return false;
}

/* --- beginning and end --- */

/* "a", "a." and "a.." are "a."; nothing stays nothing. */
static void
set_prefix(struct statsd *s, const char *prefix)
{
	size_t n = strlen(prefix);

	while (n > 0 && prefix[n - 1] == '.')
		n--;
	snprintf(s->prefix, sizeof(s->prefix), "%.*s%s", (int)n, prefix,
	    n > 0 ? "." : "");
}

static void
switch_off(struct statsd *s)
{
	atomic_store(&s->on, false);
	if (s->fd >= 0)
		fd_close(s->fd);
	s->fd = -1;
}

static int
look_up(struct statsd *s, const char *dir)
{
	int rc = config_log_address(&s->host, dir, &s->to);

	if (rc == 0)
		rc = s->fd = sock_dgram(&s->to);
	if (rc < 0)
		return rc;
	atomic_store(&s->on, true);
	return 0;
}

/* Is there no name to look up? */
static bool
is_at_hand(const struct statsd *s)
{
	struct sock_addr a;

	return s->host.kind == CONFIG_BIND_UNIX ||
	    sock_numeric(&a, s->host.host, 0) == 0;
}

/* Everything but the address. False: it is not wanted. */
static bool
set_up(struct statsd *s, const struct config *cfg)
{
	switch_off(s);
	if (cfg->statsd_host[0] == '\0' ||
	    config_statsd_parse(str_of(cfg->statsd_host), &s->host) < 0)
		return false;
	s->datagram_max =
	    s->host.kind == CONFIG_BIND_UNIX ? DATAGRAM_UNIX : DATAGRAM_UDP;
	set_prefix(s, cfg->statsd_prefix);
	snprintf(s->tags, sizeof(s->tags), "%s%s",
	    cfg->dogstatsd_tags[0] == '\0' ? "" : "|#", cfg->dogstatsd_tags);
	log_add_tap(on_log);
	return true;
}

static void
say_unknown(int rc)
{
	log_event(EV_STATSD, statsd.shown, error_text(rc));
}

/* Under the lookup's lock; nobody uses the socket while it is off. */
static void
on_lookup(const struct sock_addr *to)
{
	struct statsd *s = &statsd;

	if (to == NULL) {
		say_unknown(-E_NOT_FOUND);
		return;
	}
	s->to = *to;
	s->fd = sock_dgram(&s->to);
	if (s->fd < 0)
		say_unknown(s->fd);
	else
		atomic_store(&s->on, true);
}

void
statsd_start(const struct config *cfg, const char *dir)
{
	struct statsd *s = &statsd;
	int rc;

	lookup_stop(&lookup);
	if (!set_up(s, cfg))
		return;
	snprintf(s->shown, sizeof(s->shown), "%s", cfg->statsd_host);
	if (s->host.kind == CONFIG_BIND_UNIX)
		rc = look_up(s, dir);
	else
		rc = lookup_start(&lookup, s->host.host,
		    (uint16_t)s->host.number, LOOKUP_WAIT_MS);
	if (rc < 0)
		say_unknown(rc);
}

/* --- requests --- */

static bool
swap(struct statsd *s)
{
	struct requests *full;

	pthread_mutex_lock(&s->lock);
	full = s->fill;
	s->fill = s->out;
	s->out = full;
	s->asked = false;
	pthread_mutex_unlock(&s->lock);
	return s->out->n > 0;
}

/* "1234567" microseconds are "1234.567". */
static void
put_duration(struct packet *p, uint64_t us)
{
	char text[32];
	int n;

	n = snprintf(text, sizeof(text), "%ju.%03u", (uintmax_t)(us / 1000),
	    (unsigned)(us % 1000));
	packet_put(p, STR("gunicorn.request.duration"),
	    (struct str){ text, (size_t)n }, TIMER);
}

static void
put_statuses(struct packet *p, uint64_t *statuses)
{
	char name[40];
	int n;

	for (unsigned i = 0; i < STATUS_MAX; i++) {
		if (statuses[i] == 0)
			continue;
		n = snprintf(
		    name, sizeof(name), "gunicorn.request.status.%u", i);
		packet_put_number(
		    p, (struct str){ name, (size_t)n }, statuses[i], COUNTER);
		statuses[i] = 0;
	}
}

static void
flush(struct statsd *s)
{
	struct requests *r;
	struct packet p;

	if (!atomic_load(&s->on) || !swap(s))
		return;
	p.len = 0;
	r = s->out;
	for (unsigned i = 0; i < r->n_durations; i++)
		put_duration(&p, r->durations_us[i]);
	packet_put_number(&p, STR("gunicorn.requests"), r->n, COUNTER);
	put_statuses(&p, r->statuses);
	packet_send(&p);
	r->n = r->n_durations = 0;
}

static void *
send_requests(void *arg)
{
	struct statsd *s = arg;
	struct pollfd p = { .fd = s->bell, .events = POLLIN };
	unsigned turns = 0;

	while (!atomic_load(&s->stopping)) {
		if (!atomic_load(&s->on) && turns++ % LOOK_UP_TURNS == 0)
			(void)look_up(s, ""); /* the arbiter has said why */
		(void)poll(&p, 1, FLUSH_MS);
		fd_event_heard(s->bell);
		flush(s);
	}
	flush(s);
	fd_event_ring(s->done);
	return NULL;
}

int
statsd_start_requests(const struct config *cfg)
{
	struct statsd *s = &statsd;
	pthread_t thread;
	int rc;

	if (!set_up(s, cfg))
		return 0;
	if (is_at_hand(s))
		(void)look_up(s, "");
	s->fill = calloc(1, sizeof(*s->fill));
	s->out = calloc(1, sizeof(*s->out));
	if (s->fill == NULL || s->out == NULL)
		return -E_NOMEM;
	s->bell = fd_event();
	s->done = fd_event();
	if (s->bell < 0 || s->done < 0)
		return -E_SYSTEM;
	rc = thread_start(&thread, STACK_LEN, send_requests, s);
	if (rc < 0)
		return rc;
	pthread_detach(thread); /* it says when it has ended */
	atomic_store(&s->collects, true);
	return 0;
}

bool
statsd_wants_us(void)
{
	return atomic_load(&statsd.collects);
}

void
statsd_request(const struct request *req)
{
	struct statsd *s = &statsd;
	struct requests *r;
	bool tell = false;
	uint64_t us;

	if (!atomic_load(&s->collects) || req->response.status == 0 ||
	    req->response.status >= STATUS_MAX)
		return; /* nothing was answered */
	us = req->started_us == 0 ? 0 : time_us() - req->started_us;
	pthread_mutex_lock(&s->lock);
	r = s->fill;
	r->n++;
	r->statuses[req->response.status]++;
	if (r->n_durations < DURATIONS_MAX)
		r->durations_us[r->n_durations++] = us;
	else
		atomic_fetch_add(&s->lost, 1);
	if (r->n_durations >= DURATIONS_MANY && !s->asked)
		tell = s->asked = true;
	pthread_mutex_unlock(&s->lock);
	if (tell)
		fd_event_ring(s->bell);
}

void
statsd_stop(void)
{
	struct statsd *s = &statsd;
	struct pollfd p = { .fd = s->done, .events = POLLIN };

	if (!atomic_exchange(&s->collects, false))
		return;
	atomic_store(&s->stopping, true);
	fd_event_ring(s->bell);
	(void)poll(&p, 1, STOP_MS);
}

void
statsd_forget(void)
{
	atomic_store(&statsd.collects, false);
}

uint64_t
statsd_lost(void)
{
	return atomic_load(&statsd.lost);
}
