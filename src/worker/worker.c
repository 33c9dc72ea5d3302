/*
 * worker: the life of an HTTP worker, the same for every class. Forked by the
 * template with a running interpreter; it enters with the GIL held and never
 * leaves but by _exit.
 */
#include "worker/worker.h"

#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/suggest.h"
#include "board/board.h"
#include "config/config.h"
#include "gateway/wsgi.h"
#include "gateway/wsgi_observer.h"
#include "net/proxy_protocol.h"
#include "net/reactor.h"
#include "net/siblings.h"
#include "proto/proto_choose.h"
#include "proto/proto_env.h"
#include "python/python_log.h"
#include "python/python_finish.h"
#include "python/python_gil.h"
#include "python/python_hooks.h"
#include "python/python_loader.h"
#include "role/heritage.h"
#include "role/role.h"
#include "sys/fd.h"
#include "sys/log_ring.h"
#include "sys/sys_owner.h"
#include "sys/sys_random.h"
#include "sys/sys_time.h"
#include "telemetry/access_log.h"
#include "telemetry/statsd.h"

#include "worker/worker_class.h"
#include "worker/worker_forks.h"
#include "worker/worker_reload.h"
#include "worker/worker_rules.h"
#include "worker/worker_signals.h"
#include "base/banned.h"

#define TURN_MAX_MS 1000 /* the heartbeat's grain */
#define TURN_MIN_MS 50
#define RING_END_MS 500  /* for Python's loggers to write what they have */
#define EXIT_MIN_MS 1000 /* for the libraries' own at-exit work */

/* What loads the application that the setting paste names. */
#define PASTE "gunicorn.app.pasterapp:load()"

enum worker_exit {
	WORKER_EXIT_OK = 0,
	WORKER_EXIT_BOOT = 3,
};

/* The application, once loaded: by the template, or by this process. */
static void *loaded_app;

/*
 * A module that does not exist may be a command of the binary, misspelt:
 * "greencorn pyhton".
 */
static void
suggest_command(const char *module)
{
	static const char *const names[] = {
#define COMMAND(name, run, help) name,
#include "base/commands.def"
#undef COMMAND
		NULL,
	};
	const char *near = suggest_nearest(str_of(module), names);

	if (near != NULL)
		log_event(EV_WORKER_SUGGEST, module, near);
}

int
worker_preload(struct heritage *h)
{
	int rc;

	if (h->config->spew && python_loader_spew() < 0)
		return python_loader_exit_status(-E_PYTHON);
	if (h->config->paste[0] != '\0')
		rc = python_loader_load(PASTE, &loaded_app);
	else
		rc = python_loader_load(h->config->wsgi_app, &loaded_app);
	if (rc == -E_NOT_FOUND && h->config->paste[0] == '\0')
		suggest_command(h->config->wsgi_app);
	return rc < 0 ? python_loader_exit_status(rc) : 0;
}

static int
load(struct worker_process *w)
{
	int status = 0;

	if (loaded_app == NULL)
		status = worker_preload(w->h);
	w->app = loaded_app;
	return status;
}

/* A quarter of the descriptors stays for the application's own files. */
static unsigned
connections_max(const struct config *cfg)
{
	unsigned limit = fd_limit() - fd_limit() / 4;

	if (cfg->worker_connections <= limit)
		return cfg->worker_connections;
	log_event(EV_WORKER_CONNECTIONS, limit, fd_limit());
	return limit;
}

static void
on_end(struct proto_env *env, const struct request *req)
{
	(void)env;
	if (!req->has_own_line)
		access_log_request(req);
	statsd_request(req);
}

/* 0 or -E_*, logged. */
static int
start_statsd(struct proto_env *env, const struct config *cfg)
{
	int rc = statsd_start_requests(cfg);

	if (rc < 0)
		log_event(EV_STATSD, cfg->statsd_host, error_text(rc));
	if (statsd_wants_us()) {
		env->on_end = on_end;
		env->clock_us = time_us;
	}
	python_log_set_metric(statsd_metric);
	return rc;
}

/* 0 or -E_*, logged. */
static int
start_access_log(struct proto_env *env, const struct config *cfg)
{
	int rc = access_log_start(cfg);

	if (rc < 0)
		log_errno(EV_ACCESS_LOG_OPEN, cfg->accesslog);
	if (rc == 0)
		env->on_end = on_end;
	if (access_log_wants_us())
		env->clock_us = time_us;
	env->keep_fields = access_log_wants_fields();
	env->keep_environ = access_log_wants_environ();
	python_log_set_access(access_log_text);
	return rc < 0 ? rc : 0;
}

static const struct proto_ops *
protocol(const struct config *cfg)
{
	bool uwsgi = str_eq(str_of(cfg->protocol), STR("uwsgi"));

	return proto_choose(uwsgi ? STR("uwsgi") : STR("h1"));
}

static struct reactor *
make_reactor(struct worker_process *w)
{
	static struct proto_env env; /* as long as the process */
	static struct siblings siblings;
	struct reactor_options o = {
		.proto = protocol(w->cfg),
		.env = &env,
		.max_conns = connections_max(w->cfg),
		.alone = w->cfg->workers == 1,
		.proxy_versions =
		    proxy_protocol_versions(str_of(w->cfg->proxy_protocol)),
		.proxy_allow = &w->cfg->proxy_allow_ips,
		.write_timeout_ms = w->cfg->write_timeout,
		.graceful_ms =
		    w->cfg->graceful_timeout > 0 ? w->cfg->graceful_timeout : 1,
		.row = &w->h->board->rows[w->h->row],
		.siblings = &siblings,
	};

	siblings = (struct siblings){
		.board = w->h->board,
		.row = w->h->row,
		.bells = w->h->bells,
		.n_bells = HERITAGE_BELLS,
		.take = w->h->queue[0],
		.put = w->h->queue[1],
		.idle_only = w->cfg->queue_timeout > 0,
	};

	if (worker_rules_fill(&env, w->cfg) < 0 ||
	    start_access_log(&env, w->cfg) < 0 ||
	    start_statsd(&env, w->cfg) < 0)
		return NULL;
	env.executor = w->executor;
	return reactor_create(&o);
}

/* Everything but the application. 0 or the status to exit with. */
static int
prepare(struct worker_process *w)
{
	const struct worker_class *class;

	class = worker_class_find(config_worker_class(w->cfg));
	if (class == NULL)
		return WORKER_EXIT_BOOT; /* the setting's check let it pass */
	w->gateway = &wsgi_ops;
	w->executor = class->create(w);
	if (w->executor != NULL)
		w->reactor = make_reactor(w);
	if (w->executor == NULL || w->reactor == NULL) {
		log_errno(EV_WORKER_PREPARE);
		return WORKER_EXIT_BOOT;
	}
	if (python_hooks_on_signals(worker_signals_end) < 0)
		return WORKER_EXIT_BOOT;
	worker_signals_start(w->reactor, w->cfg->graceful_timeout);
	if (worker_forks_start(w->reactor) < 0 || wsgi_start(w->cfg) < 0)
		return WORKER_EXIT_BOOT;
	for (unsigned i = 0; i < w->h->n_listeners; i++)
		if (reactor_listen(w->reactor, w->h->listeners[i]) < 0) {
			log_errno(EV_WORKER_PREPARE);
			return WORKER_EXIT_BOOT;
		}
	return 0;
}

/* Some signs of life within the time after which silence is death. */
static int
turn_ms(const struct config *cfg)
{
	uint64_t ms = cfg->timeout / 4;

	if (cfg->request_timeout > 0 &&
	    (ms == 0 || cfg->request_timeout / 4 < ms))
		ms = cfg->request_timeout / 4 + 1;
	if (ms == 0 || ms > TURN_MAX_MS)
		return TURN_MAX_MS;
	return ms < TURN_MIN_MS ? TURN_MIN_MS : (int)ms;
}

/* Some more for each worker by chance: not all leave at the same time. */
static uint64_t
requests_max(const struct config *cfg)
{
	if (cfg->max_requests == 0)
		return 0;
	return (uint64_t)cfg->max_requests +
	    sys_random(cfg->max_requests_jitter);
}

void
worker_retire(struct worker_process *w)
{
	log_event(EV_WORKER_RETIRES, (int)getpid());
	board_retire(w->h->board, w->h->row);
}

/* One turn, and what a hook has to do with a signal. Without the GIL. */
static void
turn(struct worker_process *w, int ms)
{
	bool reopened;

	w->executor->ops->turn(w->executor, ms);
	reopened = worker_signals_reopened();
	if (!reopened && !python_hooks_signalled())
		return;
	python_gil_take();
	if (reopened)
		python_hooks_reopen();
	python_hooks_answer_signal();
	python_gil_drop();
}

/* Turns until it is time to go. Without the GIL. */
static void
serve(struct worker_process *w)
{
	while (!worker_signals_draining())
		turn(w, w->turn_ms);
}

static bool
drained(struct reactor *r)
{
	bool yes;

	reactor_lock(r);
	yes = reactor_drained(r);
	reactor_unlock(r);
	return yes;
}

/*
 * The listeners are the arbiter's too: as long as it goes on, what waits
 * there is for others.
 */
static bool
is_handed_on(const struct worker_process *w)
{
	if (atomic_load(&w->h->board->handed_on) != 0)
		return true;
	/* Under init an arbiter that died has a successor. */
	return atomic_load(&w->h->board->phase) != BOARD_STOPPING &&
	    (w->h->under_init || getppid() == w->h->arbiter_pid);
}

/* Finishes what runs, within the graceful time. Without the GIL. */
static void
drain(struct worker_process *w)
{
	uint64_t until = clock_ms() + w->cfg->graceful_timeout;

	board_set_state(w->h->board, w->h->row, BOARD_DRAINING);
	reactor_lock(w->reactor);
	reactor_drain(w->reactor, is_handed_on(w));
	reactor_unlock(w->reactor);
	while (!drained(w->reactor) && clock_ms() < until)
		turn(w, TURN_MIN_MS);
	reactor_lock(w->reactor);
	reactor_abort(w->reactor);
	reactor_unlock(w->reactor);
	if (w->executor->ops->stop(w->executor))
		reactor_destroy(w->reactor);
}

/*
 * Lets Python and its libraries say goodbye, but not for longer than what is
 * left of the graceful time (SIGALRM ends it): some at-exit handlers never
 * return.
 */
static void
finish(struct worker_process *w, uint64_t told_ms)
{
	uint64_t spent = clock_ms() - told_ms;
	uint64_t left = EXIT_MIN_MS;
	struct itimerval timer = { 0 };

	if (w->cfg->graceful_timeout > spent + EXIT_MIN_MS)
		left = w->cfg->graceful_timeout - spent;
	timer.it_value.tv_sec = (time_t)(left / 1000);
	timer.it_value.tv_usec = (suseconds_t)(left % 1000 * 1000);
	setitimer(ITIMER_REAL, &timer, NULL);
	python_gil_take();
	python_hooks_leaving();
	python_finish();
}

/* Until it could serve. 0 or the status to exit with. */
/*
 * user and group. Logs and listeners may be root's; what the application does
 * is theirs. 0 or the status to exit with.
 */
static int
become_user(struct worker_process *w)
{
	const struct config *cfg = w->cfg;
	struct owner o;

	if (owner_find(&o, cfg->user, cfg->group) < 0) {
		log_event(EV_WORKER_NO_USER, cfg->user, cfg->group);
		return WORKER_EXIT_BOOT;
	}
	if (!owner_differs(&o))
		return 0;
	if (owner_become(&o, cfg->initgroups) < 0) {
		log_errno(EV_WORKER_USER, cfg->user, cfg->group);
		return WORKER_EXIT_BOOT;
	}
	role_watch_parent(ROLE_WORKER, w->h); /* the change has ended it */
	return 0;
}

static int
boot(struct worker_process *w)
{
	struct heritage *h = w->h;
	int status, rc;

	rc = python_hooks_worker(&h->board->rows[h->row], h->age);
	if (rc == -E_EXIT)
		return python_hooks_exit_status();
	if (config_has_logger(w->cfg) && python_log_read_ring() < 0)
		log_ring_end(0);
	status = prepare(w);
	if (status == 0)
		status = become_user(w);
	if (status == 0)
		status = load(w);
	if (status != 0)
		return status;
	rc = python_hooks_loaded(w->app);
	if (rc == -E_EXIT)
		return python_hooks_exit_status();
	wsgi_observer_start();
	worker_reload_start(h);
	return w->executor->ops->start(w->executor) < 0 ? WORKER_EXIT_BOOT : 0;
}

int
worker_run(struct heritage *h)
{
	static struct worker_process w;
	uint64_t told_ms;
	int status;

	w.h = h;
	w.cfg = h->config;
	w.turn_ms = turn_ms(w.cfg);
	w.requests_max = requests_max(w.cfg);
	if (config_has_logger(w.cfg) && log_ring_start() < 0)
		log_event(EV_LOG_RING);
	log_event(EV_WORKER_BOOT, (int)getpid());
	status = boot(&w);
	if (status != 0) {
		python_gil_drop();
		log_ring_end(RING_END_MS);
		python_gil_take();
		python_hooks_leaving();
		return status;
	}
	board_stamp_reactor(&h->board->rows[h->row]);
	worker_signals_serve();
	board_set_state(h->board, h->row, BOARD_READY);
	python_gil_drop();
	serve(&w);
	told_ms = clock_ms();
	log_event(EV_WORKER_EXIT, (int)getpid());
	drain(&w);
	log_ring_end(RING_END_MS);
	access_log_stop();
	statsd_stop();
	finish(&w, told_ms);
	return WORKER_EXIT_OK;
}
