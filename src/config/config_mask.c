/*
 * config_mask: a walk over the values of a JSON text.
 */
#include "config/config_mask.h"

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

#include "base/banned.h"

#define VALUES_MAX 4096
#define MEMORY_MAX ((size_t)4 << 20)

struct walk {
	struct json doc;
	struct buf *out;
	struct str rest; /* of the text, not yet appended */
	bool masked;
};

static bool
is_secret(struct str key)
{
	static const char *const words[] = { "password", "passwd", "secret",
		"token", "credential", "apikey", "api_key", "api-key" };

	for (size_t i = 0; i < key.len; i++)
		for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
			struct str word = str_of(words[w]);

			if (str_eq_nocase(
				str_head(str_tail(key, i), word.len), word))
				return true;
		}
	return false;
}

/* Appends what stands before value, and three stars for it. */
static int
put_stars(struct walk *w, struct str value)
{
	size_t before = (size_t)(value.ptr - w->rest.ptr);
	int rc = buf_put(w->out, str_head(w->rest, before));

	w->rest = str_tail(w->rest, before + value.len);
	w->masked = true;
	return rc < 0 ? rc : buf_put(w->out, STR("\"***\""));
}

/* With its quotes, when it is a string. */
static struct str
whole(const struct json *doc, unsigned at)
{
	struct str s = json_raw(doc, at);

	return json_type(doc, at) == JSON_STRING
	    ? (struct str){ s.ptr - 1, s.len + 2 }
	    : s;
}

/* As deep as json_parse has found it, which has a bound. */
static int
mask(struct walk *w, unsigned at)
{
	bool object = json_type(&w->doc, at) == JSON_OBJECT;
	int rc = 0;

	if (!object && json_type(&w->doc, at) != JSON_ARRAY)
		return 0;
	for (unsigned i = json_first(&w->doc, at); rc == 0 && i != JSON_NONE;
	     i = json_next(&w->doc, i)) {
		unsigned value = object ? i + 1 : i;

		if (object && is_secret(json_raw(&w->doc, i)))
			rc = put_stars(w, whole(&w->doc, value));
		else
			rc = mask(w, value);
	}
	return rc;
}

int
config_mask_json(struct str text, struct buf *out)
{
	struct walk w = { .out = out, .rest = text };
	struct arena a;
	int rc;

	arena_init(&a, MEMORY_MAX);
	rc = json_parse(text, VALUES_MAX, &a, &w.doc);
	if (rc == 0)
		rc = mask(&w, JSON_ROOT);
	if (rc == 0)
		rc = buf_put(out, w.rest);
	arena_finish(&a);
	return rc < 0 ? rc : w.masked;
}
