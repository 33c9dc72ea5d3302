/*
 * wsgi_call: one call of a WSGI application: its request, the objects that it
 * is given, what it said in start_response. Calls are used again, one request
 * after the other; as many exist as ran at the same time. All need the GIL.
 */
#ifndef GATEWAY_WSGI_CALL_H
#define GATEWAY_WSGI_CALL_H

#include <Python.h>

#include "gateway/wsgi_headers.h"
#include "gateway/wsgi_template.h"
#include "http/request.h"

struct wsgi_function;
struct wsgi_input;
struct wsgi_socket;

struct wsgi_call {
	struct wsgi_call *next; /* free ones */
	struct request *req;    /* NULL as soon as its answer is complete */
	unsigned n_waiting;     /* threads in wsgi_call_wait */
	bool returned; /* the answer ends when none waits: nobody new may */

	struct wsgi_templates templates;
	struct wsgi_template *template; /* of this request's environ, or NULL */

	/* Given to the application; strong. One that it kept is cut off at
	 * the end and replaced. The templates hold the last three as well. */
	struct wsgi_function *start_response, *write, *early_hints;
	struct wsgi_input *input;
	struct wsgi_socket *socket;
	bool socket_asked; /* there is a real one behind it */

	/* From start_response. */
	PyObject *status; /* strong, NULL before it */
	unsigned code;
	struct str reason; /* in status */
	struct wsgi_headers headers, draft;
	char digits[20]; /* of a Content-Length that we add */
	bool head_sent;  /* response_start was called */
};

/*
 * Once a process; multithread and multiprocess are for environ. 0 or
 * -E_PYTHON with an error set.
 */
int wsgi_call_start(bool multithread, bool multiprocess);

/* A call for req; NULL with a Python error set. */
struct wsgi_call *wsgi_call_begin(struct request *req);
/*
 * The application has returned: no thread of its may still wait when the
 * answer ends. Those that wait for body give up; those that write are waited
 * for, without the GIL, or give up too when the answer is cut.
 */
void wsgi_call_returned(struct wsgi_call *c, bool cut);
/* The answer is complete: nothing may touch the request any more. */
void wsgi_call_over(struct wsgi_call *c);
/* The application's side is over too. */
void wsgi_call_end(struct wsgi_call *c);

/*
 * Waits, without the GIL, for one of a set of executor_event. Any thread. 0, or
 * -E_PYTHON with an error set: the application has returned, nobody waits any
 * more.
 */
int wsgi_call_wait(struct wsgi_call *c, unsigned events);

#endif
