/*
 * config_bind: Gunicorn's forms of an address, and those of ours.
 */
#include "config/config_bind.h"

#include "base/error.h"
#include "base/num.h"
#include "base/scan.h"

#include "base/banned.h"

static int
read_port(struct str s, struct config_bind *b)
{
	uint64_t port;

	if (num_dec(s, UINT16_MAX, &port) < 0)
		return -E_BAD_VALUE;
	b->number = (unsigned)port;
	return 0;
}

/* "[V6]" with or without ":PORT". */
static int
read_brackets(struct str s, struct config_bind *b)
{
	size_t end = str_find(s, ']');
	struct str rest = str_tail(s, end + 1);

	if (end == s.len || end == 1)
		return -E_BAD_VALUE;
	b->host = str_head(str_tail(s, 1), end - 1);
	if (str_find(b->host, ':') == b->host.len)
		return -E_BAD_VALUE; /* no V6: an array that is none, say */
	if (rest.len == 0)
		return 0;
	return rest.ptr[0] == ':' ? read_port(str_tail(rest, 1), b)
				  : -E_BAD_VALUE;
}

static int
read_tcp(struct str s, unsigned default_port, struct config_bind *b)
{
	struct str port = s;

	b->kind = CONFIG_BIND_TCP;
	b->number = default_port;
	b->host = STR("");
	if (s.len == 0 || s.len > CONFIG_BIND_HOST_MAX ||
	    scan_visible(s) < s.len || str_find(s, '/') < s.len)
		return -E_BAD_VALUE;
	if (s.ptr[0] == '[')
		return read_brackets(s, b);
	if (read_port(s, b) == 0)
		return 0;
	b->host = str_cut(&port, ':');
	if (port.ptr == NULL)
		return 0;
	if (str_find(port, ':') < port.len) {
		b->host = s; /* "::1": a bare IPv6 address */
		return 0;
	}
	return read_port(port, b);
}

static int
read_unix(struct str s, struct config_bind *b)
{
	b->kind = CONFIG_BIND_UNIX;
	b->number = 0;
	b->host = str_starts(s, STR("//")) ? str_tail(s, 2) : s;
	if (b->host.len == 0 || b->host.len > CONFIG_BIND_PATH_MAX ||
	    str_eq(b->host, STR("@")) || str_find(b->host, '\0') < b->host.len)
		return -E_BAD_VALUE;
	return 0;
}

static int
read_fd(struct str s, struct config_bind *b)
{
	uint64_t fd;

	if (num_dec(s, INT32_MAX, &fd) < 0)
		return -E_BAD_VALUE;
	*b = (struct config_bind){ CONFIG_BIND_FD, STR(""), (unsigned)fd };
	return 0;
}

int
config_bind_parse(struct str text, struct config_bind *b)
{
	if (str_starts(text, STR("unix:")))
		return read_unix(str_tail(text, 5), b);
	if (str_starts(text, STR("fd://")))
		return read_fd(str_tail(text, 5), b);
	if (str_starts(text, STR("tcp://")))
		text = str_tail(text, 6);
	return read_tcp(text, CONFIG_BIND_PORT, b);
}

int
config_syslog_parse(struct str text, struct config_syslog *s)
{
	struct str path = text;

	*s = (struct config_syslog){ .stream = false };
	if (str_starts(text, STR("unix://"))) {
		text = str_cut(&path, '#');
		s->dgram_only = path.ptr != NULL && str_eq(path, STR("dgram"));
		if (path.ptr != NULL && !s->dgram_only)
			return -E_BAD_VALUE;
		return read_unix(str_tail(text, 5), &s->to);
	}
	s->stream = str_starts(text, STR("tcp://"));
	if (!s->stream && !str_starts(text, STR("udp://")))
		return -E_BAD_VALUE;
	text = str_tail(text, 6);
	if (text.len == 0)
		text = STR("localhost");
	return read_tcp(text, CONFIG_SYSLOG_PORT, &s->to);
}

int
config_statsd_parse(struct str text, struct config_bind *b)
{
	if (str_starts(text, STR("unix:")))
		return read_unix(str_tail(text, 5), b);
	if (str_starts(text, STR("udp://")))
		text = str_tail(text, 6);
	return read_tcp(text, CONFIG_STATSD_PORT, b);
}
