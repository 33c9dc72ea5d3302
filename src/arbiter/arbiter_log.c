/*
 * arbiter_log: lines of the arbiter on their way to Python's loggers, where
 * the configuration gives those handlers of their own: a message to the newest
 * template, which has them. Lines from before it has them are held back, for a
 * short time. What cannot be sent at once is written as it is. Run by the
 * arbiter.
 */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

#define HELD_MAX ((size_t)16 << 10)
#define HELD_MS 3000

/* Before each text that is held. */
struct header {
	enum log_level level;
	unsigned len;
};

static struct arbiter_log {
	pid_t pid;                 /* whose log it is; children have others */
	struct generation *target; /* NULL: none has the loggers */
	uint64_t held_until_ms;    /* 0: nothing is held */
	size_t len;
	char held[HELD_MAX];
} l;

static bool
hold(enum log_level level, struct str text)
{
	struct header h = { level, (unsigned)text.len };

	if (l.held_until_ms == 0 || sizeof(h) + text.len > HELD_MAX - l.len)
		return false;
	memcpy(l.held + l.len, &h, sizeof(h));
	if (text.len > 0)
		memcpy(l.held + l.len + sizeof(h), text.ptr, text.len);
	l.len += sizeof(h) + text.len;
	return true;
}

static bool
transmit(enum log_level level, struct str text)
{
	struct link_message m = { .type = LINK_LINE,
		.row = (uint32_t)level,
		.number = (int32_t)l.pid,
		.text = text };

	return l.target != NULL && l.target->link >= 0 &&
	    link_tell(l.target->link, &m) == 0;
}

static bool
on_log(enum log_level level, enum event event, struct str text)
{
	if (event == EV_PYTHON || event == EV_WHOLE || getpid() != l.pid)
		return false;
	return hold(level, text) || transmit(level, text);
}

/* What was held goes where lines go now. */
static void
let_go(void)
{
	struct header h;
	size_t at = 0;

	l.held_until_ms = 0;
	while (at < l.len) {
		struct str text;

		memcpy(&h, l.held + at, sizeof(h));
		text = (struct str){ l.held + at + sizeof(h), h.len };
		if (!transmit(h.level, text))
			log_again(h.level, text);
		at += sizeof(h) + h.len;
	}
	l.len = 0;
}

static bool
has_loggers(const struct generation *g)
{
	return g != NULL && g->loaded && g->end_ms == 0 &&
	    config_has_logger(g->config);
}

void
arbiter_log_configured(struct arbiter *a, const struct generation *g)
{
	if (l.target != NULL || !config_has_logger(g->config) ||
	    config_is_check(g->config))
		return;
	l.pid = a->h->arbiter_pid;
	l.held_until_ms = clock_ms() + HELD_MS;
	log_add_tap(on_log);
}

void
arbiter_log_forget(const struct generation *g)
{
	if (l.target == g)
		l.target = NULL;
}

void
arbiter_log_choose(struct arbiter *a)
{
	l.target = has_loggers(a->candidate) ? a->candidate
	    : has_loggers(a->current)        ? a->current
					     : NULL;
	if (l.target != NULL || a->candidate == NULL || a->stop != STOP_NONE ||
	    clock_ms() > l.held_until_ms)
		let_go();
}
