/*
 * message: framed messages with descriptors between two of our processes,
 * over a pair of SOCK_SEQPACKET sockets. A message arrives whole or not at
 * all. Whoever receives rubbish closes the channel.
 */
#ifndef SYS_MESSAGE_H
#define SYS_MESSAGE_H

#include <stdint.h>

#include "base/str.h"

#define MESSAGE_MAX 65536  /* bytes of a body */
#define MESSAGE_FDS_MAX 64 /* descriptors of one message */

struct message {
	uint32_t type; /* what it means is between the two ends */
	struct str body;
	unsigned n_fds;
	int fds[MESSAGE_FDS_MAX]; /* -1: already taken by the receiver */
};

/* Two ends, non-blocking, close-on-exec; 0 or -E_SYSTEM. */
int message_pair(int ends[2]);

/*
 * Sends m; its descriptors stay the caller's. Waits up to timeout_ms while
 * the channel is full (0: not at all). Returns 0, -E_TOO_LONG, -E_TIMEOUT,
 * -E_EOF (the other end is closed) or -E_SYSTEM.
 */
int message_send(int fd, const struct message *m, int timeout_ms);

/*
 * Receives one message into *m, whose body lies in mem (MESSAGE_MAX bytes).
 * The descriptors (close-on-exec) are the caller's: it takes one by setting
 * its place to -1, and message_close_fds closes the rest. Never waits.
 * Returns 1, -E_AGAIN (nothing there), -E_EOF, -E_PROTOCOL (cut off or
 * malformed: its descriptors are closed) or -E_SYSTEM.
 */
int message_recv(int fd, char *mem, struct message *m);

/* Waits up to timeout_ms for one, then as message_recv; -E_TIMEOUT. */
int message_wait(int fd, char *mem, struct message *m, int timeout_ms);

void message_close_fds(struct message *m);

#endif
