/*
 * h1_conn: what HTTP/1 keeps of a connection; for the h1_* files and those of
 * protocols whose answers are HTTP/1.
 * h1_states.c reads requests (the reactor's side) and h1_running.c goes on
 * while the application runs; h1_response.c writes answers (the application's
 * side, between ready and end); h1_body.c takes bodies in; h1_pages.c answers
 * for the application.
 */
#ifndef PROTO_H1_CONN_H
#define PROTO_H1_CONN_H

#include "http/response.h"
#include "http/seams.h"
#include "net/conn.h"
#include "proto/h1_chunk.h"
#include "proto/h1_head.h"
#include "proto/proto_env.h"

struct h1;

/* Lines of answers that do not change. */
#define H1_SERVER "Server: " RESPONSE_SERVER "\r\n"
#define H1_LAST "Connection: close\r\n"
/* An unread body up to this is read and thrown away for keep-alive. */
#define H1_DRAIN_MAX ((uint64_t)256 << 10)
/*
 * A body, or an answer, that moves slower than this for the whole of its
 * timeout has stopped: or a byte every now and then would hold us for ever.
 */
#define H1_RATE_MIN 256 /* bytes a second */

/* How requests are written; the answers are HTTP/1 in any case. */
struct h1_wire {
	/* As h1_head_find. */
	ssize_t (*find)(struct h1 *h, struct str in, struct http_error *err);
	/* Fills h->req from the head that find has measured: 0 or -E_*. */
	int (*parse)(struct h1 *h, struct str head, struct http_error *err);
	/* One request a connection; its answer has no chunks, no 1xx. */
	bool single;
};

struct h1 {
	struct proto_state base; /* first */
	const struct h1_wire *wire;
	struct stream stream;
	struct conn *conn;
	const struct h1_state *state;
	struct request *req;    /* NULL between requests */
	struct h1_chunk *chunk; /* in req's arena; NULL: not chunked */
	struct h1_head head;
	uint64_t body_left;  /* of a body by length: yet to come */
	uint64_t body_got;   /* bytes of it that have come */
	uint64_t clock_mark; /* bytes moved when the clock started */
	bool queue_clock;    /* it is that of a request that waits its turn */
	uint64_t drained;    /* of a body that nobody wants */
	uint64_t chunk_left; /* of the answer's chunk, once begun */
	bool trusted;        /* the peer may speak for others */
	bool body_failed;    /* it is broken: no byte more of it */
	bool continued;      /* 100 Continue was sent, or needless */
	bool head_out;       /* the answer's head is in conn->out */
	bool chunked_out;    /* the answer goes out in chunks */
	bool direct; /* what waits is sent from where it lies: room is no use */
	uint16_t page;    /* status of ours that was the answer; 0: none */
	bool until_close; /* its end is the connection's */
	bool last;        /* no further request after this one */
};

/* A way of being for a connection: every way out of it stands here. */
struct h1_state {
	const char *name;
	size_t (*on_bytes)(struct h1 *h, struct str in);
	void (*on_placed)(struct h1 *h); /* NULL: all has to be looked at */
	size_t (*want_read)(const struct h1 *h);
	void (*on_eof)(struct h1 *h);
	void (*on_timeout)(struct h1 *h);
	void (*on_writable)(struct h1 *h);
	size_t timeout; /* offsetof(struct proto_env, *_ms) */
	bool idle;      /* no request is in progress */
};

extern const struct h1_state h1_fresh, h1_in_application, h1_done;

/* The functions of proto_ops, for each that differs in how it opens. */
int h1_start(struct conn *c, const struct h1_wire *wire, size_t head_max);
size_t h1_on_bytes(struct conn *c, struct str in);
char *h1_place(struct conn *c, size_t *n);
void h1_on_placed(struct conn *c, size_t n);
void h1_on_eof(struct conn *c);
void h1_on_writable(struct conn *c);
void h1_on_timeout(struct conn *c);
void h1_on_drain(struct conn *c);
void h1_on_peer(struct conn *c);
size_t h1_want_read(const struct conn *c);
void h1_on_gone(struct conn *c, enum close_reason why);
void h1_on_close(struct conn *c);
void h1_on_overdue(struct conn *c, const void *slot);
void h1_on_late(struct conn *c);
struct conn *h1_passable(struct list *ready, struct str parts[2]);
struct conn *h1_refuse_ready(struct list *ready);

struct h1 *h1_from(const struct conn *c);
struct h1 *h1_from_stream(struct stream *s);
void h1_enter(struct h1 *h, const struct h1_state *state);
/* Starts the clock of that timeout (offsetof in struct proto_env) anew. */
void h1_clock(struct h1 *h, size_t timeout);
/* The same, unless a clock runs already: for bytes that are to move on. */
void h1_clock_once(struct h1 *h, size_t timeout);
/* Enough bytes of body and answer have moved since: that clock starts anew. */
bool h1_clock_go_on(struct h1 *h, size_t timeout);

/* --- h1_pages.c --- */

/* No slot was free for it in time: 503. */
void h1_turn_away(struct h1 *h);
/*
 * Answers status with a page of ours and ends the connection. Nothing of
 * another answer may have left.
 */
void
h1_refuse(struct h1 *h, const struct http_error *err, enum close_reason why);

/* --- h1_states.c --- */

/* Frees what it has of its request. */
void h1_forget_request(struct h1 *h);
/* The application's side is done: what comes next, then the hand-back. */
void h1_after_answer(struct h1 *h);

/* --- h1_running.c --- */

/* Whoever waits for something of its request must look again. */
void h1_wake(struct h1 *h);

/* --- h1_body.c --- */

/* What follows from the head: 0, or -E_PROTOCOL (too large) or -E_NOMEM. */
int h1_body_begin(struct h1 *h, struct http_error *err);
/*
 * Makes its ring, of which rest may be the first part already: bytes of rest
 * used, or -E_NOMEM.
 */
ssize_t h1_body_open(struct h1 *h, struct str rest);
/* Where up to *n bytes of it may be read to; NULL: it has to be looked at. */
char *h1_body_place(struct h1 *h, size_t *n);
/* So many have been read there. */
void h1_body_placed(struct h1 *h, size_t n);
/* All of it has come. */
bool h1_body_done(const struct h1 *h);
/* Takes what there is room for: bytes used, or -E_PROTOCOL. */
ssize_t h1_body_take(struct h1 *h, struct str in, struct http_error *err);
/* The same, thrown away. */
ssize_t h1_body_drop(struct h1 *h, struct str in, struct http_error *err);
/* As much of it has come as an application may be called with. */
bool h1_body_collected(const struct h1 *h);
/* How much it can take now. */
size_t h1_body_want(const struct h1 *h);
/* Could what is left of it be read for the sake of the connection? */
bool h1_body_droppable(const struct h1 *h);

/* --- h1_response.c --- */

extern const struct stream_ops h1_stream_ops;

#endif
