/*
 * link: messages between arbiter and template; see link.h. Both ends are of
 * one binary, so the numbers before the text are a plain struct.
 */
#include "role/link.h"

#include <string.h>

#include "base/error.h"

#include "base/banned.h"

#define SEND_TIMEOUT_MS 5000

struct numbers {
	uint32_t row;
	int32_t number;
};

int
link_pair(int ends[2])
{
	return message_pair(ends);
}

static int
transmit(int fd, const struct link_message *m, int timeout_ms)
{
	struct numbers numbers = { m->row, m->number };
	char body[MESSAGE_MAX];
	struct message out = { .type = m->type, .n_fds = m->n_fds };

	if (m->text.len > LINK_TEXT_MAX)
		return -E_TOO_LONG;
	memcpy(body, &numbers, sizeof(numbers));
	if (m->text.len > 0)
		memcpy(body + sizeof(numbers), m->text.ptr, m->text.len);
	out.body = (struct str){ body, sizeof(numbers) + m->text.len };
	memcpy(out.fds, m->fds, m->n_fds * sizeof(m->fds[0]));
	return message_send(fd, &out, timeout_ms);
}

int
link_send(int fd, const struct link_message *m)
{
	return transmit(fd, m, SEND_TIMEOUT_MS);
}

int
link_tell(int fd, const struct link_message *m)
{
	return transmit(fd, m, 0);
}

/* Fills *m from what was received. 0 or -E_PROTOCOL. */
static int
parse(const struct message *in, struct link_message *m)
{
	struct numbers numbers;

	if (in->type == LINK_NONE || in->type >= LINK_MAX ||
	    in->body.len < sizeof(numbers))
		return -E_PROTOCOL;
	memcpy(&numbers, in->body.ptr, sizeof(numbers));
	m->type = (enum link_type)in->type;
	m->row = numbers.row;
	m->number = numbers.number;
	m->text = str_tail(in->body, sizeof(numbers));
	m->n_fds = in->n_fds;
	memcpy(m->fds, in->fds, in->n_fds * sizeof(in->fds[0]));
	return 0;
}

int
link_receive(
    int fd, struct link_inbox *in, int timeout_ms, struct link_message *m)
{
	struct message raw;
	int rc;

	rc = timeout_ms > 0 ? message_wait(fd, in->bytes, &raw, timeout_ms)
			    : message_recv(fd, in->bytes, &raw);
	if (rc < 0)
		return rc;
	rc = parse(&raw, m);
	if (rc < 0)
		message_close_fds(&raw);
	return rc;
}
