/*
 * What happens to a call that lasts too long, step by step.
 */
#include <Python.h>

#include "worker/worker_overdue.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "board/board.h"
#include "config/config.h"
#include "net/reactor.h"
#include "python/python_stacks.h"

#include "worker/worker.h"

#include "base/banned.h"

/* When the call that runs now began, by clock_ms; 0: none runs. */
static uint64_t
started(const struct worker_call *c)
{
	return atomic_load_explicit(
	    &c->board->call_started_ms, memory_order_acquire);
}

static void
found(struct worker_call *c, struct worker_process *w, uint64_t since)
{
	char text[BOARD_CALL_MAX];

	c->found_ms = clock_ms();
	atomic_store(&c->found, since);
	c->given_up = false;
	board_call_text(c->board, text);
	log_event(EV_WORKER_OVERDUE, text, (int)getpid(),
	    (unsigned)(c->found_ms - since));
	python_stacks_write_one(c->thread);
	reactor_overdue(w->reactor, c->slot);
}

bool
worker_overdue_look(struct worker_call *c, struct worker_process *w)
{
	uint64_t since = started(c), now = clock_ms();

	if (since == 0 || now < since + w->cfg->request_timeout)
		return false;
	if (c->found != since) {
		found(c, w, since);
		return true;
	}
	if (!c->given_up && now >= c->found_ms + WORKER_OVERDUE_GRACE_MS) {
		c->given_up = true;
		worker_retire(w);
	}
	return false;
}

/* greencorn.RequestTimeout, borrowed; NULL: it cannot be made. */
static PyObject *
exception_class(void)
{
	static PyObject *class;

	if (class == NULL)
		class = PyErr_NewExceptionWithDoc("greencorn.RequestTimeout",
		    "The application did not answer within request_timeout.",
		    PyExc_TimeoutError, NULL);
	return class;
}

void
worker_overdue_raise(struct worker_call *c)
{
	const PyThreadState *thread = c->thread;
	PyObject *class;

	if (c->found == 0 || c->raised || started(c) != c->found)
		return;
	class = exception_class();
	if (class == NULL) {
		PyErr_Clear();
		return;
	}
	c->raised = true;
	PyThreadState_SetAsyncExc(thread->thread_id, class);
}

void
worker_overdue_returned(struct worker_call *c)
{
	const PyThreadState *thread = c->thread;

	if (!c->raised)
		return;
	c->raised = false;
	PyThreadState_SetAsyncExc(thread->thread_id, NULL);
}
