/*
 * JSON from any bytes: what is accepted can be walked to its last value, and
 * every string in it is UTF-8.
 */
#include <stdint.h>

#include "base/check.h"
#include "base/escape.h"
#include "base/json.h"

#define VALUES_MAX 500

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_utf8(struct str s)
{
	size_t n;

	while (s.len > 0) {
		n = escape_utf8_len(s);
		CHECK(n > 0);
		s = str_tail(s, n);
	}
}

static void
check_string(const struct json *doc, unsigned at, struct arena *a)
{
	struct str s;

	if (json_string(doc, at, a, &s) == 0)
		check_utf8(s);
}

/* Returns how many tokens lie at and below at. */
static unsigned
walk(const struct json *doc, unsigned at, struct arena *a)
{
	bool keyed = json_type(doc, at) == JSON_OBJECT;
	unsigned n = 1, members = 0, m;
	int64_t v;

	if (json_type(doc, at) == JSON_STRING)
		check_string(doc, at, a);
	(void)json_integer(doc, at, INT64_MIN, INT64_MAX, &v);
	(void)json_bool(doc, at);
	for (m = json_first(doc, at); m != JSON_NONE; m = json_next(doc, m)) {
		CHECK(m == at + n);
		if (keyed)
			check_string(doc, m, a);
		n += keyed + walk(doc, m + keyed, a);
		members++;
	}
	CHECK(members == json_size(doc, at));
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json doc;
	struct arena a;

	arena_init(&a, 1 << 20);
	if (json_parse((struct str){ (const char *)data, size }, VALUES_MAX,
	    &a, &doc) == 0) {
		CHECK(walk(&doc, JSON_ROOT, &a) == doc.n);
		(void)json_get(&doc, JSON_ROOT, STR("key"));
	}
	arena_finish(&a);
	return 0;
}
