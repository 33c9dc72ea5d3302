/*
 * Both wire formats. Run by the dirty arbiter; pure. Of a payload no more is
 * read than its first level, and there only what names the call: the rest is
 * skipped over and checked by the worker, which has to read it anyway.
 */
#include "dirty/dirty_frame.h"

#include <stdio.h>

#include "base/error.h"
#include "base/json.h"
#include "dirty/dirty_tlv.h"

#include "base/banned.h"

#define JSON_HEAD 4
#define BINARY_HEAD 16
#define VERSION 1
#define MAGIC 'G'
#define MAGIC_2 'D'

_Static_assert(sizeof(((struct dirty_route *)0)->plain) >=
	DIRTY_PLAIN_MAX + JSON_UNESCAPE_SPARE,
    "room for what is unescaped");

static uint32_t
u32_at(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 |
	    (uint32_t)u[2] << 8 | u[3];
}

static void
put_u32(char *p, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (char)(n >> (24 - 8 * i));
}

static uint64_t
u64_at(const char *p)
{
	return (uint64_t)u32_at(p) << 32 | u32_at(p + 4);
}

static ssize_t
finish(struct str in, size_t head, size_t len, struct dirty_frame *f)
{
	f->payload = (struct str){ NULL, len };
	if (len > DIRTY_PAYLOAD_MAX)
		return -E_TOO_LONG;
	if (len == 0 && f->type != DIRTY_END && f->type != DIRTY_STATUS)
		return -E_BAD_VALUE;
	if (in.len < head + len)
		return 0;
	f->payload.ptr = in.ptr + head;
	return (ssize_t)(head + len);
}

ssize_t
dirty_frame_parse(struct str in, struct dirty_frame *f)
{
	*f = (struct dirty_frame){ .format = DIRTY_JSON };
	if (in.len == 0)
		return 0;
	if ((unsigned char)in.ptr[0] <= DIRTY_PAYLOAD_MAX >> 24) {
		if (in.len < JSON_HEAD)
			return 0;
		return finish(in, JSON_HEAD, u32_at(in.ptr), f);
	}
	f->format = DIRTY_BINARY;
	if (in.ptr[0] != MAGIC || (in.len > 1 && in.ptr[1] != MAGIC_2) ||
	    (in.len > 2 && in.ptr[2] != VERSION))
		return -E_PROTOCOL;
	if (in.len < BINARY_HEAD)
		return 0;
	f->type = (uint8_t)in.ptr[3];
	f->id = u64_at(in.ptr + 8);
	return finish(in, BINARY_HEAD, u32_at(in.ptr + 4), f);
}

void
dirty_frame_problem(
    int error, const struct dirty_frame *f, char *dst, size_t dst_size)
{
	if (error == -E_TOO_LONG)
		snprintf(dst, dst_size,
		    "Message too large: %zu bytes (max: %zu)", f->payload.len,
		    DIRTY_PAYLOAD_MAX);
	else if (error == -E_BAD_VALUE)
		snprintf(dst, dst_size, "Empty message received");
	else
		snprintf(dst, dst_size, "Failed to decode message: %s",
		    f->payload.ptr == NULL ? "unknown format"
					   : "not a request");
}

size_t
dirty_frame_head(enum dirty_format format, enum dirty_type type, uint64_t id,
    size_t payload_len, char dst[DIRTY_HEAD_MAX])
{
	const struct dirty_envelope e = { .len = (uint32_t)payload_len,
		.type = (uint8_t)type,
		.format = DIRTY_BINARY,
		.id = id };

	if (format == DIRTY_JSON) {
		put_u32(dst, (uint32_t)payload_len);
		return JSON_HEAD;
	}
	if (format == DIRTY_LINKED) {
		memcpy(dst, &e, sizeof(e));
		return sizeof(e);
	}
	dst[0] = MAGIC;
	dst[1] = MAGIC_2;
	dst[2] = VERSION;
	dst[3] = (char)type;
	put_u32(dst + 4, (uint32_t)payload_len);
	put_u32(dst + 8, (uint32_t)(id >> 32));
	put_u32(dst + 12, (uint32_t)id);
	return BINARY_HEAD;
}

ssize_t
dirty_envelope_parse(
    struct str in, struct dirty_envelope *e, struct str *payload)
{
	_Static_assert(sizeof(*e) <= DIRTY_HEAD_MAX, "a head");

	if (in.len < sizeof(*e))
		return 0;
	memcpy(e, in.ptr, sizeof(*e));
	if (e->len > DIRTY_PAYLOAD_MAX)
		return -E_TOO_LONG;
	if (in.len < sizeof(*e) + e->len)
		return 0;
	*payload = (struct str){ in.ptr + sizeof(*e), e->len };
	return (ssize_t)(sizeof(*e) + e->len);
}

/* --- JSON --- */

static void
skip_space(struct str *s)
{
	while (s->len > 0 &&
	    (s->ptr[0] == ' ' || s->ptr[0] == '\t' || s->ptr[0] == '\n' ||
		s->ptr[0] == '\r'))
		*s = str_tail(*s, 1);
}

/* Takes c off the front. */
static bool
take(struct str *s, char c)
{
	skip_space(s);
	if (s->len == 0 || s->ptr[0] != c)
		return false;
	*s = str_tail(*s, 1);
	return true;
}

/* Takes a string, from its first quote on: its inside, escapes as they are. */
static bool
take_string(struct str *s, struct str *inside)
{
	size_t i = 0;

	if (!take(s, '"'))
		return false;
	while (i < s->len && s->ptr[i] != '"')
		i += s->ptr[i] == '\\' ? 2 : 1;
	if (i >= s->len)
		return false;
	*inside = str_head(*s, i);
	*s = str_tail(*s, i + 1);
	return true;
}

/* Takes an array or object, whatever is in it. */
static bool
skip_nested(struct str *s)
{
	struct str inside;
	size_t depth = 0;

	do {
		if (s->len == 0)
			return false;
		if (s->ptr[0] == '"') {
			if (!take_string(s, &inside))
				return false;
			continue;
		}
		if (s->ptr[0] == '[' || s->ptr[0] == '{')
			depth++;
		else if (s->ptr[0] == ']' || s->ptr[0] == '}')
			depth--;
		*s = str_tail(*s, 1);
	} while (depth > 0);
	return true;
}

/* A number or a word: up to what cannot belong to it. */
static bool
skip_word(struct str *s)
{
	size_t i = 0;

	while (i < s->len && s->ptr[i] > ' ' && s->ptr[i] != ',' &&
	    s->ptr[i] != '}' && s->ptr[i] != ']' && s->ptr[i] != '"' &&
	    s->ptr[i] != ':' && s->ptr[i] != '{' && s->ptr[i] != '[')
		i++;
	*s = str_tail(*s, i);
	return i > 0;
}

/* Takes any value; all of it goes to *value, quotes too. */
static bool
take_value(struct str *s, struct str *value)
{
	struct str inside;
	bool ok;

	skip_space(s);
	if (s->len == 0)
		return false;
	value->ptr = s->ptr;
	if (s->ptr[0] == '"')
		ok = take_string(s, &inside);
	else if (s->ptr[0] == '[' || s->ptr[0] == '{')
		ok = skip_nested(s);
	else
		ok = skip_word(s);
	value->len = (size_t)(s->ptr - value->ptr);
	return ok;
}

/* The inside of a value that is a string; else empty. */
static struct str
unquoted(struct str value)
{
	if (value.len < 2 || value.ptr[0] != '"')
		return (struct str){ NULL, 0 };
	return (struct str){ value.ptr + 1, value.len - 2 };
}

/* json.dumps writes what is not ASCII as escapes. */
static struct str
unescaped(struct str s, struct dirty_route *r)
{
	ssize_t n;

	if (str_find(s, '\\') == s.len || s.len > DIRTY_PLAIN_MAX)
		return s;
	n = json_unescape(s, r->plain);
	return n < 0 ? s : (struct str){ r->plain, (size_t)n };
}

static enum dirty_type
type_by_name(struct str name)
{
	static const struct {
		struct str name;
		enum dirty_type type;
	} types[] = {
		{ { "request", 7 }, DIRTY_REQUEST },
		{ { "stash", 5 }, DIRTY_STASH },
		{ { "status", 6 }, DIRTY_STATUS },
		{ { "manage", 6 }, DIRTY_MANAGE },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_eq(types[i].name, name))
			return types[i].type;
	return DIRTY_NONE;
}

static void
note_member(struct str key, struct str value, struct dirty_route *r)
{
	if (str_eq(key, STR("type")))
		r->type = type_by_name(unquoted(value));
	else if (str_eq(key, STR("id")))
		r->id = value;
	else if (str_eq(key, STR("app_path")))
		r->app_path = unescaped(unquoted(value), r);
	else if (str_eq(key, STR("action")))
		r->action = unquoted(value);
}

static int
route_json(struct str s, struct dirty_route *r)
{
	struct str key, value;

	if (!take(&s, '{'))
		return -E_PROTOCOL;
	if (take(&s, '}'))
		return 0;
	do {
		if (!take_string(&s, &key) || !take(&s, ':') ||
		    !take_value(&s, &value))
			return -E_PROTOCOL;
		note_member(key, value, r);
	} while (take(&s, ','));
	return take(&s, '}') ? 0 : -E_PROTOCOL;
}

/* --- TLV --- */

static int
route_tlv(struct str s, struct dirty_route *r)
{
	struct str key;
	enum dirty_tlv type;
	uint32_t n;
	bool ok;

	if (s.len == 0)
		return 0;
	if (!dirty_tlv_head(&s, &type, &n) || type != DIRTY_TLV_DICT)
		return -E_PROTOCOL;
	for (; n > 0; n--) {
		if (!dirty_tlv_string(&s, &key))
			return -E_PROTOCOL;
		if (str_eq(key, STR("app_path")))
			ok = dirty_tlv_string(&s, &r->app_path);
		else if (str_eq(key, STR("action")))
			ok = dirty_tlv_string(&s, &r->action);
		else
			ok = dirty_tlv_skip(&s);
		if (!ok)
			return -E_PROTOCOL;
	}
	return s.len == 0 ? 0 : -E_PROTOCOL;
}

int
dirty_frame_route(const struct dirty_frame *f, struct dirty_route *r)
{
	int rc;

	*r = (struct dirty_route){ .type = (enum dirty_type)f->type };
	rc = f->format == DIRTY_JSON ? route_json(f->payload, r)
				     : route_tlv(f->payload, r);
	if (rc < 0)
		return rc;
	if (r->type == DIRTY_REQUEST &&
	    (r->app_path.len == 0 || r->action.len == 0))
		return -E_PROTOCOL;
	return r->type == DIRTY_NONE ? -E_PROTOCOL : 0;
}
