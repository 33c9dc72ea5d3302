/*
 * listener: a socket that connections come from: how it is opened (by the
 * arbiter), and what a worker keeps of it.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "sys/sock.h"

/* Longest text of an address ("http://[…]:65535", "unix:…"), and a NUL. */
#define LISTENER_TEXT_MAX (SOCK_HOST_MAX + 24)

struct owner;

struct listener_options {
	int backlog;
	bool reuse_port;
	unsigned umask;            /* for the file of a unix socket */
	const struct owner *owner; /* whose it is; NULL: ours */
};

/*
 * Opens what address says (config/config_bind.h has its forms). A descriptor
 * that we were started with is listening already, or bound. A stale socket
 * file is replaced; one where somebody listens is -E_IN_USE.
 * Returns a non-blocking descriptor, -E_BAD_VALUE, -E_IN_USE, -E_DENIED,
 * -E_NOT_FOUND or -E_SYSTEM. May block for a host name.
 */
int listener_open(struct str address, const struct listener_options *o);

/* Closes it; with unlink its socket file goes too, if it has one. */
void listener_close(int fd, bool unlink_file);

/* As the log says it: "http://127.0.0.1:8000", "unix:/run/app.sock". */
void listener_text(int fd, char dst[LISTENER_TEXT_MAX]);

struct listener {
	int fd;
	bool is_unix;
	uint16_t port;
	struct str host; /* points to text */
	char text[SOCK_HOST_MAX];
};

/* Fills l from a listening descriptor: 0 or -E_SYSTEM. */
int listener_from(struct listener *l, int fd);

#endif
