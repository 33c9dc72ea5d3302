/*
 * wsgi_input: environ["wsgi.input"]: reads the request's body out of its ring
 * as it arrives. Needs the GIL, which it drops to wait.
 */
#ifndef GATEWAY_WSGI_INPUT_H
#define GATEWAY_WSGI_INPUT_H

struct wsgi_call;
struct wsgi_input; /* a PyObject */

/* Makes the type ready. 0 or -1 with an error set. */
int wsgi_input_start(void);

/* New reference, or NULL with an error set. */
struct wsgi_input *wsgi_input_create(struct wsgi_call *c);

/* From now on it raises: its call belongs to others. */
void wsgi_input_cut(struct wsgi_input *in);

#endif
