/*
 * base: values and memory. Nothing in this folder makes a system call: what
 * needs the kernel (writing a log line out, reading the clock) goes through
 * pointers that sys fills.
 *
 * str: a slice of bytes that somebody else owns. Wire data is never
 * NUL-terminated and may hold any byte, so nothing here looks for a NUL.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
	const char *ptr;
	size_t len;
};

/* A slice of a string literal. */
#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).ptr

static inline struct str
str_of(const char *z)
{
	return (struct str){ z, z == NULL ? 0 : strlen(z) };
}

static inline bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The same, without a call where they are short. */
static inline bool
str_eq_short(struct str a, struct str b)
{
	size_t n = a.len;

	if (n != b.len || n > 16)
		return n == b.len && memcmp(a.ptr, b.ptr, n) == 0;
	if (n >= 8)
		return memcmp(a.ptr, b.ptr, 8) == 0 &&
		    memcmp(a.ptr + n - 8, b.ptr + n - 8, 8) == 0;
	if (n >= 4)
		return memcmp(a.ptr, b.ptr, 4) == 0 &&
		    memcmp(a.ptr + n - 4, b.ptr + n - 4, 4) == 0;
	while (n > 0 && a.ptr[n - 1] == b.ptr[n - 1])
		n--;
	return n == 0;
}

/* The first n bytes of s, or all of it. */
static inline struct str
str_head(struct str s, size_t n)
{
	return (struct str){ s.ptr, n < s.len ? n : s.len };
}

/* s without its first n bytes; empty when it has fewer. */
static inline struct str
str_tail(struct str s, size_t n)
{
	if (n > s.len)
		n = s.len;
	return (struct str){ s.ptr + n, s.len - n };
}

static inline bool
str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len &&
	    str_eq((struct str){ s.ptr, prefix.len }, prefix);
}

static inline bool
str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	    str_eq(str_tail(s, s.len - suffix.len), suffix);
}

/* Index of the first c in s, or s.len. */
static inline size_t
str_find(struct str s, char c)
{
	const char *p = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);

	return p == NULL ? s.len : (size_t)(p - s.ptr);
}

/* ASCII only: RFC 9110 field names, schemes, host names. */
bool str_eq_nocase(struct str a, struct str b);

static inline bool
str_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* s without spaces and tabs (RFC 9110 OWS) at both ends. */
static inline struct str
str_trim(struct str s)
{
	while (s.len > 0 && str_is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && str_is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

/*
 * Copies s to dst, where there is room, and returns the place behind it. For
 * short ones: no call, no loop below 16 bytes.
 */
static inline char *
str_copy(char *dst, struct str s)
{
	size_t i;

	if (s.len >= 16) {
		for (i = 0; s.len - i > 16; i += 16)
			memcpy(dst + i, s.ptr + i, 16);
		memcpy(dst + s.len - 16, s.ptr + s.len - 16, 16);
	} else if (s.len >= 8) {
		memcpy(dst, s.ptr, 8);
		memcpy(dst + s.len - 8, s.ptr + s.len - 8, 8);
	} else if (s.len >= 4) {
		memcpy(dst, s.ptr, 4);
		memcpy(dst + s.len - 4, s.ptr + s.len - 4, 4);
	} else {
		for (i = 0; i < s.len; i++)
			dst[i] = s.ptr[i];
	}
	return dst + s.len;
}

/*
 * Cuts the part before the first sep off *rest and returns it; *rest keeps
 * what follows the sep. Without a sep all of *rest is returned and *rest is
 * left empty with a NULL ptr, so that a loop can tell "a," from "a".
 */
struct str str_cut(struct str *rest, char sep);

/*
 * Copies s and a NUL into dst of dst_size bytes. Returns 0, or -E_TOO_LONG
 * (dst is then the empty string), or -E_BAD_VALUE when s holds a NUL.
 */
int str_to_z(struct str s, char *dst, size_t dst_size);

#endif
