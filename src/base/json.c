/*
 * json: jsmn cuts the text into tokens but accepts much that is no JSON. So
 * the text is walked once more along the tokens, each of which must begin
 * exactly where the grammar wants a value.
 */
#include "base/json.h"

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#include <jsmn.h>

#include "base/check.h"
#include "base/error.h"
#include "base/escape.h"
#include "base/num.h"

#include "base/banned.h"

/* jsmn's struct has no name that a header could speak of. */
struct json_token {
	jsmntok_t jsmn;
};

static const jsmntok_t *
token(const struct json *doc, unsigned at)
{
	CHECK(at < doc->n);
	return &doc->tokens[at].jsmn;
}

struct str
json_raw(const struct json *doc, unsigned at)
{
	const jsmntok_t *t = token(doc, at);

	return (struct str){ doc->text.ptr + t->start,
		(size_t)(t->end - t->start) };
}

/* ---- numbers, words, strings ---- */

static size_t
digits_len(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			break;
	return i;
}

static bool
skip_one_of(struct str *s, const char *set)
{
	if (s->len == 0 || s->ptr[0] == '\0' || strchr(set, s->ptr[0]) == NULL)
		return false;
	*s = str_tail(*s, 1);
	return true;
}

/* At least one digit; skipped. */
static bool
skip_digits(struct str *s)
{
	size_t n = digits_len(*s);

	*s = str_tail(*s, n);
	return n > 0;
}

static bool
is_number(struct str s)
{
	skip_one_of(&s, "-");
	if (!skip_one_of(&s, "0") && !skip_digits(&s))
		return false;
	if (skip_one_of(&s, ".") && !skip_digits(&s))
		return false;
	if (skip_one_of(&s, "eE")) {
		skip_one_of(&s, "+-");
		if (!skip_digits(&s))
			return false;
	}
	return s.len == 0;
}

static bool
is_primitive(struct str s)
{
	return str_eq(s, STR("true")) || str_eq(s, STR("false")) ||
	    str_eq(s, STR("null")) || is_number(s);
}

/* The unit of UTF-16 in "\uXXXX" at the front of s, or -1. */
static int
hex_unit(struct str s)
{
	uint64_t v;

	if (s.len < 6 || s.ptr[0] != '\\' || s.ptr[1] != 'u' ||
	    num_hex(str_head(str_tail(s, 2), 4), 0xffff, &v) < 0)
		return -1;
	return (int)v;
}

/* The character of "\uXXXX", or of two that are a surrogate pair; or -1. */
static long
unicode_escape(struct str s, size_t *used)
{
	int high = hex_unit(s), low;

	*used = 6;
	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff)
		return -1;
	low = hex_unit(str_tail(s, 6));
	if (low < 0xdc00 || low > 0xdfff)
		return -1;
	*used = 12;
	return 0x10000 + ((long)(high - 0xd800) << 10) + (low - 0xdc00);
}

static size_t
put_utf8(char to[4], unsigned long c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* What the escape at the front of s means, in to; bytes of it, 0: none. */
static size_t
decode_escape(struct str s, char to[4], size_t *used)
{
	static const char names[] = "\"\\/bfnrt";
	static const char bytes[] = "\"\\/\b\f\n\r\t";
	const char *at;
	long c;

	if (s.len < 2)
		return 0;
	if (s.ptr[1] == 'u') {
		c = unicode_escape(s, used);
		return c < 0 ? 0 : put_utf8(to, (unsigned long)c);
	}
	at = memchr(names, s.ptr[1], sizeof names - 1);
	if (at == NULL)
		return 0;
	to[0] = bytes[at - names];
	*used = 2;
	return 1;
}

/*
 * One character from the front of a string: 1..4 bytes into to and *used of
 * s used up, or 0: it may not stand there.
 */
static size_t
decode_one(struct str s, char to[4], size_t *used)
{
	if (s.ptr[0] == '\\')
		return decode_escape(s, to, used);
	if ((unsigned char)s.ptr[0] < 0x20)
		return 0;
	*used = escape_utf8_len(s);
	memcpy(to, s.ptr, *used);
	return *used;
}

static bool
is_string(struct str s)
{
	char one[4];
	size_t used = 0;

	while (s.len > 0) {
		if (decode_one(s, one, &used) == 0)
			return false;
		s = str_tail(s, used);
	}
	return true;
}

/* ---- the walk ---- */

struct walk {
	const struct json *doc;
	size_t pos;    /* how far the text was understood */
	unsigned next; /* the token that should come next */
};

static void
skip_space(struct walk *w)
{
	struct str rest = str_tail(w->doc->text, w->pos);

	while (skip_one_of(&rest, " \t\n\r"))
		w->pos++;
}

static bool
skip_char(struct walk *w, char c)
{
	skip_space(w);
	if (w->pos >= w->doc->text.len || w->doc->text.ptr[w->pos] != c)
		return false;
	w->pos++;
	return true;
}

/* Takes the next token, whose inside must begin here. Its index, or -E_*. */
static int
take_token(struct walk *w)
{
	if (w->next >= w->doc->n ||
	    (size_t)token(w->doc, w->next)->start != w->pos)
		return -E_BAD_VALUE;
	return (int)w->next++;
}

static int
walk_string(struct walk *w)
{
	int at;

	if (!skip_char(w, '"'))
		return -E_BAD_VALUE;
	at = take_token(w);
	if (at < 0 || token(w->doc, (unsigned)at)->type != JSMN_STRING ||
	    !is_string(json_raw(w->doc, (unsigned)at)))
		return -E_BAD_VALUE;
	w->pos = (size_t)token(w->doc, (unsigned)at)->end + 1;
	return 0;
}

static int
walk_primitive(struct walk *w)
{
	int at = take_token(w);

	if (at < 0 || token(w->doc, (unsigned)at)->type != JSMN_PRIMITIVE ||
	    !is_primitive(json_raw(w->doc, (unsigned)at)))
		return -E_BAD_VALUE;
	w->pos = (size_t)token(w->doc, (unsigned)at)->end;
	return 0;
}

static int walk_value(struct walk *w, unsigned depth);

static int
walk_member(struct walk *w, bool keyed, unsigned depth)
{
	int rc;

	if (keyed) {
		rc = walk_string(w);
		if (rc < 0)
			return rc;
		if (!skip_char(w, ':'))
			return -E_BAD_VALUE;
	}
	return walk_value(w, depth);
}

/* An object or array, as far as its closing bracket. */
static int
walk_members(struct walk *w, unsigned depth)
{
	bool keyed = w->doc->text.ptr[w->pos] == '{';
	int at = take_token(w), i, rc;

	if (at < 0)
		return at;
	if (depth >= JSON_DEPTH_MAX)
		return -E_TOO_LONG;
	w->pos++;
	for (i = 0; i < token(w->doc, (unsigned)at)->size; i++) {
		if (i > 0 && !skip_char(w, ','))
			return -E_BAD_VALUE;
		rc = walk_member(w, keyed, depth + 1);
		if (rc < 0)
			return rc;
	}
	return skip_char(w, keyed ? '}' : ']') ? 0 : -E_BAD_VALUE;
}

static int
walk_value(struct walk *w, unsigned depth)
{
	skip_space(w);
	if (w->pos >= w->doc->text.len)
		return -E_BAD_VALUE;
	switch (w->doc->text.ptr[w->pos]) {
	case '{':
	case '[':
		return walk_members(w, depth);
	case '"':
		return walk_string(w);
	default:
		return walk_primitive(w);
	}
}

static int
check_grammar(const struct json *doc)
{
	struct walk w = { .doc = doc };
	int rc;

	/* jsmn sees the end of a lone word only where a blank follows. */
	if (token(doc, JSON_ROOT)->type == JSMN_PRIMITIVE)
		return -E_BAD_VALUE;
	rc = walk_value(&w, 0);
	if (rc < 0)
		return rc;
	skip_space(&w);
	return w.pos == doc->text.len && w.next == doc->n ? 0 : -E_BAD_VALUE;
}

int
json_parse(struct str text, unsigned n_max, struct arena *a, struct json *doc)
{
	struct json_token *tokens;
	jsmn_parser parser;
	int n;

	if (text.len > JSON_TEXT_MAX)
		return -E_TOO_LONG;
	/* jsmn takes a NUL for the end. */
	if (text.len == 0 || str_find(text, '\0') < text.len)
		return -E_BAD_VALUE;
	jsmn_init(&parser);
	n = jsmn_parse(&parser, text.ptr, text.len, NULL, 0);
	if (n <= 0)
		return -E_BAD_VALUE;
	if ((unsigned)n > n_max)
		return -E_TOO_LONG;
	tokens = arena_alloc(a, (size_t)n * sizeof *tokens);
	if (tokens == NULL)
		return -E_NOMEM;
	jsmn_init(&parser);
	n = jsmn_parse(&parser, text.ptr, text.len, &tokens->jsmn, (unsigned)n);
	if (n <= 0)
		return -E_BAD_VALUE;
	*doc = (struct json){ text, tokens, (unsigned)n };
	return check_grammar(doc);
}

/* ---- looking at it ---- */

enum json_type
json_type(const struct json *doc, unsigned at)
{
	const jsmntok_t *t = token(doc, at);

	switch (t->type) {
	case JSMN_OBJECT:
		return JSON_OBJECT;
	case JSMN_ARRAY:
		return JSON_ARRAY;
	case JSMN_STRING:
		return JSON_STRING;
	default:
		break;
	}
	switch (doc->text.ptr[t->start]) {
	case 't':
	case 'f':
		return JSON_BOOL;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

static bool
has_members(const struct json *doc, unsigned at)
{
	return json_type(doc, at) <= JSON_ARRAY;
}

unsigned
json_size(const struct json *doc, unsigned at)
{
	return has_members(doc, at) ? (unsigned)token(doc, at)->size : 0;
}

unsigned
json_first(const struct json *doc, unsigned at)
{
	return json_size(doc, at) == 0 ? JSON_NONE : at + 1;
}

/* The token behind the value at and all that is in it. */
static unsigned
behind(const struct json *doc, unsigned at)
{
	int end = token(doc, at)->end;

	do
		at++;
	while (at < doc->n && token(doc, at)->start < end);
	return at;
}

unsigned
json_next(const struct json *doc, unsigned at)
{
	int parent = token(doc, at)->parent;
	unsigned next;

	if (parent < 0)
		return JSON_NONE;
	if (token(doc, (unsigned)parent)->type == JSMN_OBJECT)
		at++; /* from the key to its value */
	next = behind(doc, at);
	if (next >= doc->n ||
	    token(doc, next)->start >= token(doc, (unsigned)parent)->end)
		return JSON_NONE;
	return next;
}

/* The string at, its escapes undone, is key. */
static bool
string_is(const struct json *doc, unsigned at, struct str key)
{
	struct str s = json_raw(doc, at);
	size_t n, used = 0;
	char one[4];

	while (s.len > 0) {
		n = decode_one(s, one, &used);
		if (!str_starts(key, (struct str){ one, n }))
			return false;
		key = str_tail(key, n);
		s = str_tail(s, used);
	}
	return key.len == 0;
}

unsigned
json_get(const struct json *doc, unsigned object, struct str key)
{
	unsigned at;

	if (json_type(doc, object) != JSON_OBJECT)
		return JSON_NONE;
	for (at = json_first(doc, object); at != JSON_NONE;
	     at = json_next(doc, at))
		if (string_is(doc, at, key))
			return at + 1;
	return JSON_NONE;
}

ssize_t
json_unescape(struct str raw, char *to)
{
	size_t n = 0, used = 0;

	while (raw.len > 0) {
		size_t one = decode_one(raw, to + n, &used);

		if (one == 0)
			return -E_BAD_VALUE;
		n += one;
		raw = str_tail(raw, used);
	}
	return (ssize_t)n;
}

int
json_string(
    const struct json *doc, unsigned at, struct arena *a, struct str *out)
{
	struct str s = json_raw(doc, at);
	ssize_t n;
	char *to;

	if (json_type(doc, at) != JSON_STRING)
		return -E_BAD_VALUE;
	if (str_find(s, '\\') == s.len) {
		*out = s;
		return 0;
	}
	to = arena_alloc(a, s.len + JSON_UNESCAPE_SPARE);
	if (to == NULL)
		return -E_NOMEM;
	n = json_unescape(s, to);
	if (n < 0)
		return (int)n;
	*out = (struct str){ to, (size_t)n };
	return 0;
}

int
json_integer(
    const struct json *doc, unsigned at, int64_t min, int64_t max, int64_t *out)
{
	if (json_type(doc, at) != JSON_NUMBER)
		return -E_BAD_VALUE;
	return num_signed(json_raw(doc, at), min, max, out);
}

int
json_bool(const struct json *doc, unsigned at)
{
	if (json_type(doc, at) != JSON_BOOL)
		return -E_BAD_VALUE;
	return doc->text.ptr[token(doc, at)->start] == 't';
}
