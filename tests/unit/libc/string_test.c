/*
 * build/musl/string-*.c against the plain definitions, at every alignment and
 * length around the width of a vector, up to the last byte of a page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#ifdef __x86_64__
#define memcmp our_memcmp
#define memchr our_memchr
#define memrchr our_memrchr
#define __memrchr our_memrchr_inside
#define strlen our_strlen
int our_memcmp(const void *, const void *, size_t);
void *our_memchr(const void *, int, size_t);
size_t our_strlen(const char *);
#include "../../../build/musl/string-x86_64.c"

enum { PAGE = 4096, LONGEST = 80 };

static unsigned char *
page_before_a_hole(void)
{
	unsigned char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	assert_int_equal(mprotect(p, PAGE, PROT_NONE), 0);
	assert_int_equal(mprotect(p + 2 * PAGE, PAGE, PROT_NONE), 0);
	return p + PAGE;
}

static int
sign(int x)
{
	return (x > 0) - (x < 0);
}

static int
plain_compare(const unsigned char *a, const unsigned char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static void
memcmp_agrees(void **state)
{
	unsigned char *a = page_before_a_hole(), *b = page_before_a_hole();

	(void)state;
	for (size_t n = 0; n <= LONGEST; n++) {
		/* Both touch a hole: one behind them, one before them. */
		unsigned char *x = a + PAGE - n, *y = b;

		for (size_t i = 0; i < n; i++)
			x[i] = y[i] = (unsigned char)(i * 37);
		assert_int_equal(our_memcmp(x, y, n), 0);
		for (size_t at = 0; at < n; at++) {
			x[at] ^= 0x80;
			assert_int_equal(sign(our_memcmp(x, y, n)),
			    plain_compare(x, y, n));
			assert_int_equal(sign(our_memcmp(y, x, n)),
			    plain_compare(y, x, n));
			x[at] ^= 0x80;
		}
	}
}

static void
searches_agree(void **state)
{
	unsigned char *page = page_before_a_hole();

	(void)state;
	for (size_t offset = 0; offset < 2 * WIDTH; offset++) {
		for (size_t n = 0; n <= LONGEST; n++) {
			unsigned char *x = page + PAGE - LONGEST - offset;

			/* The same byte outside must not be found. */
			memset(page, 'x', PAGE);
			memset(x, '.', n);
			assert_null(our_memchr(x, 'x', n));
			assert_null(our_memrchr_inside(x, 'x', n));
			for (size_t at = 0; at < n; at++) {
				x[at] = 'x';
				assert_ptr_equal(our_memchr(x, 'x', n), x + at);
				assert_ptr_equal(our_memrchr_inside(x, 'x', n),
				    x + at);
				x[at] = '.';
			}
		}
	}
	assert_ptr_equal(our_memchr(page, 'x', SIZE_MAX), page);
}

static void
strlen_agrees(void **state)
{
	unsigned char *page = page_before_a_hole();

	(void)state;
	for (size_t n = 0; n <= LONGEST; n++) {
		for (size_t offset = 0; offset < 2 * WIDTH; offset++) {
			unsigned char *x = page + PAGE - 1 - n - offset;

			memset(page, 0, PAGE);
			memset(x, 'x', n);
			assert_int_equal(our_strlen((char *)x), n);
		}
	}
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef __x86_64__
		cmocka_unit_test(memcmp_agrees),
		cmocka_unit_test(searches_agree),
		cmocka_unit_test(strlen_agrees),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
