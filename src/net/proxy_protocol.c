/*
 * The two forms of the header, told apart by how they begin.
 */
#include "net/proxy_protocol.h"

#include "base/error.h"
#include "base/num.h"

#include "base/banned.h"

#define V1 "PROXY "
#define V1_MAX 107 /* with its CRLF */
#define V1_FIELDS 5

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define V2_HEAD 16
#define V2_LOCAL 0x20
#define V2_PROXY 0x21

unsigned
proxy_protocol_versions(struct str setting)
{
	if (str_eq(setting, STR("v1")))
		return PROXY_PROTOCOL_V1;
	if (str_eq(setting, STR("v2")))
		return PROXY_PROTOCOL_V2;
	return str_eq(setting, STR("auto"))
	    ? PROXY_PROTOCOL_V1 | PROXY_PROTOCOL_V2
	    : 0;
}

/* --- version 1 --- */

/* Digits without a needless zero before them. */
static int
parse_port(struct str s, uint16_t *port)
{
	uint64_t n;

	if ((s.len > 1 && s.ptr[0] == '0') || num_dec(s, UINT16_MAX, &n) < 0)
		return -E_PROTOCOL;
	*port = (uint16_t)n;
	return 0;
}

/* Of that family, without brackets and zone. */
static int
parse_host(struct str s, bool v6, uint16_t port, struct sock_addr *a)
{
	bool has_colon = false;

	for (size_t i = 0; i < s.len; i++) {
		has_colon |= s.ptr[i] == ':';
		if (s.ptr[i] != ':' && s.ptr[i] != '.' &&
		    num_hex_digit(s.ptr[i]) < 0)
			return -E_PROTOCOL;
	}
	if (s.len == 0 || has_colon != v6 || sock_numeric(a, s, port) < 0)
		return -E_PROTOCOL;
	return 0;
}

/* Family, both addresses, both ports: exactly one blank between. */
static int
parse_fields(struct str line, struct proxy_protocol *p)
{
	struct str fields[V1_FIELDS];
	uint16_t from, to;
	unsigned n = 0;
	bool v6;

	while (n < V1_FIELDS && line.ptr != NULL)
		fields[n++] = str_cut(&line, ' ');
	if (n < V1_FIELDS || line.ptr != NULL)
		return -E_PROTOCOL;
	v6 = str_eq(fields[0], STR("TCP6"));
	if ((!v6 && !str_eq(fields[0], STR("TCP4"))) ||
	    parse_port(fields[3], &from) < 0 || parse_port(fields[4], &to) < 0)
		return -E_PROTOCOL;
	p->given = true;
	if (parse_host(fields[2], v6, to, &p->server) < 0)
		return -E_PROTOCOL;
	return parse_host(fields[1], v6, from, &p->client);
}

static ssize_t
parse_v1(struct str in, struct proxy_protocol *p)
{
	struct str head = str_head(in, V1_MAX), line;
	size_t lf = str_find(head, '\n');

	if (lf == head.len)
		return in.len < V1_MAX ? 0 : -E_PROTOCOL;
	if (head.ptr[lf - 1] != '\r')
		return -E_PROTOCOL;
	line = str_tail(str_head(head, lf - 1), sizeof(V1) - 1);
	/* What follows UNKNOWN is to be ignored. */
	if (!str_eq(line, STR("UNKNOWN")) &&
	    !str_starts(line, STR("UNKNOWN ")) && parse_fields(line, p) < 0)
		return -E_PROTOCOL;
	return (ssize_t)lf + 1;
}

/* --- version 2 --- */

static unsigned
big16(const char *p)
{
	return (unsigned)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

static void
set_v4(struct sock_addr *a, const char *host, const char *port)
{
	a->len = sizeof(a->v4);
	a->v4.sin_family = AF_INET;
	memcpy(&a->v4.sin_addr, host, 4);
	memcpy(&a->v4.sin_port, port, 2);
}

static void
set_v6(struct sock_addr *a, const char *host, const char *port)
{
	a->len = sizeof(a->v6);
	a->v6.sin6_family = AF_INET6;
	memcpy(&a->v6.sin6_addr, host, 16);
	memcpy(&a->v6.sin6_port, port, 2);
}

/* Addresses and what follows them, of that family and kind of socket. */
static int
parse_addresses(unsigned family, struct str s, struct proxy_protocol *p)
{
	switch (family) {
	case 0x00: /* unspecified */
		return 0;
	case 0x11: /* TCP over IPv4: two addresses, two ports */
		if (s.len < 12)
			return -E_PROTOCOL;
		set_v4(&p->client, s.ptr, s.ptr + 8);
		set_v4(&p->server, s.ptr + 4, s.ptr + 10);
		p->given = true;
		return 0;
	case 0x21: /* over IPv6 */
		if (s.len < 36)
			return -E_PROTOCOL;
		set_v6(&p->client, s.ptr, s.ptr + 32);
		set_v6(&p->server, s.ptr + 16, s.ptr + 34);
		p->given = true;
		return 0;
	case 0x31: /* a unix socket: it has no address that says anything */
		return s.len < 216 ? -E_PROTOCOL : 0;
	default:
		return -E_PROTOCOL;
	}
}

static ssize_t
parse_v2(struct str in, struct proxy_protocol *p)
{
	unsigned command;
	size_t len;

	if (in.len < V2_HEAD)
		return 0;
	command = (unsigned char)in.ptr[12];
	len = V2_HEAD + big16(in.ptr + 14);
	if ((command != V2_LOCAL && command != V2_PROXY) ||
	    len > PROXY_PROTOCOL_MAX)
		return -E_PROTOCOL;
	if (in.len < len)
		return 0;
	/* LOCAL: the front end itself; its addresses are to be ignored. */
	if (command == V2_PROXY &&
	    parse_addresses((unsigned char)in.ptr[13],
		str_tail(str_head(in, len), V2_HEAD), p) < 0)
		return -E_PROTOCOL;
	return (ssize_t)len;
}

/* --- which --- */

/* 1: it begins so, 0: it may, -1: it does not. */
static int
begins(struct str in, const char *with, size_t n)
{
	size_t have = in.len < n ? in.len : n;

	if (memcmp(in.ptr, with, have) != 0)
		return -1;
	return have == n;
}

ssize_t
proxy_protocol_parse(struct str in, unsigned versions, struct proxy_protocol *p)
{
	int v1 = -1, v2 = -1;

	*p = (struct proxy_protocol){ .given = false };
	if ((versions & PROXY_PROTOCOL_V1) != 0)
		v1 = begins(in, V1, sizeof(V1) - 1);
	if ((versions & PROXY_PROTOCOL_V2) != 0)
		v2 = begins(in, V2, sizeof(V2) - 1);
	if (v1 > 0)
		return parse_v1(in, p);
	if (v2 > 0)
		return parse_v2(in, p);
	return v1 == 0 || v2 == 0 ? 0 : -E_NOT_FOUND;
}
