/*
 * floor: the loop of the bench's two floors, what a server cannot go below.
 * One thread, epoll, one recv and one send a request. It checks nothing:
 * heads end at an empty line, bodies have the length that Content-Length
 * says, whatever else is sent. Never a server for anything but the bench.
 */
#ifndef TESTS_BENCH_FLOOR_H
#define TESTS_BENCH_FLOOR_H

#include <stdbool.h>
#include <stddef.h>

struct floor_request {
	const char *head; /* to the end of its empty line */
	size_t head_len;
	const char *body;
	size_t body_len;
};

struct floor_answer {
	char head[1024];
	size_t head_len;
	const char *body; /* until done(owner), or until answer returns */
	size_t body_len;
	void *owner; /* NULL: the body is copied, or stays for ever */
};

struct floor_app {
	void (*answer)(const struct floor_request *req, struct floor_answer *a);
	void (*done)(void *owner);
	void (*before_wait)(void); /* around epoll_wait; may be NULL */
	void (*after_wait)(void);
	bool bodies;     /* requests may have one */
	bool close_each; /* one request a connection */
};

/* Listens on 127.0.0.1 and never returns. */
void floor_run(int port, const struct floor_app *app);

#endif
