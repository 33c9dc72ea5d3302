/*
 * main_server: reads what was asked for, then becomes PID 1 with the arbiter
 * as its child, or the arbiter itself. What is wrong with the command line or
 * the environment is said here, before any process exists.
 */
#include "main_server.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arbiter/arbiter.h"
#include "base/error.h"
#include "base/log.h"
#include "base/version.h"
#include "board/board.h"
#include "config/config.h"
#include "init/init.h"
#include "role/handover.h"
#include "role/heritage.h"
#include "sys/child.h"
#include "sys/fd.h"
#include "sys/log_out.h"
#include "sys/message.h"
#include "sys/sys_fork.h"
#include "sys/sys_time.h"
#include "sys/title.h"

#include "base/banned.h"

#define EXIT_USAGE 2 /* as argparse, and so Gunicorn */

extern char **environ;

/* The name under which it serves: scripts look for "gunicorn". */
static const char *
called_as(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');
	const char *name = slash == NULL ? argv0 : slash + 1;

	return strcmp(name, "gunicorn") == 0 ? "gunicorn" : "greencorn";
}

/* Under init: what init's end of the link has told it. */
static struct {
	int link;
	bool exec;   /* the next arbiter is started by exec */
	bool proven; /* the one that was serves */
} succession;

/*
 * The arbiter of the executable as it is now; only init's fork comes here.
 * Returns when there is none.
 */
static void
exec_arbiter(const struct heritage *h)
{
	const char *path = sys_exec_path();

	if (handover_to_env(h->handover) == 0)
		execv(path, h->argv);
	log_errno(EV_MAIN_EXEC, path);
}

static int
start_arbiter(void *arg)
{
	struct heritage *h = arg;

	if (succession.exec) {
		exec_arbiter(h);
		return ARBITER_EXIT_CONFIG;
	}
	fd_close(succession.link);

	/* The title of what a user sees as the server. */
	char title[256];

	snprintf(title, sizeof(title), "%s: master [%s]", h->server, h->name);
	title_set(title);
	log_set_pid((int)getpid());
	return arbiter_run(h);
}

/* Says what is wrong, in one line, before any log is set up. */
static int
refuse(const struct config_problem *problem, int status)
{
	fprintf(stderr, "%s\n", problem->text);
	return status;
}

static int
help(const char *server)
{
	printf("usage: %s [OPTIONS] [APP_MODULE]\n", server);
	config_help_print(stdout);
	return fflush(stdout) == 0 ? 0 : ARBITER_EXIT_CONFIG;
}

static int
version(const char *server)
{
	printf("%s (version %s)\n", server, GREENCORN_VERSION);
	return fflush(stdout) == 0 ? 0 : ARBITER_EXIT_CONFIG;
}

/* --- what init asks: run by init --- */

/*
 * One that asked for it is followed by the executable's; one of these that
 * exits before it has served, by this image, whose workers serve on.
 */
static enum init_end
on_arbiter_end(void *arg, const struct child_end *end, bool stopping)
{
	struct heritage *h = arg;
	struct handover_news news = handover_hear(succession.link, h->handover);
	bool was_exec = succession.exec;

	succession.proven = succession.proven || news.proven;
	succession.exec = news.asked || (was_exec && succession.proven);
	if (news.asked) {
		succession.proven = false;
		return INIT_END_NOW;
	}
	if (was_exec && !succession.proven && !stopping) {
		log_event(EV_MAIN_SUCCESSOR, child_status(end));
		return INIT_END_NOW;
	}
	return end->sig != 0 ? INIT_END_AGAIN : INIT_END_FINAL;
}

static void
on_orphan(void *arg, const struct child_end *end)
{
	struct heritage *h = arg;

	(void)board_note_end(h->board, end);
}

static uint64_t
last_sign(void *arg)
{
	struct heritage *h = arg;

	return atomic_load(&h->board->arbiter_ms);
}

static const struct init_succession arbiter_succession = {
	.on_end = on_arbiter_end,
	.on_orphan = on_orphan,
	.last_sign = last_sign,
};

static int
run_under_init(struct heritage *h)
{
	struct init_job job = {
		.start = start_arbiter,
		.arg = h,
		.succession = &arbiter_succession,
	};
	int ends[2];

	if (message_pair(ends) < 0) {
		perror("greencorn: socketpair");
		return ARBITER_EXIT_CONFIG;
	}
	succession.link = ends[0];
	h->handover->init_link = ends[1];
	h->handover->board = h->board->fd;
	h->handover->board_bell = h->board->bell;
	return init_run(&job);
}

static int
run(struct heritage *h)
{
	h->board = board_open(h->handover->board, h->handover->board_bell);
	if (h->board == NULL && h->handover->init_link >= 0) {
		/* init's own image goes on, which knows its board. */
		log_event(EV_MAIN_OTHER_BOARD);
		return ARBITER_EXIT_CONFIG;
	}
	if (h->board == NULL)
		h->board = board_create();
	if (h->board == NULL) {
		perror("greencorn: shared memory");
		return ARBITER_EXIT_CONFIG;
	}
	return getpid() == 1 ? run_under_init(h) : start_arbiter(h);
}

int
server_main(int argc, char **argv)
{
	static struct handover handover;
	struct heritage h = {
		.handover = &handover,
		.row = BOARD_NO_ROW,
		.link = -1,
		.admin_listener = -1,
		.argc = argc,
		.argv = argv,
		.server = called_as(argv[0]),
	};
	struct config_problem problem = { .text = "" };
	struct config_draft *draft;
	int wish;

	succession.link = -1;
	handover_from_env(&handover);
	time_start();
	time_zone_start();
	log_out_start();
	log_set_pid((int)getpid());
	draft = config_draft_create();
	if (draft == NULL)
		return ARBITER_EXIT_CONFIG;
	wish = config_read(draft, argc, argv, environ, &problem);
	if (wish < 0)
		return refuse(&problem,
		    wish == -E_USAGE ? EXIT_USAGE : ARBITER_EXIT_CONFIG);
	if (wish == CONFIG_ARGS_HELP)
		return help(h.server);
	if (wish == CONFIG_ARGS_VERSION)
		return version(h.server);
	if (strcmp(config_draft_text(draft, "check_config"), "static") == 0)
		return config_check_static(draft, &problem) == 0
		    ? 0
		    : refuse(&problem, ARBITER_EXIT_CONFIG);
	config_log_apply(config_draft_text(draft, "loglevel"),
	    config_draft_text(draft, "log_format"));
	if (config_log_open(config_draft_text(draft, "errorlog"),
		config_draft_text(draft, "chdir"), &problem) < 0)
		return refuse(&problem, ARBITER_EXIT_CONFIG);
	h.draft = draft;
	h.name = config_draft_text(draft, "proc_name");
	if (h.name[0] == '\0')
		h.name = config_draft_text(draft, "wsgi_app");
	if (h.name[0] == '\0')
		h.name = config_draft_text(draft, "paste");
	return run(&h);
}
