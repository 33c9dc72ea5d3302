/*
 * http: what a request and a response are, whatever the wire. HTTP/1.1,
 * HTTP/2, WebSocket and uwsgi fill the same struct request; WSGI and ASGI
 * read it; neither knows the other. No socket, no Python, no worker class.
 *
 * request: one request from its head to its last byte of answer.
 *
 * Ownership. Until it is put on the ready list a request belongs to the
 * holder of the reactor; from then to request_end to the application's side.
 * In between the reactor's side may only put body bytes into the ring, set
 * the end word and wake. Everything that a slice here points to lies in the
 * arena, or in a buffer that the request owns.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/str.h"
#include "http/body.h"

struct config;
struct executor;
struct gateway_call;
struct stream;

struct field {
	struct str name;  /* as it came; compare with str_eq_nocase */
	struct str value; /* without OWS at both ends, one line */
	unsigned char id; /* enum http_field; FIELD_OTHER when unknown */
};

enum http_version {
	HTTP_1_0 = 10,
	HTTP_1_1 = 11,
	HTTP_2 = 20
};

/* Why the application should stop: the end word. The first one stays. */
enum request_end {
	REQUEST_GOES_ON,
	REQUEST_GONE,          /* the client closed or reset */
	REQUEST_WRITE_TIMEOUT, /* it did not take the answer in time */
	REQUEST_BODY_TIMEOUT,  /* it did not send its body in time */
	REQUEST_BAD_BODY,      /* it broke the framing of its body */
	REQUEST_TOO_LARGE,     /* its body grew beyond limit_request_body */
	REQUEST_OVERDUE,       /* the application did not answer in time */
	REQUEST_DRAIN,         /* the worker must end: graceful time is over */
	REQUEST_TAKEN,         /* it has taken the connection for itself */
};

/* One end of the connection, as text: for environ, scope and logs. */
struct endpoint {
	struct str host; /* numeric address, socket path, or empty */
	uint16_t port;   /* 0 for unix sockets */
};

enum response_state {
	RESPONSE_NONE,    /* nothing sent, status may still be chosen */
	RESPONSE_STARTED, /* the head is decided; it may not be sent yet */
	RESPONSE_ENDED,
};

struct response {
	enum response_state state;
	unsigned status;
	int64_t length; /* Content-Length that the application gave, or -1 */
	uint64_t body_sent; /* body bytes handed to the protocol */
	bool no_body;       /* HEAD, 1xx, 204, 304: body bytes are dropped */
	bool has_date, has_server; /* among its fields; else protocols add it */
	/* The application's, where the request says keep_fields. */
	const struct field *fields;
	unsigned n_fields;
};

struct request {
	struct list ready; /* node of the reactor's ready list; first member */
	struct arena arena;
	struct stream *stream;     /* where its answer goes; never NULL */
	struct executor *executor; /* whose application slots serve it */
	_Atomic(void *) slot;      /* the executor's: who runs it; any thread */
	struct gateway_call *call; /* the gateway's part, NULL before start */
	const struct config *cfg;  /* of this worker's generation */

	struct str head; /* HTTP/1: its bytes as they came, to the empty line */
	enum http_version version;
	struct str method;    /* a token, "GET" */
	struct str target;    /* the request target as it came */
	struct str path;      /* percent-encoded as it came, without query */
	struct str path_info; /* percent-decoded path: bytes, may be no UTF-8 */
	struct str script;    /* what the application is under; NULL: unsaid */
	struct str query;     /* without "?"; empty when there is none */
	struct str scheme;    /* "http" or "https", trust rules applied */
	struct str host;      /* the Host field or the target's authority */
	struct field *fields; /* in order of arrival, policy applied */
	unsigned n_fields;

	int64_t content_length; /* -1: none given (chunked, or no body) */
	bool chunked;           /* the body's end is told by its framing */
	bool keep_alive;        /* the client wants, and may have, another */
	bool expect_continue;   /* waits for "100 Continue" before its body */
	struct body body;

	struct endpoint peer;  /* who connected */
	struct endpoint local; /* what they connected to */
	struct endpoint front; /* in front of us (PROXY); host empty: unsaid */

	struct response response;
	_Atomic(enum request_end) end;
	/* A set of executor_event for which nobody waits any more: the
	 * application has returned, and a thread of its may wait still. */
	_Atomic unsigned given_up;
	uint64_t started_ms; /* clock_ms when the head was complete */
	uint64_t started_us; /* the same, exactly, where somebody asks; or 0 */
	bool has_own_line;   /* of the access log: the gateway makes it */
	bool keep_fields;    /* the answer's fields are looked at afterwards */
	/* And so are these of environ (up to an empty name; NULL: none),
	 * which the gateway puts there when the application has run. */
	const struct str *keep_environ;
	const struct field *environ;
	unsigned n_environ;
};

/*
 * Makes an empty request in fresh memory, or NULL. arena_max in bytes bounds
 * all that its slices can take. body.ring is empty.
 */
struct request *request_create(
    struct stream *stream, const struct config *cfg, size_t arena_max);
/* Frees the request and its arena; NULL is fine. */
void request_destroy(struct request *req);

/* First field of that name (any case), or NULL. */
const struct field *request_field(const struct request *req, struct str name);

/* Sets the end word unless it is set already. Any thread. */
void request_set_end(struct request *req, enum request_end why);

static inline enum request_end
request_ended(const struct request *req)
{
	return atomic_load_explicit(&req->end, memory_order_acquire);
}

static inline struct request *
request_from_ready(struct list *node)
{
	return LIST_OF(node, struct request, ready);
}

#endif
