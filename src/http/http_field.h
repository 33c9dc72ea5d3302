/*
 * http_field: names and values of header fields: which are known, what may
 * stand in them, how a list in one is read (RFC 9110, section 5).
 */
#ifndef HTTP_HTTP_FIELD_H
#define HTTP_HTTP_FIELD_H

#include "base/str.h"

enum http_field {
	FIELD_OTHER, /* must be 0: what struct field starts with */
#define FIELD(id, name, slot) FIELD_##id,
#include "http/http_field.def"
#undef FIELD
	FIELD_MAX,
};

/*
 * Which known field that name is (any case), or FIELD_OTHER. Any bytes may be
 * asked for; those of a known field are a token.
 */
enum http_field http_field_of(struct str name);

/* The name in lower case; empty for FIELD_OTHER. */
struct str http_field_name(enum http_field id);

extern const unsigned char http_field_tchar[256];

/* One byte of a token: name of a field, a method, a coding. */
static inline bool
http_field_is_tchar(char c)
{
	return http_field_tchar[(unsigned char)c];
}

/* All of s is one token (not empty). */
bool http_field_is_token(struct str s);

/* May stand in a value: no control character but HTAB; bytes above 0x7f. */
bool http_field_is_value(struct str s);

/*
 * Cuts the next element off a comma-separated list: without OWS, empty ones
 * skipped (RFC 9110, section 5.6.1). Commas in quoted strings do not count.
 * False: no more.
 */
bool http_field_next(struct str *list, struct str *element);

/* The list has this token, in any case. */
bool http_field_has(struct str list, struct str token);

#endif
