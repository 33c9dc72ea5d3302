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
#include "role/heritage.h"
#include "sys/log_out.h"
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

static int
start_arbiter(void *arg)
{
	struct heritage *h = arg;

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

static int
run(struct heritage *h)
{
	struct init_job job = { .start = start_arbiter, .arg = h };

	h->board = board_create();
	if (h->board == NULL) {
		perror("greencorn: shared memory");
		return ARBITER_EXIT_CONFIG;
	}
	return getpid() == 1 ? init_run(&job) : start_arbiter(h);
}

int
server_main(int argc, char **argv)
{
	struct heritage h = {
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
	return run(&h);
}
