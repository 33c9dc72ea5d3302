/*
 * reactor_refuse: the end of the graceful time. Requests for which no slot was
 * free until then, or whose calls have not begun to answer, are refused, so
 * that nobody is left without an answer; answers that have begun are cut.
 */
#ifndef NET_REACTOR_REFUSE_H
#define NET_REACTOR_REFUSE_H

struct reactor;

void reactor_refuse_init(struct reactor *r);
/* Within each turn: when it is stopping the graceful time begins. */
void reactor_refuse_look(struct reactor *r);
/* That time is over. */
void reactor_refuse(struct reactor *r);

#endif
