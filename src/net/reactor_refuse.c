/*
 * By a timer of the reactor's own: the application may keep all slots, the
 * worker's main thread among them. Run by the holder of the reactor.
 */
#include "net/reactor_refuse.h"

#include "board/board.h"
#include "net/reactor_accept.h"
#include "net/reactor_state.h"
#include "net/siblings.h"

#include "base/banned.h"

static void
on_over(struct timer *t)
{
	reactor_refuse(LIST_OF(t, struct reactor, over_timer));
}

void
reactor_refuse_init(struct reactor *r)
{
	timer_init(&r->over_timer, on_over);
}

void
reactor_refuse_look(struct reactor *r)
{
	if (r->stop_seen || !reactor_is_stopping(r))
		return;
	r->stop_seen = true;
	if (r->options.graceful_ms > 0)
		timer_set(&r->timers, &r->over_timer,
		    r->now_ms + r->options.graceful_ms);
}

/* Nobody else serves what waits for all of the server's workers. */
static bool
is_last(const struct reactor *r)
{
	const struct siblings *s = r->options.siblings;

	return s != NULL && atomic_load(&s->board->phase) == BOARD_STOPPING &&
	    atomic_load(&s->board->handed_on) == 0;
}

/* What the application has, and may never come back from. */
static void
end_running(struct reactor *r)
{
	struct conn *c;

	if (r->options.proto->on_late == NULL)
		return;
	for (uint32_t i = 0; i < conn_pool_n_slots(&r->pool); i++) {
		c = conn_pool_at(&r->pool, i);
		if (c != NULL && c->held && c->proto == r->options.proto)
			c->proto->on_late(c);
	}
}

static void
refuse_ready(struct reactor *r)
{
	struct list *node, *next;
	struct conn *c;

	if (r->options.proto->refuse == NULL)
		return;
	for (node = r->ready.next; node != &r->ready; node = next) {
		next = node->next;
		c = r->options.proto->refuse(node);
		if (c != NULL)
			conn_settle(c);
	}
}

void
reactor_refuse(struct reactor *r)
{
	/* From here on a protocol refuses by itself: conn_too_late. */
	r->refusing = true;
	end_running(r);
	refuse_ready(r);
	if (is_last(r))
		reactor_accept_rest(r);
}
