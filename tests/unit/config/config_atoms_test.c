/* A format of a log line, taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/config.h"
#include "config/config_atoms.h"

static struct config_atom
next(struct str *format)
{
	struct config_atom atom;

	assert_int_equal(1, config_atoms_next(format, &atom));
	return atom;
}

static void
parts_come_in_their_order(void **state)
{
	struct str f = STR("a %(h)s%%b%({X-Foo}i)-12s%(zz)s%(M)7d");
	struct config_atom a;

	(void)state;
	assert_true(str_eq(STR("a "), next(&f).text));
	assert_int_equal('h', next(&f).letter);
	assert_true(str_eq(STR("%"), next(&f).text));
	assert_true(str_eq(STR("b"), next(&f).text));
	a = next(&f);
	assert_int_equal('i', a.letter);
	assert_true(str_eq(STR("X-Foo"), a.name));
	assert_int_equal(12, a.width);
	assert_true(a.left);
	assert_int_equal('?', next(&f).letter);
	a = next(&f);
	assert_int_equal('M', a.letter);
	assert_int_equal(7, a.width);
	assert_false(a.left);
	assert_int_equal(0, config_atoms_next(&f, &a));
}

static void
the_default_is_good(void **state)
{
	(void)state;
	assert_int_equal(0,
	    config_atoms_check(str_of(config_default("access_log_format"))));
	assert_int_equal(0, config_atoms_check(STR("")));
}

static void
what_python_refuses_is_refused(void **state)
{
	static const char *const bad[] = { "%", "a%", "%s", "%h", "%(h", "%(h)",
		"%(h)x", "%(h)100s", "%(h)-", "%(h)s %", "%(h) s" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    -E_BAD_VALUE, config_atoms_check(str_of(bad[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_come_in_their_order),
		cmocka_unit_test(the_default_is_good),
		cmocka_unit_test(what_python_refuses_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
