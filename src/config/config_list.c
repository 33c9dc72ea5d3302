/*
 * config_list: dividing a list's text. The arrays that come here are written
 * by the reader of gunicorn.conf.py or by a person, and hold strings only.
 */
#include "config/config_list.h"

#include "base/error.h"

#include "base/banned.h"

#define ITEM_MAX 4096

/* An item of a plain list. */
static int
each_plain(struct str text, config_list_item *item, void *cookie)
{
	struct str line, one;
	int rc;

	do {
		line = str_cut(&text, '\n');
		do {
			one = str_trim(str_cut(&line, ','));
			rc = one.len == 0 ? 0 : item(cookie, one);
			if (rc < 0)
				return rc;
		} while (line.ptr != NULL);
	} while (text.ptr != NULL);
	return 0;
}

/* What a backslash and c stand for; 0: not known here. */
static char
escaped(char c)
{
	switch (c) {
	case '"':
	case '\\':
	case '/':
		return c;
	case 'n':
		return '\n';
	case 't':
		return '\t';
	default:
		return '\0';
	}
}

/* Takes a string with its quotes off *text into mem. 0 or -E_BAD_VALUE. */
static int
take_string(struct str *text, char *mem, struct str *out)
{
	size_t n = 0;

	if (text->len == 0 || text->ptr[0] != '"')
		return -E_BAD_VALUE;
	*text = str_tail(*text, 1);
	while (text->len > 0 && n < ITEM_MAX) {
		char c = text->ptr[0];

		*text = str_tail(*text, 1);
		if (c == '"') {
			*out = (struct str){ mem, n };
			return 0;
		}
		if (c == '\\') {
			c = text->len > 0 ? escaped(text->ptr[0]) : '\0';
			*text = str_tail(*text, 1);
			if (c == '\0')
				return -E_BAD_VALUE;
		}
		mem[n++] = c;
	}
	return -E_BAD_VALUE;
}

static int
each_json(struct str text, config_list_item *item, void *cookie)
{
	char mem[ITEM_MAX];
	struct str one;
	int rc;

	text = str_trim(str_tail(text, 1));
	while (text.len > 0 && text.ptr[0] != ']') {
		rc = take_string(&text, mem, &one);
		if (rc == 0 && one.len > 0)
			rc = item(cookie, one);
		if (rc < 0)
			return rc;
		text = str_trim(text);
		if (text.len > 0 && text.ptr[0] == ',')
			text = str_trim(str_tail(text, 1));
		else if (text.len == 0 || text.ptr[0] != ']')
			return -E_BAD_VALUE;
	}
	return text.len == 1 ? 0 : -E_BAD_VALUE;
}

/* "[::1]" and "[::]:8000" are addresses, and no arrays. */
static bool
is_json(struct str text)
{
	struct str inside = str_trim(str_tail(text, 1));

	return text.len > 1 && text.ptr[0] == '[' &&
	    (inside.ptr[0] == '"' || inside.ptr[0] == ']');
}

int
config_list_each(struct str text, config_list_item *item, void *cookie)
{
	text = str_trim(text);
	if (is_json(text))
		return each_json(text, item, cookie);
	return each_plain(text, item, cookie);
}
