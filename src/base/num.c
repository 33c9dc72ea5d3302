/*
 * num: one digit loop, and the units around it.
 */
#include "base/num.h"

#include "base/error.h"

#include "base/banned.h"

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int
num_hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int
read_digits(struct str s, unsigned base, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (s.len == 0)
		return -E_BAD_VALUE;
	for (i = 0; i < s.len; i++) {
		unsigned d = (unsigned)num_hex_digit(s.ptr[i]);

		if (d >= base || v > UINT64_MAX / base ||
		    v * base > UINT64_MAX - d)
			return -E_BAD_VALUE;
		v = v * base + d;
		if (v > max)
			return -E_BAD_VALUE;
	}
	*out = v;
	return 0;
}

int
num_dec(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (s.len == 0 || s.len > 18) /* more might overflow: slowly then */
		return read_digits(s, 10, max, out);
	for (i = 0; i < s.len; i++) {
		if (!is_digit(s.ptr[i]))
			return -E_BAD_VALUE;
		v = v * 10 + (uint64_t)(s.ptr[i] - '0');
	}
	if (v > max)
		return -E_BAD_VALUE;
	*out = v;
	return 0;
}

int
num_hex(struct str s, uint64_t max, uint64_t *out)
{
	return read_digits(s, 16, max, out);
}

int
num_signed(struct str s, int64_t min, int64_t max, int64_t *out)
{
	bool minus = s.len > 0 && s.ptr[0] == '-';
	uint64_t v;
	int64_t n;
	int rc;

	rc = num_dec(str_tail(s, minus), (uint64_t)INT64_MAX + minus, &v);
	if (rc < 0)
		return rc;
	/* Negated in two's complement, so that INT64_MIN works too. */
	n = minus ? (int64_t)(0 - v) : (int64_t)v;
	if (n < min || n > max)
		return -E_BAD_VALUE;
	*out = n;
	return 0;
}

/* Length of the digits (and at most one point) that s begins with. */
static size_t
number_len(struct str s)
{
	bool point = false;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.ptr[i] == '.' && !point)
			point = true;
		else if ((unsigned)num_hex_digit(s.ptr[i]) > 9)
			break;
	}
	return i;
}

/* "12", "1.5" times unit, rounded down; at least one digit on each side. */
static int
read_scaled(struct str s, uint64_t unit, uint64_t *out)
{
	struct str whole, fraction = s;
	uint64_t v, part;
	unsigned i;

	whole = str_cut(&fraction, '.');
	if (num_dec(whole, UINT64_MAX / unit, &v) < 0)
		return -E_BAD_VALUE;
	v *= unit;
	if (fraction.ptr != NULL) {
		/* More than nine places are below what any unit resolves. */
		fraction = str_head(fraction, 9);
		if (num_dec(fraction, UINT64_MAX, &part) < 0 ||
		    part > UINT64_MAX / unit)
			return -E_BAD_VALUE;
		part *= unit;
		for (i = 0; i < fraction.len; i++)
			part /= 10;
		if (part > UINT64_MAX - v)
			return -E_BAD_VALUE;
		v += part;
	}
	*out = v;
	return 0;
}

struct unit {
	struct str name;
	uint64_t factor;
};

static int
read_with_unit(struct str s, const struct unit *units, uint64_t *out)
{
	size_t n = number_len(s);
	struct str name = str_tail(s, n);

	for (; units->factor != 0; units++)
		if (str_eq_nocase(name, units->name))
			return read_scaled(str_head(s, n), units->factor, out);
	return -E_BAD_VALUE;
}

int
num_duration(struct str s, uint64_t unit_ms, uint64_t *ms)
{
	const struct unit units[] = {
		{ STR(""), unit_ms },
		{ STR("ms"), 1 },
		{ STR("s"), 1000 },
		{ STR("m"), 60 * 1000 },
		{ STR("h"), 60 * 60 * 1000 },
		{ STR("d"), 24 * 60 * 60 * 1000 },
		{ STR(""), 0 },
	};

	return read_with_unit(s, units, ms);
}

int
num_size(struct str s, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ { "", 0 }, 1 },
		{ { "b", 1 }, 1 },
		{ { "k", 1 }, 1 << 10 },
		{ { "kb", 2 }, 1 << 10 },
		{ { "kib", 3 }, 1 << 10 },
		{ { "m", 1 }, 1 << 20 },
		{ { "mb", 2 }, 1 << 20 },
		{ { "mib", 3 }, 1 << 20 },
		{ { "g", 1 }, 1 << 30 },
		{ { "gb", 2 }, 1 << 30 },
		{ { "gib", 3 }, 1 << 30 },
		{ { "", 0 }, 0 },
	};

	return read_with_unit(s, units, bytes);
}

int
num_bool(struct str s)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0" };
	size_t i;

	for (i = 0; i < sizeof yes / sizeof *yes; i++) {
		if (str_eq_nocase(s, str_of(yes[i])))
			return 1;
		if (str_eq_nocase(s, str_of(no[i])))
			return 0;
	}
	return -E_BAD_VALUE;
}

size_t
num_put_dec(char *dst, uint64_t v)
{
	char digits[20];
	size_t n = 0, i;

	do
		digits[n++] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	for (i = 0; i < n; i++)
		dst[i] = digits[n - 1 - i];
	return n;
}
