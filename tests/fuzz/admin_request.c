/*
 * admin_request: any bytes, whole and cut in two: the same verdict, and
 * slices that lie within them.
 */
#include <stddef.h>
#include <stdint.h>

#include "admin/admin_request.h"
#include "base/check.h"
#include "base/error.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool
within(struct str part, struct str all)
{
	return part.ptr >= all.ptr && part.ptr + part.len <= all.ptr + all.len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };
	struct admin_request r, half;
	ssize_t rc = admin_request_parse(in, &r), first;

	CHECK(rc == -E_PROTOCOL || (rc >= 0 && (size_t)rc <= n));
	if (rc > 0) {
		CHECK(within(r.method, in) && within(r.path, in));
		CHECK(r.path.ptr[0] == '/');
	}
	/* What is refused or done early is so for good. */
	first = admin_request_parse(str_head(in, n / 2), &half);
	CHECK(first == 0 || first == rc);
	return 0;
}
