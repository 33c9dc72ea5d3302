/*
 * Operations on the stash from any bytes, one frame after the other: what is
 * stored comes back, and nothing is left at the end.
 */
#include <stdint.h>

#include "base/check.h"
#include "base/error.h"
#include "dirty/dirty_frame.h"
#include "dirty/dirty_stash.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_put(struct dirty_stash *s, struct dirty_stash_request rq)
{
	struct buf out;

	rq.op = DIRTY_STASH_GET;
	buf_init(&out, 1 << 20);
	CHECK(dirty_stash_do(s, &rq, &out) == 0);
	CHECK(str_eq(buf_str(&out), rq.value));
	buf_finish(&out);
}

static void
act(struct dirty_stash *s, struct str payload)
{
	struct dirty_stash_request rq;
	struct buf out;
	int rc;

	if (dirty_stash_read(payload, &rq) < 0)
		return;
	buf_init(&out, 1 << 20);
	rc = dirty_stash_do(s, &rq, &out);
	CHECK(rc == 0 || rc == -E_NOT_FOUND || rc == -E_FULL ||
	    rc == -E_PROTOCOL || rc == -E_NOMEM);
	if (rc == 0 && rq.op == DIRTY_STASH_PUT)
		check_put(s, rq);
	buf_finish(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct dirty_stash *s = dirty_stash_create(4096);
	struct dirty_frame f;
	ssize_t n;

	CHECK(s != NULL);
	while ((n = dirty_frame_parse(in, &f)) > 0) {
		act(s, f.payload);
		in = str_tail(in, (size_t)n);
	}
	dirty_stash_destroy(s);
	return 0;
}
