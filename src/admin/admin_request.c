/*
 * Request heads of the admin listener. Stricter than a server must be:
 * whoever asks here is a probe, and fields mean nothing to it.
 */
#include "admin/admin_request.h"

#include "base/error.h"

#include "base/banned.h"

/* Printable ASCII without the space: what methods and targets are made of. */
static bool
is_visible(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.ptr[i] <= ' ' || s.ptr[i] > '~')
			return false;
	return s.len > 0;
}

/* HTTP/1.0 or HTTP/1.1 (RFC 9112, section 2.3). */
static bool
is_version(struct str s)
{
	return str_eq(s, STR("HTTP/1.1")) || str_eq(s, STR("HTTP/1.0"));
}

static int
parse_line(struct str line, struct admin_request *r)
{
	struct str target;

	r->method = str_cut(&line, ' ');
	target = str_cut(&line, ' ');
	if (!is_visible(r->method) || !is_visible(target) ||
	    target.ptr[0] != '/' || !is_version(line))
		return -E_PROTOCOL;
	r->path = str_head(target, str_find(target, '?'));
	return 0;
}

/* A field has a name; blanks, controls and folding are not for probes. */
static bool
is_field(struct str line)
{
	size_t colon = str_find(line, ':'), i;

	if (colon == line.len || !is_visible(str_head(line, colon)))
		return false;
	for (i = colon; i < line.len; i++)
		if ((unsigned char)line.ptr[i] < ' ' && line.ptr[i] != '\t')
			return false;
	return true;
}

/*
 * Takes a line with its CRLF off *rest: 1, 0 when its end is not there yet,
 * -E_PROTOCOL for a bare LF.
 */
static int
take_line(struct str *rest, struct str *line)
{
	size_t n = str_find(*rest, '\n');

	if (n == rest->len)
		return 0;
	if (n == 0 || rest->ptr[n - 1] != '\r')
		return -E_PROTOCOL;
	*line = str_head(*rest, n - 1);
	*rest = str_tail(*rest, n + 1);
	return 1;
}

ssize_t
admin_request_parse(struct str in, struct admin_request *r)
{
	struct str rest = in, line;
	int rc;

	rc = take_line(&rest, &line);
	if (rc <= 0)
		return rc;
	rc = parse_line(line, r);
	if (rc < 0)
		return rc;
	for (;;) {
		rc = take_line(&rest, &line);
		if (rc <= 0)
			return rc;
		if (line.len == 0)
			return (ssize_t)(in.len - rest.len);
		if (!is_field(line))
			return -E_PROTOCOL;
	}
}
