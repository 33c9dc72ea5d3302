/*
 * template: from a fresh process to one that forks workers on request. Run by
 * a generation's template only; it must not accept, serve, or wait for any
 * process but the arbiter.
 */
#include <Python.h>

#include "template/template.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "board/board.h"
#include "config/config.h"
#include "python/python_conf.h"
#include "python/python_error.h"
#include "python/python_finish.h"
#include "python/python_fork.h"
#include "python/python_frozen.h"
#include "python/python_gil.h"
#include "python/python_hooks.h"
#include "python/python_loader.h"
#include "python/python_log.h"
#include "python/python_ref.h"
#include "python/python_settings.h"
#include "python/python_start.h"
#include "role/heritage.h"
#include "role/link.h"
#include "role/role.h"
#include "role/role_forks.h"
#include "sys/fd.h"
#include "sys/log_file.h"
#include "sys/log_out.h"
#include "sys/log_ring.h"
#include "sys/signals.h"
#include "sys/sys_owner.h"

#include "base/banned.h"

#define LINK_WAIT_MS 1000

/* As Gunicorn's; the arbiter passes them on as its own. */
enum template_exit {
	TEMPLATE_EXIT_OVER = 0,
	TEMPLATE_EXIT_CONFIG = 1,
	TEMPLATE_EXIT_BOOT = 3,
};

struct template
{
	struct heritage *h;
	enum link_reason reason;
	struct link_inbox inbox;
};

/* The role whose parent this process is. */
static enum role_name
child_of(const struct heritage *h)
{
	for (enum role_name name = ROLE_NONE + 1; name < ROLE_MAX; name++)
		if ((int)roles[name].parent == h->role)
			return name;
	CHECK(false);
	return ROLE_NONE;
}

/* Dirty workers have hooks of their own. */
static bool
is_dirty(const struct template *t)
{
	return t->h->role == ROLE_DIRTY_TEMPLATE;
}

static void
on_ignored(int sig)
{
	(void)sig;
}

static volatile sig_atomic_t reopen;

/* Its workers' logs are this one's. */
static void
on_reopen(int sig)
{
	int saved = errno;

	(void)sig;
	reopen = 1;
	(void)log_out_reopen();
	errno = saved;
}

/*
 * Keys of the terminal reach the whole foreground group, and the arbiter
 * decides what they mean. A handler, unlike SIG_IGN, does not outlive an
 * exec: what hooks start has ordinary signals.
 */
static void
leave_signals_to_arbiter(void)
{
	static const int sigs[] = {
		SIGTERM,
		SIGINT,
		SIGQUIT,
		SIGHUP,
		SIGUSR2,
		SIGWINCH,
	};
	struct sigaction act = { .sa_handler = on_ignored,
		.sa_flags = SA_RESTART };

	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		signals_take(sigs[i], &act);
	act.sa_handler = on_reopen;
	signals_take(SIGUSR1, &act);
}

/*
 * TERM and QUIT end a worker that boots. Around a fork they are blocked, so
 * that none is lost in between.
 */
static void
block_ends(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGQUIT);
	CHECK(sigprocmask(how, &set, NULL) == 0);
}

static void
on_quit_at_boot(int sig)
{
	(void)sig;
	_exit(0);
}

static void
take_ends(void)
{
	struct sigaction act = { .sa_handler = SIG_DFL };

	signals_take(SIGTERM, &act);
	act.sa_handler = on_quit_at_boot;
	signals_take(SIGQUIT, &act);
	block_ends(SIG_UNBLOCK);
}

/* One setting of the configuration file, on its way to the arbiter. */
static int
send_setting(void *cookie, const char *name, struct str text)
{
	struct template *t = cookie;
	struct link_message m = { .type = LINK_SETTING };
	char body[LINK_TEXT_MAX];
	size_t name_len = strlen(name) + 1; /* its NUL divides */

	if (name_len + text.len > sizeof(body)) {
		log_event(EV_TEMPLATE_SETTING_LONG, name);
		return -E_TOO_LONG;
	}
	memcpy(body, name, name_len);
	if (text.len > 0) /* none: not set */
		memcpy(body + name_len, text.ptr, text.len);
	m.text = (struct str){ body, name_len + text.len };
	return link_send(t->h->link, &m);
}

/*
 * What C has logged in this process goes to Python's loggers, where they have
 * handlers of their own; what was told by a signal is done.
 */
static void
look_after_logs(void)
{
	static struct log_ring_line line; /* static: it is large */

	while (log_ring_take(&line, 0) == 1)
		python_log_line(line.level, (int)getpid(),
		    (struct str){ line.text, line.len });
	if (reopen) {
		reopen = 0;
		python_hooks_reopen();
	}
}

/* Waits for the next message, other Python threads running meanwhile. */
static int
receive(struct template *t, struct link_message *m)
{
	int rc;

	do {
		look_after_logs();
		python_gil_drop();
		rc = link_receive(t->h->link, &t->inbox, LINK_WAIT_MS, m);
		python_gil_take();
	} while (rc == -E_TIMEOUT || rc == -E_AGAIN);
	return rc;
}

/* The configuration file's settings go over; the frozen whole comes back. */
static int
configure(struct template *t)
{
	struct link_message m = { .type = LINK_CONFIGURED };
	struct heritage *h = t->h;
	const char *file;
	int rc;

	file = config_draft_text(h->draft, "config");
	rc = python_conf_read(file[0] == '\0' ? NULL : file, send_setting, t);
	if (rc < 0)
		return TEMPLATE_EXIT_CONFIG;
	if (link_send(h->link, &m) < 0 || receive(t, &m) < 0)
		return TEMPLATE_EXIT_OVER; /* refused: the arbiter said why */
	if (m.type != LINK_FROZEN || m.n_fds > HERITAGE_LISTENERS_MAX)
		return TEMPLATE_EXIT_BOOT;
	t->reason = (enum link_reason)m.number;
	h->n_listeners = m.n_fds;
	memcpy(h->listeners, m.fds, m.n_fds * sizeof(m.fds[0]));
	h->config = h->config_mem;
	return -1;
}

/* KEY=VALUE into os.environ, where the application looks. 0 or -E_PYTHON. */
static int
put_env(PyObject *os_environ, const char *item)
{
	const char *equals = strchr(item, '=');
	PyObject *key, *value; /* new */
	int rc = -1;

	if (equals == NULL) {
		log_event(EV_TEMPLATE_RAW_ENV, item);
		return -E_PYTHON;
	}
	key = python_ref_decoded((struct str){ item, (size_t)(equals - item) });
	value = python_ref_decoded(str_of(equals + 1));
	if (key != NULL && value != NULL)
		rc = PyObject_SetItem(os_environ, key, value);
	Py_XDECREF(key);
	Py_XDECREF(value);
	return rc < 0 ? -E_PYTHON : 0;
}

static int
apply_env(const struct heritage *h)
{
	const struct config *cfg = h->config;
	char item[32 + HERITAGE_ADDRESS_MAX];
	PyObject *os, *os_environ = NULL; /* new */
	int rc = -E_PYTHON;

	os = PyImport_ImportModule("os");
	if (os != NULL)
		os_environ = PyObject_GetAttrString(os, "environ");
	if (os_environ != NULL)
		rc = 0;
	for (unsigned i = 0; rc == 0 && i < cfg->raw_env.n; i++)
		rc = put_env(os_environ, cfg->raw_env.items[i]);
	if (rc == 0 && h->dirty_address[0] != '\0' && cfg->dirty_workers > 0 &&
	    cfg->dirty_apps.n > 0) {
		snprintf(item, sizeof(item), "GUNICORN_DIRTY_SOCKET=%s",
		    h->dirty_address);
		rc = put_env(os_environ, item);
	}
	Py_XDECREF(os_environ);
	Py_XDECREF(os);
	return rc;
}

/* The working directory, and what pythonpath names, first on sys.path. */
static int
apply_paths(const struct config *cfg)
{
	char cwd[PATH_MAX], dir[PATH_MAX];
	struct str rest = str_of(cfg->pythonpath);
	int rc;

	if (cfg->chdir[0] != '\0' && chdir(cfg->chdir) < 0) {
		log_errno(EV_TEMPLATE_CHDIR, cfg->chdir);
		return -E_SYSTEM;
	}
	if (getcwd(cwd, sizeof(cwd)) == NULL)
		return -E_SYSTEM;
	rc = python_loader_path(cwd);
	if (rc == 0 && cfg->chdir[0] != '\0')
		rc = python_start_moved();
	while (rc == 0 && rest.len > 0)
		if (str_to_z(str_trim(str_cut(&rest, ',')), dir, sizeof(dir)) ==
			0 &&
		    dir[0] != '\0')
			rc = python_loader_path(dir);
	return rc;
}

/* The workers of another user open them anew when they were moved away. */
static void
give_logs(const struct config *cfg)
{
	struct owner o;

	if (owner_find(&o, cfg->user, cfg->group) == 0 && owner_differs(&o) &&
	    owner_give(&o, cfg->accesslog) < 0)
		log_errno(EV_TEMPLATE_LOG_OWNER, cfg->accesslog);
}

/* Both logs can be written; now, since workers cannot end the server so. */
static int
apply_logs(const struct config *cfg)
{
	struct config_problem problem;
	int fd;

	config_log_apply(cfg->loglevel, cfg->log_format);
	if (config_log_open(cfg->errorlog, "", &problem) < 0) {
		log_event(EV_TEMPLATE_LOG, problem.text);
		return TEMPLATE_EXIT_CONFIG;
	}
	config_log_syslog(cfg, "");
	if (cfg->capture_output)
		log_out_capture();
	if (!config_has_access_file(cfg))
		return 0;
	fd = log_file_open(cfg->accesslog);
	if (fd < 0) {
		log_errno(EV_ACCESS_LOG_OPEN, cfg->accesslog);
		return TEMPLATE_EXIT_CONFIG;
	}
	fd_close(fd);
	give_logs(cfg);
	return 0;
}

/* What the configuration says of the process. 0 or the exit status. */
static int
apply(const struct heritage *h)
{
	const struct config *cfg = h->config;
	int status;

	if (apply_paths(cfg) < 0) {
		python_error_log(LOG_ERROR);
		return TEMPLATE_EXIT_BOOT;
	}
	status = apply_logs(cfg);
	if (status != 0)
		return status;
	if (apply_env(h) < 0) {
		python_error_log(LOG_ERROR);
		return TEMPLATE_EXIT_BOOT;
	}
	return 0;
}

/*
 * What lives now lives in every worker: a collection in a child would only
 * write to, and so copy, these pages.
 */
static void
freeze_memory(void)
{
	PyObject *gc, *result = NULL; /* new */

	gc = PyImport_ImportModule("gc");
	if (gc != NULL)
		result = PyObject_CallMethod(gc, "freeze", NULL);
	if (result == NULL)
		PyErr_Clear();
	Py_XDECREF(result);
	Py_XDECREF(gc);
	python_frozen_drop();
}

/* The child: a worker from here on. Never returns. */
static _Noreturn void
become_worker(struct template *t, const struct link_message *m)
{
	struct heritage *h = t->h;

	take_ends();
	log_ring_forget();
	fd_close(h->link);
	h->link = -1;
	h->row = m->row;
	h->age = (unsigned)m->number;
	h->dirty_link = m->n_fds > 0 ? m->fds[0] : -1;
	h->dirty_apps = m->text;
	role_enter(child_of(h), h);
	_exit(roles[h->role].run(h));
}

static int
spawn(struct template *t, const struct link_message *m)
{
	struct link_message answer = { .type = LINK_SPAWNED, .row = m->row };
	pid_t pid;
	int why;

	if (!is_dirty(t))
		python_hooks_before_fork((unsigned)m->number);
	look_after_logs();
	block_ends(SIG_BLOCK);
	role_forks_ours(true);
	pid = python_fork(CLONE_PARENT);
	role_forks_ours(false);
	if (pid == 0)
		become_worker(t, m);
	why = errno;
	block_ends(SIG_UNBLOCK);
	for (unsigned i = 0; i < m->n_fds; i++)
		fd_close(m->fds[i]);
	if (is_dirty(t))
		python_hooks_dirty_forked(
		    (unsigned)m->number, pid > 0 ? pid : 0, m->text);
	else
		python_hooks_forked((unsigned)m->number, pid > 0 ? pid : 0);
	answer.number = (int32_t)pid;
	if (pid < 0) {
		answer.type = LINK_UNSPAWNED;
		answer.number = why;
	}
	return link_send(t->h->link, &answer);
}

/* What happened to the server; nobody waits for its hooks. */
static void
tell_hooks(const struct template *t, const struct link_message *m)
{
	int number = (int)m->number;

	if (is_dirty(t)) {
		if (m->type == LINK_CHILD_EXIT)
			python_hooks_aside(
			    HOOK_dirty_worker_exit, "(Ii)", m->row, number);
		return;
	}

	switch (m->type) {
	case LINK_CHILD_EXIT:
		python_hooks_gone(m->row, number);
		return;
	case LINK_N_WORKERS:
		python_hooks_n_workers(m->row, number);
		return;
	case LINK_WHEN_READY:
		python_hooks_aside(HOOK_when_ready, "()");
		return;
	case LINK_LINE:
		python_log_line((enum log_level)m->row, number, m->text);
		return;
	case LINK_PRE_EXEC:
		python_hooks_aside(HOOK_pre_exec, "()");
		return;
	default:
		return;
	}
}

/* The end, of which the arbiter lets it take some time. */
static int
end(const struct link_message *m)
{
	python_hooks_end(m->number != 0);
	look_after_logs();
	python_finish();
	return TEMPLATE_EXIT_OVER;
}

static int
serve(struct template *t)
{
	struct link_message m = { .type = LINK_LOADED };

	if (link_send(t->h->link, &m) < 0)
		return TEMPLATE_EXIT_OVER;
	board_set_state(t->h->board, t->h->row, BOARD_READY);
	while (receive(t, &m) == 0) {
		if (m.type == LINK_END)
			return end(&m);
		if (m.type != LINK_SPAWN)
			tell_hooks(t, &m);
		else if (spawn(t, &m) < 0)
			break;
	}
	return TEMPLATE_EXIT_OVER;
}

/* 0 or the exit status. */
static int
find_hooks(struct template *t)
{
	struct heritage *h = t->h;
	const struct python_hooks_facts facts = {
		.cfg = h->config,
		.row = &h->board->rows[h->row],
		.server_pid = h->arbiter_pid,
		.listeners = h->listeners,
		.n_listeners = h->n_listeners,
	};

	python_settings_use(h->config);
	if (python_hooks_start(&facts) < 0)
		return TEMPLATE_EXIT_CONFIG;
	if (config_has_logger(h->config) && log_ring_start() < 0)
		log_event(EV_LOG_RING);
	if (is_dirty(t) || t->reason == LINK_REASON_REPLACEMENT ||
	    config_is_check(h->config))
		return 0;
	(void)python_hooks_run(
	    HOOK_nworkers_changed, "(IO)", h->config->workers, Py_None);
	return 0;
}

/* The start, or the reload, may go on. 0 or the exit status. */
static int
run_first_hooks(const struct template *t)
{
	int rc;

	if (config_is_check(t->h->config))
		return 0;
	if (is_dirty(t)) {
		if (t->reason == LINK_REASON_START)
			(void)python_hooks_run(HOOK_on_dirty_starting, "()");
		return 0;
	}
	if (t->reason == LINK_REASON_RELOAD)
		(void)python_hooks_run(HOOK_on_reload, "()");
	if (t->reason != LINK_REASON_START)
		return 0;
	rc = python_hooks_run(HOOK_on_starting, "()");
	if (rc == -E_EXIT && python_hooks_exit_status() != 0)
		return python_hooks_exit_status();
	return rc < 0 ? TEMPLATE_EXIT_CONFIG : 0;
}

static int
preload(struct template *t)
{
	const struct role *worker = &roles[child_of(t->h)];
	const struct config *cfg = t->h->config;
	bool wanted = is_dirty(t) ? cfg->dirty_preload
				  : cfg->preload_app || config_is_check(cfg);

	if (!wanted || worker->preload == NULL)
		return 0;
	return worker->preload(t->h);
}

/* From Python's start to its end. The exit status. */
static int
live(struct template *t)
{
	struct heritage *h = t->h;
	int status;

	if (python_start_server(h->argc, h->argv) < 0)
		return TEMPLATE_EXIT_BOOT;
	if (python_log_start() < 0) /* the configuration file may log */
		return TEMPLATE_EXIT_BOOT;
	status = configure(t);
	if (status >= 0)
		return status;
	status = apply(h);
	if (status == 0 && python_log_start() < 0)
		status = TEMPLATE_EXIT_BOOT;
	if (status == 0)
		status = find_hooks(t);
	if (status == 0)
		status = preload(t);
	if (status == 0)
		status = run_first_hooks(t);
	if (status != 0)
		return status;
	freeze_memory();
	return serve(t);
}

int
template_run(struct heritage *h)
{
	static struct template t; /* static: 64 KiB of inbox */
	int status;

	t.h = h;
	leave_signals_to_arbiter();
	signals_unblock();
	status = role_forks_start(h) == 0 ? live(&t) : TEMPLATE_EXIT_BOOT;
	log_ring_end(0);
	return status;
}
