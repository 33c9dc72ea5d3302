/*
 * json: reads JSON (RFC 8259), strictly: one value and nothing behind it, no
 * comma too many, no control character or lone surrogate in a string, UTF-8,
 * no number that is none. A lone number or word is refused too: nothing that
 * we are sent is one. jsmn finds where things begin and end; that it was
 * right, and everything it does not look at, is checked here.
 *
 * A value is named by its index in the document; the whole is JSON_ROOT. In
 * an object the index that json_first and json_next give is the key's, and
 * the value has the index behind it.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/str.h"

#define JSON_ROOT 0u
#define JSON_NONE UINT32_MAX
#define JSON_DEPTH_MAX 32
#define JSON_TEXT_MAX ((size_t)1 << 24)

enum json_type {
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_BOOL,
	JSON_NULL,
};

struct json_token;

struct json {
	struct str text;
	const struct json_token *tokens; /* in the arena */
	unsigned n;
};

/*
 * Reads text, which must live as long as doc; takes memory from a. 0;
 * -E_BAD_VALUE: not JSON; -E_TOO_LONG: more than n_max values and keys, too
 * deep, too long; -E_NOMEM.
 */
int
json_parse(struct str text, unsigned n_max, struct arena *a, struct json *doc);

enum json_type json_type(const struct json *doc, unsigned at);

/* How many elements or keys; 0 for what is neither array nor object. */
unsigned json_size(const struct json *doc, unsigned at);

/* The first element, or key, of at; JSON_NONE: it has none. */
unsigned json_first(const struct json *doc, unsigned at);
/* The element, or key, that follows at in its array or object. */
unsigned json_next(const struct json *doc, unsigned at);

/* The value of that key (the first, when there are two), or JSON_NONE. */
unsigned json_get(const struct json *doc, unsigned object, struct str key);

/* The value as it stands in the text; a string without its quotes. */
struct str json_raw(const struct json *doc, unsigned at);

/* A string or key without escapes: 0, -E_BAD_VALUE (no string), -E_NOMEM. */
int json_string(
    const struct json *doc, unsigned at, struct arena *a, struct str *out);

/*
 * What stands between a string's quotes, without escapes, to `to`, which has
 * room for raw.len + JSON_UNESCAPE_SPARE: an escape is never shorter than what
 * it means. Its length, or -E_BAD_VALUE: not the inside of a string.
 */
#define JSON_UNESCAPE_SPARE 4
ssize_t json_unescape(struct str raw, char *to);

/* A whole number within min..max: 0 or -E_BAD_VALUE. */
int json_integer(const struct json *doc, unsigned at, int64_t min, int64_t max,
    int64_t *out);

/* 1 or 0, or -E_BAD_VALUE: neither true nor false. */
int json_bool(const struct json *doc, unsigned at);

#endif
