/*
 * dirty_router: the dirty arbiter. It takes calls at a unix socket and gives
 * them to its workers, keeps as many of these as wanted, and tells every
 * caller what became of its call. C only: nothing that hangs in Python can
 * stop it.
 */
#ifndef DIRTY_DIRTY_ROUTER_H
#define DIRTY_DIRTY_ROUTER_H

struct heritage;

/*
 * The role's run, in a process of its own that has h->dirty_listener and the
 * frozen h->config. Returns the exit status.
 */
int dirty_router_run(struct heritage *h);

#endif
