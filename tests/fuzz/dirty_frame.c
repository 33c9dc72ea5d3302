/*
 * A dirty call's frame from any bytes: what it says lies within it, and does
 * not come before all of it is there.
 */
#include <stdint.h>

#include "base/check.h"
#include "base/error.h"
#include "dirty/dirty_answer.h"
#include "dirty/dirty_frame.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_within(struct str part, struct str whole)
{
	if (part.ptr != NULL)
		CHECK(part.ptr >= whole.ptr &&
		    part.ptr + part.len <= whole.ptr + whole.len);
}

static void
check_route(const struct dirty_frame *f)
{
	struct dirty_caller c;
	struct dirty_route r;
	struct buf out;
	int rc = dirty_frame_route(f, &r);

	CHECK(rc == 0 || rc == -E_PROTOCOL);
	check_within(r.id, f->payload);
	if (r.app_path.ptr == r.plain)
		check_within(
		    r.app_path, (struct str){ r.plain, sizeof(r.plain) });
	else
		check_within(r.app_path, f->payload);
	check_within(r.action, f->payload);
	dirty_caller_set(&c, f, &r);
	buf_init(&out, 8192);
	CHECK(dirty_answer_error(&out, &c, "DirtyError", "text", NULL) == 0);
	buf_finish(&out);
}

/* What comes over a link: it may say anything, of the right length. */
static void
check_envelope(struct str in)
{
	struct dirty_envelope e;
	struct dirty_frame f = { .format = DIRTY_LINKED };
	struct str payload;
	ssize_t n = dirty_envelope_parse(in, &e, &payload);

	CHECK(n == -E_TOO_LONG || (n >= 0 && (size_t)n <= in.len));
	if (n <= 0)
		return;
	CHECK((size_t)n == sizeof(e) + payload.len);
	check_within(payload, in);
	CHECK(dirty_envelope_parse(str_head(in, (size_t)n - 1), &e, &payload) ==
	    0);
	f.type = e.type;
	f.id = e.id;
	f.payload = str_tail(str_head(in, (size_t)n), sizeof(e));
	check_route(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct dirty_frame f, g;
	ssize_t n = dirty_frame_parse(in, &f);
	char text[100];

	check_envelope(in);
	if (n < 0) {
		dirty_frame_problem((int)n, &f, text, sizeof(text));
		return 0;
	}
	CHECK((size_t)n <= size);
	if (n == 0)
		return 0;
	CHECK(dirty_frame_parse(str_head(in, (size_t)n - 1), &g) == 0);
	check_route(&f);
	return 0;
}
