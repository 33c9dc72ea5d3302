/*
 * link: what arbiter and template say to each other, over one SOCK_SEQPACKET
 * pair per template (link_messages.def). A message is a fixed head, a text of
 * at most LINK_TEXT_MAX bytes, and descriptors.
 */
#ifndef ROLE_LINK_H
#define ROLE_LINK_H

#include <stdint.h>

#include "base/str.h"
#include "role/heritage.h"
#include "sys/message.h"

#define LINK_TEXT_MAX (MESSAGE_MAX - 16)

enum link_type {
	LINK_NONE,
#define LINK_MESSAGE(name, sender, what) LINK_##name,
#include "role/link_messages.def"
#undef LINK_MESSAGE
	LINK_MAX,
};

/* Why there is a generation: FROZEN's number. */
enum link_reason {
	LINK_REASON_START,
	LINK_REASON_RELOAD,
	LINK_REASON_REPLACEMENT, /* its template has died */
};

struct link_message {
	enum link_type type;
	uint32_t row;
	int32_t number;
	struct str text; /* received: points into the link_inbox */
	unsigned n_fds;
	int fds[MESSAGE_FDS_MAX];
};

/* Where one received message lies until the next. */
struct link_inbox {
	char bytes[MESSAGE_MAX];
};

/* A new pair: 0, or -E_SYSTEM. Both close on exec. */
int link_pair(int ends[2]);

/*
 * Sends a message, waiting up to 5 s for room. 0, -E_TIMEOUT, -E_EOF (the
 * other side is gone), -E_TOO_LONG, -E_SYSTEM. Descriptors stay the caller's.
 */
int link_send(int fd, const struct link_message *m);
/* The same without waiting: -E_TIMEOUT when there is no room. */
int link_tell(int fd, const struct link_message *m);

/*
 * Receives one message. Waits up to timeout_ms (0: not at all). 0; -E_AGAIN;
 * -E_TIMEOUT; -E_EOF; -E_PROTOCOL (malformed: close the link); -E_SYSTEM.
 * Received descriptors are the caller's, close on exec.
 */
int link_receive(
    int fd, struct link_inbox *in, int timeout_ms, struct link_message *m);

#endif
