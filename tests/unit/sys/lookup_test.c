/* A name is looked up aside; what is stopped, or forked, says no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/lookup.h"

static atomic_int n_found, n_unknown;
static struct sock_addr found;

static void
on_done(const struct sock_addr *to)
{
	if (to == NULL) {
		atomic_fetch_add(&n_unknown, 1);
		return;
	}
	found = *to;
	atomic_fetch_add(&n_found, 1);
}

static struct lookup lookup = LOOKUP_INIT(on_done);

static int
reset(void **state)
{
	(void)state;
	lookup_stop(&lookup);
	atomic_store(&n_found, 0);
	atomic_store(&n_unknown, 0);
	return 0;
}

static bool
becomes(atomic_int *n, int want)
{
	for (int i = 0; i < 5000 && atomic_load(n) != want; i++)
		usleep(1000);
	return atomic_load(n) == want;
}

static void
numbers_are_at_hand(void **state)
{
	(void)state;
	assert_int_equal(lookup_start(&lookup, STR("10.1.2.3"), 99, 0), 0);
	assert_int_equal(atomic_load(&n_found), 1);
	assert_int_equal(found.any.sa_family, AF_INET);
	assert_int_equal(ntohs(found.v4.sin_port), 99);
	lookup_resume(&lookup); /* nothing is left to do */
	assert_int_equal(atomic_load(&n_found), 1);
}

static void
a_name_is_found(void **state)
{
	(void)state;
	assert_int_equal(lookup_start(&lookup, STR("localhost"), 7, 5000), 0);
	assert_true(becomes(&n_found, 1));
	assert_int_equal(atomic_load(&n_unknown), 0);
	assert_false(lookup.pending);
}

static void
what_is_no_name_is_refused(void **state)
{
	char name[400];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_int_equal(
	    lookup_start(&lookup, (struct str){ name, sizeof(name) }, 7, 0),
	    -E_BAD_VALUE);
	assert_int_equal(atomic_load(&n_found) + atomic_load(&n_unknown), 0);
}

static void
the_last_one_counts(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		(void)lookup_start(&lookup, STR("localhost"), 7, 0);
	assert_int_equal(lookup_start(&lookup, STR("127.0.0.9"), 8, 0), 0);
	assert_int_equal(ntohs(found.v4.sin_port), 8);
	usleep(50000); /* none of the others may say anything now */
	assert_int_equal(ntohs(found.v4.sin_port), 8);
}

static void
a_child_begins_anew(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(lookup_start(&lookup, STR("localhost"), 7, 5000), 0);
	assert_true(becomes(&n_found, 1));
	lookup.pending = true; /* as if it were on its way */
	atomic_store(&n_found, 0);
	pid = fork();
	if (pid == 0) {
		lookup_resume(&lookup);
		_exit(becomes(&n_found, 1) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	lookup.pending = false;
	lookup_resume(&lookup);
	assert_int_equal(atomic_load(&n_found), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(numbers_are_at_hand, reset),
		cmocka_unit_test_setup(a_name_is_found, reset),
		cmocka_unit_test_setup(what_is_no_name_is_refused, reset),
		cmocka_unit_test_setup(the_last_one_counts, reset),
		cmocka_unit_test_setup(a_child_begins_anew, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
