/*
 * effects: what a configuration changes outside of its own processes: logs,
 * addresses, the pid file, how many workers there should be. In three steps,
 * so that a reload that fails leaves no trace. Run by the arbiter.
 */
#include "base/log.h"
#include "config/config.h"
#include "telemetry/statsd.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

/* Nothing is known of a configuration before this one. */
static bool
is_first(const struct arbiter *a)
{
	return a->current == NULL || a->current->config == NULL;
}

/* 0 or -E_*, said in *p: the log is as it was. */
static int
apply_logs(struct generation *g, struct config_problem *p)
{
	const struct config *cfg = g->config;
	int rc = config_log_open(cfg->errorlog, cfg->chdir, p);

	if (rc < 0)
		return rc;
	g->has_logs = true;
	config_log_apply(cfg->loglevel, cfg->log_format);
	config_log_syslog(cfg, cfg->chdir);
	statsd_start(cfg, cfg->chdir);
	return 0;
}

int
effects_logs(struct arbiter *a, struct generation *g, struct config_problem *p)
{
	return is_first(a) ? apply_logs(g, p) : 0;
}

/*
 * How many workers there should be. What TTIN and TTOU have said since holds
 * until a reload says the configuration's number again, as with Gunicorn, and
 * so for the template after one that died, and for the arbiter after us.
 */
static unsigned
n_workers(const struct arbiter *a, const struct generation *g)
{
	int n = (int)g->config->workers;

	if (!g->is_reload || !a->was_loaded)
		n += atomic_load(&a->board->n_extra);
	if (n < 0)
		return 0;
	return n > ARBITER_WORKERS_MAX ? ARBITER_WORKERS_MAX : (unsigned)n;
}

int
effects_prepare(struct arbiter *a, struct generation *g)
{
	const struct config *cfg = g->config;
	int rc = pidfile_prepare(a, cfg);

	if (rc == 0)
		rc = listening_prepare(a, cfg);
	if (rc < 0) {
		pidfile_undo(a);
		return rc;
	}
	if (is_first(a))
		pidfile_settle(a);
	g->n_workers = n_workers(a, g);
	log_event(EV_ARBITER_WORKERS, config_worker_class(cfg), g->n_workers,
	    cfg->workers_source);
	return 0;
}

void
effects_live(struct arbiter *a, const struct generation *g)
{
	a->n_workers_before = a->n_workers;
	a->n_workers = g->n_workers;
}

void
effects_settle(struct arbiter *a, struct generation *g)
{
	struct config_problem problem = { "" };

	if (!g->has_logs && apply_logs(g, &problem) < 0)
		log_event(EV_ARBITER_CONFIG, problem.text);
	pidfile_settle(a);
	listening_settle(a);
	a->n_workers_before = a->n_workers;
	atomic_store(
	    &a->board->n_extra, (int)a->n_workers - (int)g->config->workers);
}

void
effects_undo(struct arbiter *a, const struct generation *g)
{
	pidfile_undo(a);
	/* At the start nobody has them yet, and the next one may want them. */
	if (a->current != NULL)
		listening_undo(a);
	if (g->state == GENERATION_LIVE)
		a->n_workers = a->n_workers_before;
}
