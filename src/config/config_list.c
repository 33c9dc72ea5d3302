/*
 * config_list: dividing a list's text.
 */
#include "config/config_list.h"

#include "base/error.h"
#include "base/json.h"

#include "base/banned.h"

#define ITEMS_MAX 4096
#define MEMORY_MAX ((size_t)4 << 20)

static int
put_item(struct buf *items, struct str item)
{
	int rc;

	if (str_find(item, '\0') < item.len)
		return -E_BAD_VALUE;
	rc = buf_put(items, item);
	return rc < 0 ? rc : buf_put(items, (struct str){ "", 1 });
}

/* "a, b" and lines of such. */
static int
put_plain(struct str text, struct buf *items)
{
	struct str line, item;
	int rc;

	do {
		line = str_cut(&text, '\n');
		do {
			item = str_trim(str_cut(&line, ','));
			rc = item.len == 0 ? 0 : put_item(items, item);
			if (rc < 0)
				return rc;
		} while (line.ptr != NULL);
	} while (text.ptr != NULL);
	return 0;
}

static int
put_string(
    const struct json *doc, unsigned at, struct arena *a, struct buf *items)
{
	struct str s;
	int rc;

	rc = json_string(doc, at, a, &s);
	return rc < 0 ? rc : put_item(items, s);
}

/* Is the key at at there for the first time? 0, or -E_*. */
static int
check_key(const struct json *doc, unsigned at, struct arena *a)
{
	struct str key;
	int rc;

	rc = json_string(doc, at, a, &key);
	if (rc == 0 && json_get(doc, JSON_ROOT, key) != at + 1)
		rc = -E_BAD_VALUE;
	return rc;
}

/* The strings of an array, or the keys and values of an object. */
static int
put_json(struct str text, enum json_type type, struct buf *items)
{
	struct arena a;
	struct json doc;
	unsigned at;
	int rc;

	arena_init(&a, MEMORY_MAX);
	rc = json_parse(text, ITEMS_MAX, &a, &doc);
	if (rc == 0 && json_type(&doc, JSON_ROOT) != type)
		rc = -E_BAD_VALUE;
	for (at = rc < 0 ? JSON_NONE : json_first(&doc, JSON_ROOT);
	     rc == 0 && at != JSON_NONE; at = json_next(&doc, at)) {
		rc = put_string(&doc, at, &a, items);
		if (rc == 0 && type == JSON_OBJECT)
			rc = check_key(&doc, at, &a);
		if (rc == 0 && type == JSON_OBJECT)
			rc = put_string(&doc, at + 1, &a, items);
	}
	arena_finish(&a);
	return rc;
}

/* "[::1]" and "[::]:8000" are addresses, and no arrays. */
static bool
is_array(struct str text)
{
	struct str inside = str_trim(str_tail(text, 1));

	while (
	    inside.len > 0 && (inside.ptr[0] == '\n' || inside.ptr[0] == ' '))
		inside = str_tail(inside, 1);
	return text.len > 1 && text.ptr[0] == '[' && inside.len > 0 &&
	    (inside.ptr[0] == '"' || inside.ptr[0] == ']');
}

int
config_list_read(struct str text, bool divide, struct buf *items)
{
	text = str_trim(text);
	if (is_array(text))
		return put_json(text, JSON_ARRAY, items);
	if (divide)
		return put_plain(text, items);
	return text.len == 0 ? 0 : put_item(items, text);
}

int
config_list_read_map(struct str text, struct buf *items)
{
	return put_json(text, JSON_OBJECT, items);
}

struct str
config_list_next(struct str *items)
{
	return str_cut(items, '\0');
}
