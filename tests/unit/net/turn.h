/*
 * turn: a reactor's turn in a test, which is the only thread there is.
 */
#ifndef TESTS_TURN_H
#define TESTS_TURN_H

#include "net/reactor.h"

/* As reactor_turn, but without the lock, which it takes for the turn. */
static inline int
turn(struct reactor *r, int ms)
{
	int rc;

	reactor_lock(r);
	rc = reactor_turn(r, ms);
	reactor_unlock(r);
	return rc;
}

#endif
