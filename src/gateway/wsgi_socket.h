/*
 * wsgi_socket: environ["gunicorn.socket"]: the client's connection as a
 * socket.socket, made when somebody asks for it. To look at it (whose address,
 * which options) leaves the request as it is. Anything else that a socket has
 * takes the connection: from then on it is the application's alone, blocking,
 * until the call returns (a StopIteration out of it is no error, nor is a
 * client that has gone); WebSockets of WSGI frameworks live on this. Needs the
 * GIL.
 */
#ifndef GATEWAY_WSGI_SOCKET_H
#define GATEWAY_WSGI_SOCKET_H

#include <stdbool.h>

struct wsgi_call;
struct wsgi_socket; /* a PyObject */

/* Makes the type ready. 0 or -1 with an error set. */
int wsgi_socket_start(void);

/* New reference, or NULL with an error set. */
struct wsgi_socket *wsgi_socket_create(struct wsgi_call *c);

/* It has no peer any more. An error that is set stays set. */
bool wsgi_socket_is_gone(const struct wsgi_socket *s);

/* The call is over: so is its socket, but not the copies made of it. */
void wsgi_socket_close(struct wsgi_socket *s);

/* It is closed, and nobody has it: the next request's, not yet asked for. */
void wsgi_socket_renew(struct wsgi_socket *s);
/* It is closed, and somebody keeps it: so it stays. */
void wsgi_socket_cut(struct wsgi_socket *s);

#endif
