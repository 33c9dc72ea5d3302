/*
 * conn: one accepted connection: its descriptor, its transport (how bytes
 * come and go), its protocol (what they mean), bounded buffers, one timer.
 *
 * Ownership. A connection belongs to the holder of the reactor. While it is
 * *held* (from the moment when a request of it is ready until
 * conn_hand_back) the application's side may call conn_write, conn_sendfile
 * and conn_flush, with the reactor's lock as everybody; the reactor's side
 * then only shuts the descriptor down and tells the protocol (on_gone); the
 * close waits for the hand-back, so that nobody ever writes to a number that
 * was given out again.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/str.h"
#include "net/timers.h"

struct conn;
struct listener;
struct proto_env; /* what the protocols need of their worker: proto's */
struct reactor;
struct sock_addr;

/* Bytes that one read asks for, at most. */
#define CONN_READ_MAX 131072
/* Output that may wait in the buffer, without the head of an answer. */
#define CONN_OUT_BOUND 65536
/* The head of an answer, at most, with all that frames its body. */
#define CONN_OUT_HEAD_MAX 65536
/* What conn_write may be given to follow it, at most. */
#define CONN_TAIL_MAX 32
/* Answers up to this are copied into one send; above, they are gathered. */
#define CONN_COPY_MAX 16384
/* An orderly close reads on for so long, and so much, at most. */
#define CONN_LINGER_MS 2000
#define CONN_LINGER_MAX ((uint64_t)8 << 20)

enum close_reason {
#define CLOSE(name, is_error, text) CLOSE_##name,
#include "net/close_reasons.def"
#undef CLOSE
	CLOSE_MAX,
};

/* How bytes come and go. Counts, or -E_AGAIN, -E_GONE, -E_SYSTEM. */
struct transport_ops {
	const char *name;
	/* Up to n bytes, never 0; -E_EOF too. */
	ssize_t (*read)(struct conn *c, void *mem, size_t n);
	/* more: further bytes follow at once. */
	ssize_t (*write)(struct conn *c, struct str s, bool more);
	ssize_t (*writev)(struct conn *c, const struct iovec *io, int n_io);
	/* As sock_sendfile; NULL: this transport has none. */
	ssize_t (*sendfile)(struct conn *c, int file, off_t offset, size_t n);
	/* Bytes that read would give without a system call. */
	size_t (*pending)(const struct conn *c);
	/* 0: done, -E_AGAIN: goes on at the next event; NULL: none. */
	int (*handshake)(struct conn *c);
	/* The protocol agreed on in the handshake; NULL: none. */
	struct str (*alpn)(const struct conn *c);
	/* Tells the peer that nothing more will come. */
	void (*shutdown_write)(struct conn *c);
	bool close_says_end; /* the kernel does that at a close */
};

/* First member of each protocol's own struct of a connection. */
struct proto_state {
	const struct proto_ops *ops;
};

/*
 * What the bytes mean. Called by the holder of the reactor, never by an
 * application. Any of them may call conn_close or conn_finish, which take
 * effect after it has returned.
 */
struct proto_ops {
	const char *name;
	/* Makes c->state: 0 or -E_*. */
	int (*open)(struct conn *c);
	/*
	 * Bytes came (not empty). Returns how many at the front are used up;
	 * the rest comes again when more is there, or after conn_again.
	 */
	size_t (*on_bytes)(struct conn *c, struct str in);
	/*
	 * Where bytes that are only counted may be read to, at most *n of
	 * them; NULL: on_bytes has to see them. Then on_placed, for some of
	 * them. c->in is empty.
	 */
	char *(*place)(struct conn *c, size_t *n);
	void (*on_placed)(struct conn *c, size_t n);
	/* The peer will not write any more; what it wrote has been read. */
	void (*on_eof)(struct conn *c);
	/* Some output has left; c->out tells what still waits. */
	void (*on_writable)(struct conn *c);
	/* The time set by conn_timer is over. */
	void (*on_timeout)(struct conn *c);
	/* Finish what is in flight, take no more. */
	void (*on_drain)(struct conn *c);
	/* conn_peer is another one now; no bytes have come. */
	void (*on_peer)(struct conn *c);
	/* Bytes that it can take now; 0: do not read. */
	size_t (*want_read)(const struct conn *c);
	/*
	 * The connection broke, or must go, while it was held: tell the
	 * application. It is closed after conn_hand_back.
	 */
	void (*on_gone)(struct conn *c, enum close_reason why);
	/* Frees c->state. The connection is not held. */
	void (*on_close)(struct conn *c);
	/*
	 * The call that slot makes lasts too long. When it is for a request of
	 * this connection, which is held: answer, or cut. NULL: nothing.
	 */
	void (*on_overdue)(struct conn *c, const void *slot);
	/*
	 * The graceful time is over, and c is held: the same, for whichever
	 * request of it an application has. NULL: nothing.
	 */
	void (*on_late)(struct conn *c);
	/*
	 * The connection of a request on the ready list, when all that this
	 * needs is the bytes of parts: given to a new connection, they are the
	 * same request. NULL: it is bound to where it is. NULL: none is ever
	 * passed on.
	 */
	struct conn *(*passable)(struct list *ready, struct str parts[2]);
	/*
	 * A request on the ready list that nobody will serve: answers so, and
	 * returns its connection, to be settled; or NULL. NULL: cannot.
	 */
	struct conn *(*refuse)(struct list *ready);
};

/* What a PROXY header says that the client has connected to. */
struct conn_front {
	uint16_t port;
	uint8_t len;
	char host[46];
};

struct conn {
	uint32_t magic;
	uint32_t slot, generation;
	int fd;
	struct reactor *reactor;
	const struct listener *listener; /* where it came in */
	const struct transport_ops *transport;
	const struct proto_ops *proto;
	struct proto_state *state;
	struct conn_front *front; /* NULL: nobody said */
	struct buf in;  /* read, not yet used up; open may set its bound */
	struct buf out; /* to be sent before anything else */
	struct timer timer;
	struct list runnable; /* in reactor->runnable, or in no list */
	uint64_t sent;        /* bytes that the kernel has taken, ever */
	uint32_t lingered;    /* bytes thrown away, in KiB */
	uint16_t peer_port;
	uint8_t peer_len;
	uint8_t why;    /* enum close_reason, of closing and finishing */
	char peer[46];  /* numeric host; empty for unix sockets */
	bool armed;     /* in the epoll set */
	bool armed_out; /* there for writing too */
	bool readable;  /* the kernel may have bytes for us */
	bool half;      /* it has an end of stream for us */
	bool again;     /* the protocol wants to see c->in again */
	bool blocked;   /* the kernel takes no output now */
	bool held;      /* an application has a request of it */
	bool idle;      /* no request is in progress */
	bool broken;    /* its descriptor is shut down */
	bool closing, finishing;
	bool linger;   /* finishing: the peer may still be sending */
	bool said_end; /* the peer knows that nothing more comes */
	bool silent;   /* nothing more comes of the peer, it has said */
	bool leaves;   /* to close the descriptor is all that is to do */
	bool taken;    /* the application reads and writes there, not we */
	bool copied;   /* its descriptor, so that a close alone ends nothing */
};

/* --- for protocols --- */

/* Everything that a worker's protocols share. */
struct proto_env *conn_env(const struct conn *c);
struct str conn_peer(const struct conn *c);
/* Milliseconds: of this turn of the reactor, or now. */
uint64_t conn_now_ms(const struct conn *c);
/* The worker drains: each answer should be a connection's last. */
bool conn_draining(const struct conn *c);

/* Nobody will serve a further request: it should be refused at once. */
bool conn_too_late(const struct conn *c);

/* No further connection could be accepted: better not keep this one. */
bool conn_crowded(const struct conn *c);

/* on_timeout comes in ms from now (0: never), instead of what was set. */
void conn_timer(struct conn *c, uint64_t ms);
/* It has no request in progress (drain may end it soon), or it has one. */
void conn_set_idle(struct conn *c, bool idle);
/* A request of it (node) is complete: put on the ready list, and held. */
void conn_ready(struct conn *c, struct list *node);
/* Takes it back, unless somebody has taken it: then false. */
bool conn_unready(struct conn *c, struct list *node);
/* on_bytes comes again soon, although nothing has arrived. */
void conn_again(struct conn *c);
/* The same at once, by the application's side, of a connection that is held. */
void conn_go_on(struct conn *c);

/*
 * The memory of CONN_READ_MAX bytes in which s lies, which on_bytes was given:
 * for whoever calls to free. NULL when s is elsewhere, or without memory.
 */
char *conn_take_read_mem(struct conn *c, struct str s);

/*
 * Sends what waits in c->out, then data, then, when all of data was taken,
 * tail (at most CONN_TAIL_MAX). What cannot be sent now is kept when all of it
 * finds room within CONN_OUT_BOUND. Returns how many bytes of data were taken
 * (less: the connection is blocked), -E_GONE, or -E_NOMEM.
 */
ssize_t conn_write(struct conn *c, struct str data, struct str tail);
/*
 * The same with at most n bytes of file from offset; without a tail. 0 when
 * output waits. -E_NOT_FOUND: not with this transport or file; -E_EOF: the
 * file ends at offset.
 */
ssize_t conn_sendfile(struct conn *c, int file, off_t offset, size_t n);
/* Sends what waits in c->out, as far as it goes: 0 or -E_GONE. */
int conn_flush(struct conn *c);
/* The longest data that conn_write would keep although it is blocked. */
size_t conn_room(const struct conn *c);

/*
 * Ends the connection now; output that waits is lost. The first reason stays.
 */
void conn_close(struct conn *c, enum close_reason why);
/* The same, with a reset: the peer sees that something is missing. */
void conn_abort(struct conn *c, enum close_reason why);
/*
 * Ends it orderly: sends what waits, says that nothing more comes; then
 * closes or, with linger or when unread bytes are there, reads on for a
 * while, since closing now would make the kernel reset the connection, and
 * the peer lose the answer.
 */
void conn_finish(struct conn *c, enum close_reason why, bool linger);

/*
 * The application reads and writes there by itself from now on, until the
 * hand-back; c is held. A descriptor that blocks, the caller's to close;
 * -E_GONE; -E_AGAIN: bytes of either direction wait here; -E_SYSTEM. Closing
 * it meanwhile shows the application the end of the stream.
 */
int conn_take(struct conn *c);
/* A descriptor of it for whoever only looks, theirs to close; -E_SYSTEM. */
int conn_look(struct conn *c);

/*
 * The application's side is done with the request: the last thing that the
 * protocol does for it; c must not be touched afterwards.
 */
void conn_hand_back(struct conn *c);

/* --- for the reactor --- */

/*
 * A connection on fd, which it owns from now on, also on failure: or NULL
 * (bound reached, no memory, refused by the protocol).
 */
struct conn *conn_open(struct reactor *r, const struct listener *l, int fd,
    const struct sock_addr *peer);
/* The same, of a client that came to another worker: its address as text. */
struct conn *conn_adopt(struct reactor *r, const struct listener *l, int fd,
    struct str host, uint16_t port);
/* Then come the bytes that were read there. */
void conn_feed(struct conn *c, struct str bytes);
/* For transports: who is at the other end, before the first bytes. */
void conn_set_peer(struct conn *c, struct str host, uint16_t port);
/* And what that one connected to. 0 or -E_NOMEM. */
int conn_set_front(struct conn *c, struct str host, uint16_t port);
/* Its descriptor is in other hands: all that is left of it here goes. */
void conn_give_away(struct conn *c);
/* The connection that a cookie means, or NULL: it is another one now. */
struct conn *conn_from(struct reactor *r, uint64_t cookie);
/*
 * An event came (a set of poller_events). later: what it brings is read by a
 * conn_service that comes soon. May free c.
 */
void conn_on_event(struct conn *c, unsigned events, bool later);
/* Does what can be done without an event. May free c. */
void conn_service(struct conn *c);
/* Carries out closing and finishing; watches the descriptor. May free c. */
void conn_settle(struct conn *c);
/* After a fork, in the child: its copies go without a word to the peer. */
void conn_forget(struct conn *c);

const char *conn_close_text(enum close_reason why);
bool conn_close_is_error(enum close_reason why);

#endif
