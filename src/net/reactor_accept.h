/*
 * reactor_accept: a reactor's listeners: whether it accepts, how much at a
 * time, what happens without descriptors, and until when while it drains.
 */
#ifndef NET_REACTOR_ACCEPT_H
#define NET_REACTOR_ACCEPT_H

#include <stdbool.h>
#include <stdint.h>

struct reactor;

void reactor_accept_init(struct reactor *r);
/* Connections wait at that listener (its place). */
void reactor_accept_on_event(struct reactor *r, uint32_t place);
/* Whatever waits at all of them, as far as it should be accepted here. */
void reactor_accept_all(struct reactor *r);
/* Requests wait that siblings pass on. */
void reactor_accept_passed(struct reactor *r);
/* All that waits anywhere, although nobody may be free to serve it. */
void reactor_accept_rest(struct reactor *r);
/* The worker stops (see reactor_drain). */
void reactor_accept_drain(struct reactor *r, bool handed_on);
/* Closes all listeners. */
void reactor_accept_close(struct reactor *r);

#endif
