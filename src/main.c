/*
 * main: which of its commands the binary is asked for. The first word names
 * a row of the table; a name or mark of Python in argv[0] means `python`;
 * everything else is the server's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/version.h"
#include "dirty/dirty_module.h"
#include "init/init.h"
#include "init/init_become.h"
#include "python/python_exe.h"
#include "python/python_start.h"
#include "sys/log_out.h"
#include "sys/sys_time.h"
#include "sys/title.h"

#include "main_dirty.h"
#include "main_server.h"
#include "base/banned.h"

/* What the kernel calls us; main alone sets it. */
static const char *argv0;

struct command {
	const char *name;
	const char *help; /* one line */
	/* argv[0] is the command's word. Returns the exit status. */
	int (*run)(int argc, char **argv);
};

static int run_python(int argc, char **argv);
static int run_pip(int argc, char **argv);
static int run_version(int argc, char **argv);
static int run_help(int argc, char **argv);
#define run_health admin_health_main

static const struct command commands[] = {
#define COMMAND(name, run, help) { name, help, run },
#include "base/commands.def"
#undef COMMAND
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

struct python_call {
	int argc;
	char **argv;
};

static int
start_python(void *arg)
{
	const struct python_call *call = arg;

	return python_start_command(argv0, call->argc, call->argv);
}

/* As PID 1 Python gets a parent that reaps and forwards signals. */
static int
python(int argc, char **argv)
{
	struct python_call call = { argc, argv };
	const struct init_job job = {
		.start = start_python,
		.arg = &call,
		.once = true,
	};

	if (getpid() != 1)
		return start_python(&call);
	time_start();
	log_out_start();
	init_become_offer();
	return init_run(&job);
}

static int
run_python(int argc, char **argv)
{
	return python(argc, argv);
}

/* `python -m module` with the arguments that follow the command's word. */
static int
run_module(char *module, int argc, char **argv)
{
	static char name[] = "python", option[] = "-m";
	char **all = calloc((size_t)argc + 3, sizeof(*all));
	int n = 0, i;

	if (all == NULL) {
		fputs("greencorn: out of memory\n", stderr);
		return 1;
	}
	all[n++] = name;
	all[n++] = option;
	all[n++] = module;
	for (i = 1; i < argc; i++)
		all[n++] = argv[i];
	/* Not freed: whoever runs Python looks at it until the end. */
	return python(n, all);
}

static int
run_pip(int argc, char **argv)
{
	static char module[] = "greencorn._pip";

	return run_module(module, argc, argv);
}

static int
run_version(int argc, char **argv)
{
	static char module[] = "greencorn._about";

	return run_module(module, argc, argv);
}

static int
run_help(int argc, char **argv)
{
	size_t i;

	(void)argc;
	(void)argv;
	printf(
	    "greencorn %s\n\n"
	    "  greencorn [OPTIONS] [APP_MODULE]   serve a Python application\n"
	    "  greencorn --help                   the server's options\n\n",
	    GREENCORN_VERSION);
	for (i = 0; i < N_COMMANDS; i++)
		printf("  greencorn %-14s %s\n", commands[i].name,
		    commands[i].help);
	return fflush(stdout) == 0 ? 0 : 1;
}

static const struct command *
find_command(const char *word)
{
	size_t i;

	for (i = 0; i < N_COMMANDS; i++)
		if (strcmp(word, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct command *c;

	argv0 = argc > 0 ? argv[0] : "";
	if (dirty_module_announce() < 0) {
		fputs("greencorn: out of memory\n", stderr);
		return 1;
	}
	if (argc > 0 && python_exe_is_python(argv0))
		return python(argc, argv);
	c = argc > 1 ? find_command(argv[1]) : NULL;
	if (c != NULL)
		return c->run(argc - 1, argv + 1);
	/* Not before Python: modules look for argv where the kernel put it. */
	return server_main(argc, title_start(argc, argv));
}
