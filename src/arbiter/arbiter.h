/*
 * arbiter: keeps the tree as configured: starts templates, asks them for
 * workers, reaps, watches heartbeats, scales, reloads, stops. No Python, no
 * HTTP; after its first template has started it ends only when it is told
 * to, or when the server cannot serve.
 */
#ifndef ARBITER_ARBITER_H
#define ARBITER_ARBITER_H

struct heritage;

/* What the server exits with, as Gunicorn does. */
enum arbiter_exit {
	ARBITER_EXIT_OK = 0,
	ARBITER_EXIT_CONFIG = 1,   /* a setting, or an address, is no good */
	ARBITER_EXIT_BOOT = 3,     /* a worker could not start */
	ARBITER_EXIT_APP_LOAD = 4, /* the application could not be loaded */
};

/*
 * Runs the server until it ends; returns its exit status. h has board, draft,
 * server, name, argc and argv; signals may be blocked or not. The calling
 * process must be the one that the user, or init, knows as the server.
 */
int arbiter_run(struct heritage *h);

#endif
