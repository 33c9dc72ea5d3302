/*
 * http_field: the perfect hash over http_field.def, and reading of lists.
 */
#include "http/http_field.h"

#include <stdint.h>

#include "base/scan.h"

#include "base/banned.h"

/*
 * Names differ in their length, the first two bytes and the last two. The
 * factor was found by trying random ones until no two slots met; the unit
 * test checks that.
 */
#define HASH_FACTOR 0x82e0f901u

static const unsigned char slots[256] = {
#define FIELD(id, name, slot) [slot] = FIELD_##id,
#include "http/http_field.def"
#undef FIELD
};

static const struct str names[FIELD_MAX] = {
#define FIELD(id, name, slot) [FIELD_##id] = { (name), sizeof(name) - 1 },
#include "http/http_field.def"
#undef FIELD
};

#define T16 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
#define F16 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

/* RFC 9110, section 5.6.2. */
/* clang-format off */
const unsigned char http_field_tchar[256] = {
	F16, F16,
	/* SP ! " # $ % & ' ( ) * + , - . / */
	0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0,
	/* digits, then : ; < = > ? */
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0,
	/* @ A to O; P to Z, then [ \ ] ^ _ */
	0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1,
	/* ` a to o; p to z, then { | } ~ DEL */
	T16,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0,
	F16, F16, F16, F16, F16, F16, F16, F16,
};
/* clang-format on */

/* Two bytes of a name, letters in lower case: what '-' and digits stay. */
static uint32_t
two_bytes(const char *p)
{
	return ((uint32_t)(unsigned char)p[0] |
		   (uint32_t)(unsigned char)p[1] << 8) |
	    0x2020;
}

static unsigned
hash(struct str name)
{
	uint32_t word =
	    two_bytes(name.ptr) | two_bytes(name.ptr + name.len - 2) << 16;

	return (word + (uint32_t)name.len * 0x01010101u) * HASH_FACTOR >> 24;
}

/*
 * n bytes (2, 4 or 8) of a name, in which nothing may differ from a known one
 * but the case of letters. Known names have letters, digits and '-', of which
 * only letters have the bit 0x40.
 */
static inline bool
same(const char *name, const char *known, size_t n)
{
	uint64_t a = 0, b = 0;

	memcpy(&a, name, n);
	memcpy(&b, known, n);
	return ((a ^ b) & ~((b & 0x4040404040404040u) >> 1)) == 0;
}

/* name is known, which is in lower case and of the same length, at most 32. */
static bool
is_name(const char *name, const char *known, size_t len)
{
	if (len < 4)
		return same(name, known, 2) &&
		    same(name + len - 2, known + len - 2, 2);
	if (len < 8)
		return same(name, known, 4) &&
		    same(name + len - 4, known + len - 4, 4);
	if (!same(name, known, 8) ||
	    (len > 16 && !same(name + 8, known + 8, 8)) ||
	    (len > 24 && !same(name + 16, known + 16, 8)))
		return false;
	/* The last eight, some of them for the second time. */
	return same(name + len - 8, known + len - 8, 8);
}

enum http_field
http_field_of(struct str name)
{
	enum http_field id;

	if (name.len < 2)
		return FIELD_OTHER;
	id = (enum http_field)slots[hash(name)];
	return names[id].len == name.len &&
		is_name(name.ptr, names[id].ptr, name.len)
	    ? id
	    : FIELD_OTHER;
}

struct str
http_field_name(enum http_field id)
{
	return id < FIELD_MAX ? names[id] : (struct str){ "", 0 };
}

bool
http_field_is_token(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!http_field_is_tchar(s.ptr[i]))
			return false;
	return s.len > 0;
}

bool
http_field_is_value(struct str s)
{
	return scan_text(s) == s.len;
}

/* Length of the element that s begins with, up to a comma or the end. */
static size_t
element_len(struct str s)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"')
			quoted = !quoted;
		else if (quoted && s.ptr[i] == '\\')
			i++;
		else if (!quoted && s.ptr[i] == ',')
			return i;
	}
	return s.len;
}

bool
http_field_next(struct str *list, struct str *element)
{
	size_t n;

	while (list->len > 0) {
		n = element_len(*list);
		*element = str_trim(str_head(*list, n));
		*list = str_tail(*list, n + 1);
		if (element->len > 0)
			return true;
	}
	return false;
}

bool
http_field_has(struct str list, struct str token)
{
	struct str element;

	while (http_field_next(&list, &element))
		if (str_eq_nocase(element, token))
			return true;
	return false;
}
