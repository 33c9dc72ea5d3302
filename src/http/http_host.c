/*
 * http_host: the little of RFC 3986 that an authority needs. Addresses in
 * brackets are checked by their letters only: nothing is ever connected to
 * them, but nothing that is no address may hide there.
 */
#include "http/http_host.h"

#include "base/error.h"
#include "base/num.h"

#include "base/banned.h"

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');
}

/* unreserved and sub-delims: RFC 3986, section 2. */
static const bool name_chars[256] = {
	['0' ... '9'] = true,
	['A' ... 'Z'] = true,
	['a' ... 'z'] = true,
	['-'] = true,
	['.'] = true,
	['_'] = true,
	['~'] = true,
	['!'] = true,
	['$'] = true,
	['&' ... ','] = true, /* & ' ( ) * + , */
	[';'] = true,
	['='] = true,
};

static bool
is_name_char(char c)
{
	return name_chars[(unsigned char)c];
}

/* Length of the reg-name that s begins with. */
static size_t
reg_name_len(struct str s)
{
	size_t i = 0;

	while (i < s.len) {
		if (is_name_char(s.ptr[i]))
			i++;
		else if (s.ptr[i] == '%' && s.len - i >= 3 &&
		    is_hex(s.ptr[i + 1]) && is_hex(s.ptr[i + 2]))
			i += 3;
		else
			break;
	}
	return i;
}

/* IPv6address or IPvFuture, without the brackets. */
static bool
is_literal(struct str s)
{
	bool future = s.len > 0 && (s.ptr[0] == 'v' || s.ptr[0] == 'V');
	unsigned colons = 0;
	size_t i;

	for (i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c == ':')
			colons++;
		else if (future ? !is_name_char(c) : !is_hex(c) && c != '.')
			return false;
	}
	return future ? s.len >= 4 : colons >= 2 && colons <= 8;
}

/* What follows the host: nothing, ":" or ":" and a port. */
static int
parse_port(struct str s, int *port)
{
	uint64_t v;

	*port = -1;
	if (s.len == 0 || str_eq(s, STR(":")))
		return 0;
	if (s.ptr[0] != ':' || s.len > 6 ||
	    num_dec(str_tail(s, 1), 65535, &v) < 0)
		return -E_BAD_VALUE;
	*port = (int)v;
	return 0;
}

int
http_host_parse(struct str s, struct http_host *out)
{
	bool good;
	size_t n;

	if (s.len > 0 && s.ptr[0] == '[') {
		n = str_find(s, ']');
		if (n == s.len)
			return -E_BAD_VALUE;
		good = is_literal((struct str){ s.ptr + 1, n - 1 });
		n++;
	} else {
		n = reg_name_len(s); /* what follows has to be a port */
		good = n > 0;
	}
	if (!good)
		return -E_BAD_VALUE;
	out->host = str_head(s, n);
	return parse_port(str_tail(s, n), &out->port);
}
