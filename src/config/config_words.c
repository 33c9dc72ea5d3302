/*
 * config_words: by POSIX' rules of quoting, which Python's shlex.split, and
 * so Gunicorn, follows.
 */
#include "config/config_words.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"

#include "base/banned.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copies what stands in quotes; *in is behind the first. 0 or -E_BAD_VALUE. */
static int
take_quoted(char **in, char **out, char quote)
{
	char *p = *in, *o = *out;

	for (; *p != '\0' && *p != quote; p++) {
		if (quote == '"' && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		*o++ = *p;
	}
	*out = o;
	if (*p == '\0')
		return -E_BAD_VALUE;
	*in = p + 1;
	return 0;
}

int
config_words_next(char **text, char **word)
{
	char *in = *text, *out, c;

	while (is_space(*in))
		in++;
	*text = in;
	if (*in == '\0')
		return 0;
	*word = out = in;
	while (*in != '\0' && !is_space(*in)) {
		c = *in++;
		if (c == '\'' || c == '"') {
			if (take_quoted(&in, &out, c) < 0)
				return -E_BAD_VALUE;
			continue;
		}
		if (c == '\\') {
			if (*in == '\0')
				return -E_BAD_VALUE;
			c = *in++;
		}
		*out++ = c;
	}
	*text = *in == '\0' ? in : in + 1;
	*out = '\0';
	return 1;
}
