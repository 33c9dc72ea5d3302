/*
 * Numbers, hosts and lists of fields from any bytes: what is accepted must
 * be what it says it is.
 */
#include <stdint.h>

#include "base/check.h"
#include "base/escape.h"
#include "base/num.h"
#include "base/scan.h"
#include "http/http_field.h"
#include "http/http_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_dec(struct str s)
{
	uint64_t v, again;
	char text[20];
	size_t n;

	if (num_dec(s, UINT64_MAX, &v) < 0)
		return;
	CHECK(s.len > 0);
	n = num_put_dec(text, v);
	CHECK(num_dec((struct str){ text, n }, v, &again) == 0 && again == v);
	CHECK(str_ends(s, (struct str){ text, n }) || v == 0);
}

static void
check_scans(struct str s)
{
	CHECK(scan_text(s) == scan_text_portable(s));
	CHECK(scan_visible(s) == scan_visible_portable(s));
	CHECK(scan_ascii(s) == scan_ascii_portable(s));
}

static void
check_escapes(struct str s, enum escape how)
{
	char one[ESCAPE_MAX];
	size_t n;

	while (s.len > 0) {
		n = escape_next(&s, how, one);
		CHECK(n >= 1 && n <= ESCAPE_MAX);
		CHECK(escape_utf8_len((struct str){ one, n }) > 0);
		CHECK(scan_text((struct str){ one, n }) == n);
	}
}

static void
check_list(struct str s)
{
	struct str element;

	while (http_field_next(&s, &element))
		CHECK(element.len > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct http_host host;
	int64_t i;
	uint64_t u;

	check_dec(s);
	(void)num_hex(s, UINT64_MAX, &u);
	if (num_signed(s, -1000, 1000, &i) == 0)
		CHECK(i >= -1000 && i <= 1000);
	(void)num_duration(s, 1000, &u);
	(void)num_size(s, &u);
	(void)num_bool(s);
	if (http_host_parse(s, &host) == 0)
		CHECK(host.host.len > 0 && host.port >= -1 &&
		    scan_visible(s) == s.len);
	check_scans(s);
	check_escapes(s, ESCAPE_TEXT);
	check_escapes(s, ESCAPE_JSON);
	check_list(s);
	return 0;
}
