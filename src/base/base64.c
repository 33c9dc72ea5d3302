/*
 * base64: six bits at a time.
 */
#include "base/base64.h"

#include <stdint.h>

#include "base/error.h"

#include "base/banned.h"

static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

ssize_t
base64_decode(struct str text, char *dst, size_t dst_size)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t i, n = 0;
	int v;

	for (i = 0; i < 2 && str_ends(text, STR("=")); i++)
		text.len--;
	if (text.len % 4 == 1 || (i > 0 && (text.len + i) % 4 != 0))
		return -E_BAD_VALUE;
	for (i = 0; i < text.len; i++) {
		v = value_of(text.ptr[i]);
		if (v < 0)
			return -E_BAD_VALUE;
		bits = bits << 6 | (uint32_t)v;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		if (n == dst_size)
			return -E_TOO_LONG;
		n_bits -= 8;
		dst[n++] = (char)(bits >> n_bits);
	}
	return (ssize_t)n;
}
