/*
 * A chunked body from any bytes: whole, and byte by byte with little room,
 * which must give the same data, the same end and the same refusal. What was
 * accepted is encoded again and must come back.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/h1_chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	char *data; /* room for all of the input */
	size_t len, used;
	bool done, broken;
	unsigned status;
};

static const struct h1_rules rules = {
	.head_max = 4096, .line_max = 256, .field_max = 64, .n_fields_max = 4,
};

static void
decode(struct str in, size_t step, size_t room, struct outcome *o)
{
	struct http_error err = { 0, NULL };
	struct h1_chunk st;
	struct str data;
	ssize_t n;

	h1_chunk_init(&st, &rules, 1);
	while (o->used < in.len && !st.done && !o->broken) {
		n = h1_chunk_decode(&st,
		    str_head(str_tail(in, o->used), step), room, &data, &err);
		if (n < 0) {
			o->broken = true;
			o->status = err.status;
			CHECK(err.status == 400 || err.status == 431);
			break;
		}
		CHECK(n > 0 && data.len <= room);
		memcpy(o->data + o->len, data.ptr, data.len);
		o->len += data.len;
		o->used += (size_t)n;
	}
	CHECK(st.total == o->len);
	o->done = st.done;
}

static struct outcome
outcome_for(size_t size)
{
	struct outcome o = { .data = malloc(size + 1) };

	CHECK(o.data != NULL);
	return o;
}

/* One chunk, and the end: what we would send must be what we accept. */
static void
check_encoder(const struct outcome *o)
{
	size_t n, size = o->len + H1_CHUNK_HEAD_MAX + 16;
	struct outcome again = outcome_for(size);
	char *wire = malloc(size);

	CHECK(wire != NULL);
	n = h1_chunk_put_head(wire, o->len);
	memcpy(wire + n, o->data, o->len);
	n += o->len;
	memcpy(wire + n, H1_CHUNK_TAIL H1_CHUNK_END,
	    sizeof(H1_CHUNK_TAIL H1_CHUNK_END) - 1);
	n += sizeof(H1_CHUNK_TAIL H1_CHUNK_END) - 1;
	decode((struct str){ wire, n }, n, n, &again);
	CHECK(again.done && again.used == n && again.len == o->len);
	CHECK(memcmp(again.data, o->data, o->len) == 0);
	free(again.data);
	free(wire);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct outcome whole = outcome_for(size), parts = outcome_for(size);

	decode(in, size, size + 1, &whole);
	decode(in, 1, 1, &parts);
	CHECK(whole.done == parts.done && whole.broken == parts.broken);
	CHECK(whole.status == parts.status && whole.len == parts.len);
	CHECK(memcmp(whole.data, parts.data, whole.len) == 0);
	CHECK(!whole.done || whole.used == parts.used);
	if (whole.done && whole.len > 0)
		check_encoder(&whole);
	free(whole.data);
	free(parts.data);
	return 0;
}
