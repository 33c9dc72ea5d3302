/* Base64, by the examples of RFC 4648. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/error.h"

static void
expect(const char *text, const char *want)
{
	char got[16];
	ssize_t n = base64_decode(str_of(text), got, sizeof(got));

	assert_int_equal(strlen(want), n);
	assert_memory_equal(want, got, (size_t)n);
}

static void
texts_are_decoded(void **state)
{
	(void)state;
	expect("", "");
	expect("Zg==", "f");
	expect("Zm8=", "fo");
	expect("Zm9v", "foo");
	expect("Zm9vYg", "foob");
	expect("Zm9vYmE=", "fooba");
	expect("Zm9vYmFy", "foobar");
	expect("//+/", "\xff\xff\xbf");
}

static void
others_are_refused(void **state)
{
	static const char *const bad[] = { "Z", "Zg=", "Zm8==", "Zm9v=",
		"Zm 9", "====", "Zm9v-_", "=Zg=" };
	char got[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(-E_BAD_VALUE,
		    base64_decode(str_of(bad[i]), got, sizeof(got)));
	assert_int_equal(
	    -E_TOO_LONG, base64_decode(STR("Zm9vYmFy"), got, 5));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_decoded),
		cmocka_unit_test(others_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
