/*
 * worker_threads: the classes sync and gthread. Application slots that are
 * threads: one, the worker's main thread, or as many as the setting threads
 * says, while the main thread runs no application and only stamps the board.
 * Who of them turns the reactor is worker_leader's to say.
 */
#include <Python.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "board/board.h"
#include "config/config.h"
#include "http/response.h"
#include "net/reactor.h"
#include "python/python_error.h"
#include "python/python_gil.h"
#include "role/heritage.h"

#include "worker/worker_class.h"
#include "worker/worker_forks.h"
#include "worker/worker_leader.h"
#include "worker/worker_overdue.h"
#include "worker/worker_signals.h"

#include "base/banned.h"

struct worker_threads;

struct app_slot {
	struct worker_slot slot; /* first */
	struct worker_threads *t;
	struct board_slot *board;
	struct worker_call overdue;
};

struct worker_threads {
	struct executor executor; /* first */
	struct worker_process *w;
	struct board_row *row;
	struct worker_leader leader;
	struct app_slot *slots;
	unsigned n_slots;
	bool main_is_slot;
};

/* The slot whose application runs on this thread, or NULL. */
static _Thread_local struct app_slot *running;

static struct worker_threads *
threads_from(struct executor *e)
{
	return (struct worker_threads *)(void *)e;
}

/* --- hooks of the GIL: see python_gil.h --- */

static void
on_gil_dropped(const void *site)
{
	if (running != NULL)
		worker_leader_blocks(&running->t->leader, &running->slot, site);
}

static void
on_gil_wanted(void)
{
	if (running != NULL)
		worker_leader_unblocks(&running->slot);
}

static bool
is_gil_free(void)
{
	return !python_gil_busy();
}

/* --- calls --- */

/* With the GIL. */
static void
call(struct app_slot *a, struct request *req)
{
	struct worker_process *w = a->t->w;
	uint64_t n;
	int rc;

	board_call_begin(a->board, req->method, req->target);
	running = a;
	/* It has answered, or cut, the request whatever it returns. */
	rc = w->gateway->start(w->app, req);
	running = NULL;
	if (worker_forks_is_child())
		_exit(0); /* what the server has is its parent's */
	board_call_end(a->board);
	worker_overdue_returned(&a->overdue);
	n = atomic_fetch_add_explicit(
	    &a->t->row->n_requests, 1, memory_order_relaxed);
	if (n + 1 == w->requests_max)
		worker_retire(w);
	if (rc == -E_EXIT)
		worker_signals_leave();
}

static void
run(struct app_slot *a, struct request *req)
{
	/* Read with the reactor's lock, which is not worth taking for this. */
	atomic_store_explicit(&req->slot, a, memory_order_release);
	if (request_ended(req) == REQUEST_GOES_ON)
		call(a, req);
	else
		response_error(req, 503, NULL); /* nobody is there any more */
}

/*
 * Where the main thread is the slot nobody else asks for the GIL: what keeps
 * it, a thread of the application's, is noticed by those who wait here.
 */
static void
take_gil(struct app_slot *a)
{
	if (a->t->main_is_slot)
		board_python_wanted(a->t->row);
	python_gil_take();
	if (a->t->main_is_slot)
		board_python_had(a->t->row);
}

/* Leads, or waits, once; then runs all that is ready. Without the GIL. */
static void
serve(struct app_slot *a, int ms)
{
	struct worker_leader *l = &a->t->leader;
	struct list *node = worker_leader_next(l, &a->slot, ms);

	if (node == NULL && !a->slot.late)
		return;
	take_gil(a);
	if (node == NULL)
		node = worker_leader_next(l, &a->slot, 0);
	for (; node != NULL; node = worker_leader_next(l, &a->slot, 0))
		run(a, request_from_ready(node));
	python_gil_drop();
}

/* --- waiting within a call --- */

/* What of events is true of req now. */
static unsigned
happened(struct request *req, unsigned events)
{
	unsigned set = 0;

	if (request_ended(req) != REQUEST_GOES_ON)
		set |= EXECUTOR_END;
	if ((events & EXECUTOR_BODY) &&
	    (body_complete(&req->body) || body_peek(&req->body).len > 0))
		set |= EXECUTOR_BODY;
	if ((events & EXECUTOR_ROOM) && req->stream->ops->room(req->stream) > 0)
		set |= EXECUTOR_ROOM;
	return set |
	    (events &
		atomic_load_explicit(&req->given_up, memory_order_relaxed));
}

static unsigned
wait_for(struct executor *e, struct request *req, unsigned events)
{
	struct worker_threads *t = threads_from(e);
	struct app_slot *a = req->slot;
	unsigned set;

	reactor_lock(t->w->reactor);
	while ((set = happened(req, events)) == 0)
		worker_leader_wait(&t->leader, &a->slot);
	worker_leader_waited(&t->leader, &a->slot);
	reactor_unlock(t->w->reactor);
	return set;
}

static void
give_up(struct executor *e, struct request *req, unsigned events)
{
	struct worker_threads *t = threads_from(e);
	struct app_slot *a = req->slot;

	reactor_lock(t->w->reactor);
	atomic_fetch_or_explicit(&req->given_up, events, memory_order_relaxed);
	worker_leader_wake(&a->slot);
	/* One of those who wait may turn. */
	reactor_wake(t->w->reactor);
	reactor_unlock(t->w->reactor);
}

static void
wake(struct executor *e, struct request *req)
{
	struct app_slot *a = req->slot;

	(void)e;
	/*
	 * Threads that wait are the parent's; one that was about to leave the
	 * condition as the fork came would be waited for, for ever.
	 */
	if (a != NULL && !worker_forks_is_child())
		worker_leader_wake(&a->slot);
}

/* --- threads --- */

/* On the slot's own thread, with the GIL. */
static void
begin_slot(struct app_slot *a)
{
	a->overdue.board = a->board;
	a->overdue.slot = a;
	a->overdue.thread = PyThreadState_Get();
}

/* The body of a slot's thread; self holds the slot. It never returns. */
static PyObject *
slot_main(PyObject *self, PyObject *unused)
{
	struct app_slot *a = PyCapsule_GetPointer(self, NULL);

	(void)unused;
	if (a == NULL)
		return NULL;
	begin_slot(a);
	python_gil_drop();
	while (!a->t->leader.stopping)
		serve(a, -1);
	python_gil_take();
	return Py_NewRef(Py_None);
}

static PyMethodDef slot_main_def = { "serve", slot_main, METH_NOARGS,
	"Calls the application for requests." };

/*
 * A thread of Python's own, so that the application finds it in threading,
 * with a name. 0 or -E_PYTHON with an error set.
 */
static int
start_thread(PyObject *threading, struct app_slot *a, unsigned n)
{
	PyObject *self, *target = NULL, *thread = NULL, *done = NULL; /* new */

	self = PyCapsule_New(a, NULL, NULL);
	if (self != NULL)
		target = PyCFunction_New(&slot_main_def, self);
	if (target != NULL)
		thread = PyObject_CallMethod(
		    threading, "Thread", "OO", Py_None, target);
	if (thread != NULL)
		done = PyUnicode_FromFormat("greencorn-%u", n);
	if (done != NULL &&
	    (PyObject_SetAttrString(thread, "name", done) < 0 ||
		PyObject_SetAttrString(thread, "daemon", Py_True) < 0))
		Py_CLEAR(done);
	if (done != NULL)
		Py_SETREF(done, PyObject_CallMethod(thread, "start", NULL));
	Py_XDECREF(self);
	Py_XDECREF(target);
	Py_XDECREF(thread);
	Py_XDECREF(done);
	return done == NULL ? -E_PYTHON : 0;
}

static int
start_threads(struct worker_threads *t)
{
	PyObject *threading = PyImport_ImportModule("threading"); /* new */
	int rc = threading == NULL ? -E_PYTHON : 0;

	for (unsigned i = 0; rc == 0 && i < t->n_slots; i++)
		rc = start_thread(threading, &t->slots[i], i + 1);
	Py_XDECREF(threading);
	if (rc < 0) {
		log_event(EV_WORKER_THREADS, t->n_slots);
		python_error_log(LOG_ERROR);
	}
	return rc;
}

/* Has a call lasted too long? With the lock. */
static void
look(struct worker_leader *l)
{
	struct worker_threads *t = LIST_OF(l, struct worker_threads, leader);

	for (unsigned i = 0; i < t->n_slots; i++)
		if (worker_overdue_look(&t->slots[i].overdue, t->w))
			worker_leader_call_main(l);
}

static int
start(struct executor *e)
{
	struct worker_threads *t = threads_from(e);
	struct heritage *h = t->w->h;

	t->row = &h->board->rows[h->row];
	for (unsigned i = 0; i < t->n_slots; i++) {
		t->slots[i].t = t;
		t->slots[i].board = board_slot(t->row, i);
		worker_slot_init(&t->slots[i].slot);
	}
	if (worker_leader_start(&t->leader, t->w->reactor, t->w->turn_ms) < 0) {
		log_errno(EV_WORKER_PREPARE);
		return -E_SYSTEM;
	}
	t->leader.may_run = is_gil_free;
	if (t->w->cfg->request_timeout > 0)
		t->leader.look = look;
	python_gil_watch(on_gil_dropped, on_gil_wanted);
	if (!t->main_is_slot)
		return start_threads(t);
	begin_slot(&t->slots[0]);
	return 0;
}

/* The GIL could be had; and Python's own handlers of signals have a turn. */
static void
stamp(struct worker_threads *t)
{
	python_gil_take();
	board_stamp_python(t->row);
	if (PyErr_CheckSignals() < 0) {
		switch (python_error_kind()) {
		case PYTHON_ERROR_EXIT:
		case PYTHON_ERROR_INTERRUPT:
			PyErr_Clear();
			worker_signals_leave();
			break;
		default:
			python_error_log(LOG_ERROR);
		}
	}
	python_gil_drop();
}

/* It runs no application: so it can do that for those who do. */
static void
raise_overdue(struct worker_threads *t)
{
	if (t->leader.look == NULL)
		return;
	python_gil_take();
	for (unsigned i = 0; i < t->n_slots; i++)
		worker_overdue_raise(&t->slots[i].overdue);
	python_gil_drop();
}

static void
turn(struct executor *e, int ms)
{
	struct worker_threads *t = threads_from(e);

	if (t->main_is_slot) {
		serve(&t->slots[0], ms);
	} else {
		stamp(t);
		raise_overdue(t);
		worker_leader_watch(&t->leader, ms);
	}
}

static bool
stop(struct executor *e)
{
	struct worker_threads *t = threads_from(e);
	bool idle = true;

	worker_leader_stop(&t->leader);
	reactor_lock(t->w->reactor);
	for (unsigned i = 0; i < t->n_slots; i++)
		idle = idle && !t->slots[i].slot.in_app;
	reactor_unlock(t->w->reactor);
	return idle && t->main_is_slot;
}

static struct executor_ops threads_ops = {
	.name = "threads",
	.start = start,
	.turn = turn,
	.wait = wait_for,
	.give_up = give_up,
	.wake = wake,
	.stop = stop,
};

static struct executor *
create(struct worker_process *w, unsigned n_slots, bool main_is_slot)
{
	struct worker_threads *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->slots = calloc(n_slots, sizeof(*t->slots));
	if (t->slots == NULL) {
		free(t);
		return NULL;
	}
	t->executor.ops = &threads_ops;
	t->w = w;
	t->n_slots = n_slots;
	t->main_is_slot = main_is_slot;
	return &t->executor;
}

struct executor *
worker_sync_create(struct worker_process *w)
{
	return create(w, 1, true);
}

struct executor *
worker_gthread_create(struct worker_process *w)
{
	return create(w, w->cfg->threads, false);
}
