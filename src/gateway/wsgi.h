/*
 * gateway: requests to and from the application: WSGI (PEP 3333) here, ASGI
 * beside it. Knows struct request and no protocol, no worker class.
 *
 * wsgi: calls a WSGI application for one request, on the thread that asks.
 */
#ifndef GATEWAY_WSGI_H
#define GATEWAY_WSGI_H

#include "http/seams.h"

/*
 * start needs wsgi_start, and the GIL. It returns -E_EXIT, beyond what
 * seams.h says, when the application raised SystemExit or KeyboardInterrupt:
 * the worker should end.
 */
extern const struct gateway_ops wsgi_ops;

/*
 * Before the first request of a worker: types, keys, the environ's constant
 * part. Needs the GIL. 0, or -E_PYTHON after the reason was logged. Again
 * is fine.
 */
int wsgi_start(const struct config *cfg);

#endif
