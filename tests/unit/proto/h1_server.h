/*
 * h1_server: for tests: a reactor that speaks HTTP/1, an application in C, and
 * clients of it, all in one thread: a test turns the reactor while it waits.
 */
#ifndef TESTS_H1_SERVER_H
#define TESTS_H1_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "net/reactor.h"
#include "proto/proto_env.h"

struct server {
	struct proto_env env;
	struct reactor *reactor;
	unsigned port;
	unsigned n_calls;          /* of the application */
	enum request_end last_end; /* end word when its last call ended */
	bool hold;                 /* requests stay on the ready list */
};

struct client {
	int fd;
	struct str out;   /* still to be sent */
	char in[1 << 20]; /* all that came, NUL-terminated */
	size_t len;
	bool eof, reset;
};

/* Defaults, with change applied to the limits before it starts. */
struct server *server_start(void (*change)(struct proto_env *env));
void server_stop(struct server *s);
/* One turn, at most ms long, and what became ready. */
void server_turn(struct server *s, int ms);

struct client *client_open(struct server *s);
void client_close(struct client *c);
/* All of it; the server turns meanwhile. */
void client_send(struct server *s, struct client *c, const char *text);
void client_send_n(struct server *s, struct client *c, const void *p,
    size_t n);
/* Turns until text has come; fails the test after five seconds. */
void client_expect(struct server *s, struct client *c, const char *text);
/* Turns until the end (or a reset) has come. */
void client_expect_eof(struct server *s, struct client *c);
/* Turns for ms and reads what comes. */
void client_wait(struct server *s, struct client *c, unsigned ms);
/* Forgets what has come so far. */
void client_forget(struct client *c);
/* How often text stands in what came. */
unsigned client_count(const struct client *c, const char *text);
/* Turns until as many connections are open. */
void server_expect_conns(struct server *s, unsigned n);

#endif
