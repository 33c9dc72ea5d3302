/*
 * seams: the three tables that connect protocols, gateways and worker
 * classes through struct request. (The tables below the request,
 * transport_ops and proto_ops, are net's: net/conn.h.)
 *
 *   protocol  --fills-->  request  --ready-->  executor (worker class)
 *   executor  --start-->  gateway (wsgi | asgi)  -->  application
 *   gateway   --response_*-->  stream_ops of the request's protocol
 */
#ifndef HTTP_SEAMS_H
#define HTTP_SEAMS_H

#include <sys/types.h>
#include <sys/uio.h>

#include "http/request.h"

/*
 * Protocol side of one request. Called by the application's thread between
 * ready and end. None blocks; none takes the GIL. Those that send, and
 * connection, return -E_GONE once the request's end word is set; end and reset
 * are always the last.
 */
struct stream_ops {
	const char *name;
	/*
	 * The final head. fields are checked and complete but for what the
	 * protocol adds (framing, Connection, and Server and Date unless the
	 * request's response has them). It may be kept back to leave with the
	 * first body bytes. 0, -E_TOO_LONG (nothing was sent) or -E_*.
	 */
	int (*head)(struct stream *s, unsigned status, struct str reason,
	    const struct field *fields, unsigned n_fields);
	/* A 1xx head (100, 103), sent at once. 0 or -E_*. */
	int (*informational)(struct stream *s, unsigned status,
	    const struct field *fields, unsigned n_fields);
	/*
	 * Body bytes. Returns how many of data's were taken: all that was
	 * sent or buffered; less, or 0, when the bound of the output is
	 * reached: then wait for EXECUTOR_ROOM. -E_*.
	 */
	ssize_t (*body)(struct stream *s, struct str data);
	/*
	 * len bytes of an open file from offset; the caller keeps fd open
	 * until it returns. Like body; NULL where a protocol has none.
	 */
	ssize_t (*file)(struct stream *s, int fd, off_t offset, size_t len);
	/*
	 * head, the whole body and end at once, for short ones. 0: the answer
	 * is complete, as after end. -E_FULL: not now, and nothing was done:
	 * call the three. NULL where a protocol has none.
	 */
	int (*whole)(struct stream *s, unsigned status, struct str reason,
	    const struct field *fields, unsigned n_fields, struct str body);
	/* Trailer fields, before end. NULL where there are none. */
	int (*trailers)(
	    struct stream *s, const struct field *fields, unsigned n_fields);
	/*
	 * The answer is complete; what is buffered goes out by itself. The
	 * request is no longer touched after this by the caller's thread.
	 */
	int (*end)(struct stream *s);
	/* The application took n bytes of the body ring. */
	void (*body_credit)(struct stream *s, size_t n);
	/*
	 * Bytes that body would take now without waiting. With whatever lock
	 * the protocol's side has: for the executor's wait.
	 */
	size_t (*room)(struct stream *s);
	/* The answer cannot be completed: the client must see it cut. */
	void (*reset)(struct stream *s);
	/* Turns the connection over to another protocol; NULL: cannot. */
	int (*upgrade)(struct stream *s, struct str protocol);
	/*
	 * A descriptor of its connection, the caller's to close. take: what
	 * reads and writes there is the caller alone from now on, blocking;
	 * the request has ended (REQUEST_TAKEN), and with reset the connection
	 * goes without a word. -E_GONE; -E_AGAIN: bytes of either direction
	 * wait on our side; -E_SYSTEM. NULL: it has none to itself.
	 */
	int (*connection)(struct stream *s, bool take);
};

/* First member of each protocol's own struct of a stream. */
struct stream {
	const struct stream_ops *ops;
};

/* Application side of one request: how it is called. */
struct gateway_ops {
	const char *name;
	/*
	 * Calls the application for req. WSGI: returns when the answer is
	 * complete or given up. Needs the GIL. 0, or -E_* after the request
	 * was answered with an error or reset; never leaves it open.
	 */
	int (*start)(void *app, struct request *req);
	/* More body is there, or it is complete. NULL: the gateway waits. */
	void (*on_body)(struct request *req);
	/* The output has room again. NULL: the gateway waits. */
	void (*on_room)(struct request *req);
	/* The end word was set. NULL: the gateway looks at it itself. */
	void (*on_cancel)(struct request *req);
	/* The worker drains: long-lived exchanges should end. May be NULL. */
	void (*on_drain)(struct request *req);
	/* Frees req->call. Needs the GIL. */
	void (*destroy)(struct request *req);
};

/* What wait waits for, and what it answers; the end word always counts. */
enum executor_event {
	EXECUTOR_BODY = 1, /* body bytes are there, or the body is complete */
	EXECUTOR_ROOM = 2, /* the output has room */
	EXECUTOR_END = 4,  /* the request's end word is set */
};

/* A worker class: who calls the application. */
struct executor_ops {
	const char *name;
	/* Prepares slots and threads. 0 or -E_*. */
	int (*start)(struct executor *e);
	/*
	 * One step of the worker's main thread, of ms at most: it serves, or
	 * looks after those who do. Without the GIL.
	 */
	void (*turn)(struct executor *e, int ms);
	/*
	 * Called by a gateway on any thread, by several at a time too, without
	 * the GIL: returns when one of the events (a set of executor_event) is
	 * true of req, or given up; a set. Never runs another request's
	 * application. req must not end meanwhile.
	 */
	unsigned (*wait)(
	    struct executor *e, struct request *req, unsigned events);
	/* Whoever waits for one of events returns, now and from now on. */
	void (*give_up)(
	    struct executor *e, struct request *req, unsigned events);
	/*
	 * Something happened to req: whoever waits for it must look again.
	 * Called by the protocol's side, with its lock.
	 */
	void (*wake)(struct executor *e, struct request *req);
	/*
	 * No further request. True: no call runs any more; else threads may
	 * still use all that the worker has.
	 */
	bool (*stop)(struct executor *e);
};

/* First member of each worker class's own struct. */
struct executor {
	const struct executor_ops *ops;
};

#endif
