/*
 * main_dirty: from a socket's path and the server's options to a dirty
 * arbiter alone. Its template reads the configuration file, for hooks, when
 * one is named; settings come from the command line and the environment.
 */
#include "main_dirty.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "board/board.h"
#include "config/config.h"
#include "dirty/dirty_router.h"
#include "role/handover.h"
#include "role/heritage.h"
#include "role/role.h"
#include "sys/fd.h"
#include "sys/log_out.h"
#include "sys/message.h"
#include "sys/sock.h"
#include "sys/sys_time.h"
#include "sys/title.h"

#include "base/banned.h"

#define EXIT_USAGE 2
#define EXIT_CONFIG 1
#define BACKLOG 1024
#define CONFIG_LEN ((size_t)1 << 20)

extern char **environ;

static int
refuse(const char *what, const char *text)
{
	fprintf(stderr, "greencorn dirty-arbiter: %s%s\n", what, text);
	return EXIT_CONFIG;
}

/* Bound to a path (of which nobody else makes use) and listening, or -E_*. */
static int
listen_at(const char *path)
{
	struct sock_addr addr;
	int fd, rc;

	rc = sock_unix(&addr, str_of(path));
	if (rc < 0)
		return rc;
	if (path[0] != '@')
		(void)unlink(path);
	fd = sock_unix_bound(&addr, 0177);
	if (fd < 0)
		return fd;
	rc = sock_listen(fd, BACKLOG);
	if (rc == 0)
		return fd;
	fd_close(fd);
	return rc;
}

/* What a server's arbiter would have. 0 or the exit status. */
static int
prepare(struct heritage *h, const char *path)
{
	int rc;

	h->board = board_create();
	if (h->board != NULL)
		h->row = board_take_row(h->board, ROLE_DIRTY_ARBITER, 1);
	if (h->board == NULL || h->row == BOARD_NO_ROW ||
	    message_pair(h->dirty_door) < 0)
		return refuse("cannot be prepared", "");
	rc = listen_at(path);
	if (rc < 0)
		return refuse(path, ": cannot listen there");
	h->dirty_listener = rc;
	snprintf(h->dirty_address, sizeof(h->dirty_address), "%s", path);
	return 0;
}

static int
run(struct heritage *h, const char *path)
{
	int status = prepare(h, path);

	if (status != 0)
		return status;
	role_enter(ROLE_DIRTY_ARBITER, h);
	status = dirty_router_run(h);
	if (path[0] != '@')
		(void)unlink(path);
	return status;
}

/* The settings, frozen; 0 or the exit status. */
static int
configure(struct heritage *h, int argc, char **argv)
{
	struct config_problem problem = { .text = "" };
	struct config_draft *draft = config_draft_create();
	int rc;

	h->config_mem = mmap(NULL, CONFIG_LEN, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	h->config_mem_len = CONFIG_LEN;
	if (draft == NULL || h->config_mem == MAP_FAILED)
		return refuse("out of memory", "");
	/* There is no application to serve, and a server would ask for one. */
	rc = config_draft_set(draft, CONFIG_SOURCE_DEFAULT, "", "wsgi_app",
	    STR("dirty-arbiter"), &problem);
	if (rc == 0)
		rc = config_read(draft, argc, argv, environ, &problem);
	if (rc == 0)
		rc = config_freeze(draft, h->config_mem, CONFIG_LEN, &problem);
	if (rc < 0)
		return refuse("", problem.text);
	h->draft = draft;
	h->config = h->config_mem;
	h->name = h->config->proc_name;
	config_log_apply(h->config->loglevel, h->config->log_format);
	rc = config_log_open(h->config->errorlog, h->config->chdir, &problem);
	return rc < 0 ? refuse("", problem.text) : 0;
}

int
dirty_main(int argc, char **argv)
{
	static struct handover handover;
	struct heritage h = {
		.handover = &handover,
		.row = BOARD_NO_ROW,
		.link = -1,
		.admin_listener = -1,
		.generation = 1,
		.arbiter_pid = getppid(),
		.server = "greencorn",
	};
	const char *path;
	int status;

	if (argc < 2 || argv[1][0] == '-') {
		fputs("usage: greencorn dirty-arbiter SOCKET [OPTIONS]\n",
		    stderr);
		return EXIT_USAGE;
	}
	argv = title_start(argc, argv);
	path = argv[1];
	handover_init(&handover);
	time_start();
	time_zone_start();
	log_out_start();
	log_set_pid((int)getpid());
	h.argc = argc - 1;
	h.argv = argv + 1; /* the options follow what is read as the name */
	status = configure(&h, h.argc, h.argv);
	return status != 0 ? status : run(&h, path);
}
