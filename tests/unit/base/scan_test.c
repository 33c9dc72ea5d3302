/* Scans: every byte value, at every place of a vector, against the twin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/scan.h"

typedef size_t scan(struct str s);

static void
compare(scan *fast, scan *portable, char filler)
{
	char text[50];
	unsigned c, at, len;

	for (len = 0; len <= sizeof text; len++) {
		for (at = 0; at < len; at++) {
			memset(text, filler, sizeof text);
			for (c = 0; c < 256; c++) {
				struct str s = { text, len };

				text[at] = (char)c;
				assert_int_equal(fast(s), portable(s));
			}
		}
	}
}

static void
vectors_agree_with_bytes(void **state)
{
	(void)state;
	compare(scan_text, scan_text_portable, 'a');
	compare(scan_text, scan_text_portable, '\xff');
	compare(scan_visible, scan_visible_portable, '~');
	compare(scan_ascii, scan_ascii_portable, '\0');
	compare(scan_quotable, scan_quotable_portable, 'a');
}

static void
a_byte_is_found(void **state)
{
	char text[50];
	unsigned at, second, len;

	(void)state;
	for (len = 0; len <= sizeof text; len++) {
		for (at = 0; at <= len; at++) {
			second = at + len % 7;
			memset(text, 'x', sizeof text);
			if (at < len)
				text[at] = '\n';
			if (second < len)
				text[second] = '\n';
			assert_int_equal(scan_byte((struct str){ text, len },
			    '\n'), at);
			assert_int_equal(scan_byte_portable(
			    (struct str){ text, len }, '\n'), at);
			if (len >= SCAN_NEAR)
				assert_int_equal(scan_byte_near(text, '\n'),
				    at < SCAN_NEAR ? at : SCAN_NEAR);
		}
	}
}

static bool
scans_one(scan *f, unsigned c)
{
	char byte = (char)c;

	return f((struct str){ &byte, 1 }) == 1;
}

static void
classes_of_bytes(void **state)
{
	unsigned c;

	(void)state;
	for (c = 0; c < 256; c++) {
		assert_int_equal(scans_one(scan_text, c),
		    c == 9 || (c >= 32 && c != 127));
		assert_int_equal(scans_one(scan_visible, c),
		    c > 32 && c < 127);
		assert_int_equal(scans_one(scan_ascii, c), c < 128);
		assert_int_equal(scans_one(scan_quotable, c),
		    c >= 32 && c < 127 && c != '"' && c != '\\');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_agree_with_bytes),
		cmocka_unit_test(a_byte_is_found),
		cmocka_unit_test(classes_of_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
