/*
 * Answers of our own: refusals, and those for want of a thread or of time.
 * Run by the holder of the reactor.
 */
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "http/http_date.h"
#include "http/http_status.h"
#include "http/response.h"
#include "net/reactor.h"
#include "proto/h1_conn.h"

#include "base/banned.h"

#define RETRY "Retry-After: 1\r\n"
#define TURNED_AWAY_SAY_MS 1000 /* once in */

/* A whole answer, with Connection: close. 0 or -E_*. */
static int
put_page(struct buf *out, const struct http_error *err, bool head_only)
{
	struct str reason = http_status_reason(err->status);
	char page[512];
	int n, rc;

	n = snprintf(page, sizeof(page), "%u %.*s\n%s\n", err->status,
	    STR_ARG(reason), err->text);
	if (n < 0 || (size_t)n >= sizeof(page))
		n = 0;
	rc = buf_printf(out,
	    "HTTP/1.1 %u %.*s\r\n" H1_SERVER "Date: %.*s\r\n" H1_LAST
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "%sContent-Length: %d\r\n\r\n",
	    err->status, STR_ARG(reason), STR_ARG(http_date_now()),
	    err->status == 503 ? RETRY : "", n);
	if (rc < 0 || head_only)
		return rc;
	return buf_put(out, (struct str){ page, (size_t)n });
}

/* Answers with a page of ours, and that is the connection's last. */
static void
give_page(struct h1 *h, const struct http_error *err, enum close_reason why)
{
	struct conn *c = h->conn;
	bool head_only = h->req != NULL && str_eq(h->req->method, STR("HEAD"));

	h1_enter(h, &h1_done);
	if (put_page(&c->out, err, head_only) < 0)
		conn_close(c, CLOSE_NO_MEMORY);
	else
		conn_finish(c, why, true);
}

/* No slot was free for it in time: many may come, so one in a while is said. */
void
h1_turn_away(struct h1 *h)
{
	static const struct http_error busy = { 503,
		"All threads are busy; try again" };
	struct proto_env *env = conn_env(h->conn);
	uint64_t now = conn_now_ms(h->conn);

	env->n_turned_away++;
	if (env->turned_away_ms == 0 ||
	    now - env->turned_away_ms >= TURNED_AWAY_SAY_MS) {
		env->turned_away_ms = now;
		log_event(EV_REQUEST_TURNED_AWAY,
		    reactor_n_waiting(h->conn->reactor),
		    (unsigned long)env->n_turned_away);
	}
	give_page(h, &busy, CLOSE_TURNED_AWAY);
}

void
h1_refuse(struct h1 *h, const struct http_error *err, enum close_reason why)
{
	conn_env(h->conn)->n_refused++;
	log_event(EV_REQUEST_INVALID, STR_ARG(conn_peer(h->conn)), err->text);
	give_page(h, err, why);
}

/*
 * For the application, which goes on: a page of ours, if nothing of another
 * answer has left, else that is cut.
 */
static void
answer_instead(
    struct h1 *h, const struct http_error *err, enum close_reason why)
{
	struct conn *c = h->conn;

	if (c->closing || c->finishing)
		return;
	if (c->taken) {
		conn_close(c, why);
	} else if (!h->head_out) {
		h->page = (uint16_t)err->status;
		give_page(h, err, why);
		(void)conn_flush(c); /* gone: then it is closed */
	} else if (h->until_close) {
		conn_abort(c, why);
	} else {
		conn_close(c, why);
	}
}

/* The application has a request of it. */
static bool
is_running(const struct h1 *h)
{
	return h->req != NULL && list_empty(&h->req->ready);
}

void
h1_on_overdue(struct conn *c, const void *slot)
{
	static const struct http_error overdue = { 504,
		"The application did not answer in time" };
	struct h1 *h = h1_from(c);

	if (!is_running(h) || h->req->slot != slot)
		return;
	request_set_end(h->req, REQUEST_OVERDUE);
	answer_instead(h, &overdue, CLOSE_OVERDUE);
	h1_wake(h);
}

void
h1_on_late(struct conn *c)
{
	static const struct http_error late = { 503,
		"The server stops, and the application did not answer" };
	struct h1 *h = h1_from(c);

	if (!is_running(h))
		return;
	request_set_end(h->req, REQUEST_DRAIN);
	answer_instead(h, &late, CLOSE_ABORTED);
	h1_wake(h);
}
