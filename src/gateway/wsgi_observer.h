/*
 * wsgi_observer: those who look at each request beside the application: the
 * hooks pre_request and post_request, and an access log that Python writes.
 * Run by workers, around the application's call. Needs the GIL.
 */
#ifndef GATEWAY_WSGI_OBSERVER_H
#define GATEWAY_WSGI_OBSERVER_H

#include <Python.h>

#include "gateway/wsgi_call.h"

/* Is there one? Nothing else here is called while it is false. */
extern bool wsgi_observer_on;

/* What is kept of a request until its answer is complete. */
struct wsgi_seen {
	PyObject *req; /* strong; NULL: it could not be made */
	uint64_t started_us;
	uint64_t sent;
	unsigned status; /* unless the application's answer has begun */
};

/* Once a process, when hooks and loggers are what they will be. */
void wsgi_observer_start(void);

/* Before the application is called; pre_request. */
void wsgi_observer_begin(struct wsgi_seen *seen, const struct wsgi_call *c);
/*
 * The result has been sent, or not: what is lost when the request ends is
 * noted. status: what an answer that has not begun by then ends with.
 */
void wsgi_observer_note(struct wsgi_seen *seen, const struct wsgi_call *c,
    PyObject *result, unsigned status);
/* The request is over; env may be NULL. The access log, post_request. */
void wsgi_observer_end(
    struct wsgi_seen *seen, const struct wsgi_call *c, PyObject *env);

#endif
