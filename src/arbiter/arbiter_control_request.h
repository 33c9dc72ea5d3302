/*
 * arbiter_control_request: what a client of the control socket asks for: a
 * JSON object with "id" and "command", and the commands, which are those of
 * Gunicorn 25.1. Pure: no descriptor, no process.
 */
#ifndef ARBITER_ARBITER_CONTROL_REQUEST_H
#define ARBITER_ARBITER_CONTROL_REQUEST_H

#include "base/str.h"

struct buf;

#define CONTROL_HEAD 4                   /* bytes of a message's length */
#define CONTROL_REQUEST_MAX (64u * 1024) /* bytes behind it */
#define CONTROL_ID_MAX 64                /* an id is given back as it came */
#define CONTROL_WORKERS_MAX 512          /* of one command */

enum control_name {
	CONTROL_SHOW_ALL,
	CONTROL_SHOW_WORKERS,
	CONTROL_SHOW_DIRTY,
	CONTROL_SHOW_CONFIG,
	CONTROL_SHOW_STATS,
	CONTROL_SHOW_LISTENERS,
	CONTROL_WORKER_ADD,
	CONTROL_WORKER_REMOVE,
	CONTROL_WORKER_KILL,
	CONTROL_DIRTY_ADD,
	CONTROL_DIRTY_REMOVE,
	CONTROL_RELOAD,
	CONTROL_REOPEN,
	CONTROL_SHUTDOWN,
	CONTROL_HELP,
};

struct control_request {
	char id[CONTROL_ID_MAX + 3]; /* JSON; "null" where there is none */
	enum control_name name;
	const char *text; /* the command's words */
	unsigned number;  /* how many, or a pid */
	bool quick;       /* shutdown */
	char error[256];  /* why it is none; may hold a peer's bytes */
};

/* A message's length, from its CONTROL_HEAD bytes. */
size_t control_length(const char head[CONTROL_HEAD]);
/* The same, written. */
void control_put_length(char head[CONTROL_HEAD], size_t n);

/*
 * Reads a message without its length. 0; -E_BAD_VALUE: r->error says why, and
 * r->id may be set; -E_NOMEM (r->error, too).
 */
int control_request_read(struct str message, struct control_request *r);

/* The commands as JSON, as help says them. 0 or -E_*. */
int control_request_help(struct buf *out);

#endif
