/*
 * Error frames. Run by the dirty arbiter; pure.
 */
#include "dirty/dirty_answer.h"

#include <math.h>

#include "base/error.h"
#include "base/escape.h"
#include "dirty/dirty_tlv.h"

#include "base/banned.h"

#define ANSWER_MAX 4096 /* messages are ours, details short */
#define TEXT_MAX 512    /* of one detail: an app's path, mostly */

void
dirty_caller_set(struct dirty_caller *c, const struct dirty_frame *f,
    const struct dirty_route *r)
{
	struct str id = r->id;

	c->format = f->format;
	c->id = f->id;
	if (id.ptr == NULL || id.len > sizeof(c->text))
		id = STR("null");
	memcpy(c->text, id.ptr, id.len);
	c->text_len = (unsigned)id.len;
}

/* --- JSON --- */

static int
put_json_text(struct buf *out, struct str s)
{
	char piece[ESCAPE_MAX];
	size_t n;
	int rc = buf_put(out, STR("\""));

	s = str_head(s, TEXT_MAX);
	while (rc == 0 && s.len > 0) {
		n = escape_next(&s, ESCAPE_JSON, piece);
		rc = buf_put(out, (struct str){ piece, n });
	}
	return rc < 0 ? rc : buf_put(out, STR("\""));
}

static int
put_json_detail(struct buf *out, const struct dirty_detail *d, bool first)
{
	int rc = buf_printf(out, "%s\"%s\": ", first ? "" : ", ", d->name);

	if (rc < 0)
		return rc;
	if (d->text.ptr == NULL)
		return buf_printf(out, "%.15g", d->number);
	return put_json_text(out, d->text);
}

static int
put_json(struct buf *out, const struct dirty_caller *c, const char *error,
    const char *message, const struct dirty_detail *d)
{
	const struct dirty_detail *first = d;
	int rc;

	rc = buf_printf(out,
	    "{\"type\": \"error\", \"id\": %.*s, \"error\": "
	    "{\"error_type\": \"%s\", \"message\": ",
	    (int)c->text_len, c->text, error);
	if (rc == 0)
		rc = put_json_text(out, str_of(message));
	if (rc == 0)
		rc = buf_put(out, STR(", \"details\": {"));
	for (; rc == 0 && d != NULL && d->name != NULL; d++)
		rc = put_json_detail(out, d, d == first);
	return rc < 0 ? rc : buf_put(out, STR("}}}"));
}

/* --- TLV --- */

static int
put_tlv_text(struct buf *out, struct str s)
{
	return dirty_tlv_put_string(out, str_head(s, TEXT_MAX));
}

static int
put_tlv_number(struct buf *out, double number)
{
	char text[9] = { DIRTY_TLV_FLOAT64 };
	uint64_t bits;

	if (floor(number) == number)
		return dirty_tlv_put_int(out, (int64_t)number);
	memcpy(&bits, &number, sizeof(bits));
	for (unsigned i = 0; i < 8; i++)
		text[1 + i] = (char)(bits >> (56 - 8 * i));
	return buf_put(out, (struct str){ text, sizeof(text) });
}

static int
put_tlv_detail(struct buf *out, const struct dirty_detail *d)
{
	int rc = put_tlv_text(out, str_of(d->name));

	if (rc < 0)
		return rc;
	return d->text.ptr == NULL ? put_tlv_number(out, d->number)
				   : put_tlv_text(out, d->text);
}

static int
put_tlv(struct buf *out, const char *error, const char *message,
    const struct dirty_detail *d)
{
	const struct str texts[] = { STR("error"), STR("error_type"),
		str_of(error), STR("message"), str_of(message),
		STR("details") };
	unsigned n = 0;
	int rc;

	while (d != NULL && d[n].name != NULL)
		n++;
	rc = dirty_tlv_put_head(out, DIRTY_TLV_DICT, 1);
	for (unsigned i = 0; rc == 0 && i < 6; i++) {
		rc = put_tlv_text(out, texts[i]);
		if (rc == 0 && i == 0)
			rc = dirty_tlv_put_head(out, DIRTY_TLV_DICT, 3);
	}
	if (rc == 0)
		rc = dirty_tlv_put_head(out, DIRTY_TLV_DICT, n);
	for (unsigned i = 0; rc == 0 && i < n; i++)
		rc = put_tlv_detail(out, &d[i]);
	return rc;
}

int
dirty_answer_error(struct buf *out, const struct dirty_caller *c,
    const char *error, const char *message, const struct dirty_detail *details)
{
	char head[DIRTY_HEAD_MAX];
	struct buf payload;
	size_t n;
	int rc;

	buf_init(&payload, ANSWER_MAX);
	rc = c->format == DIRTY_JSON
	    ? put_json(&payload, c, error, message, details)
	    : put_tlv(&payload, error, message, details);
	if (rc == 0) {
		n = dirty_frame_head(
		    c->format, DIRTY_ERROR, c->id, buf_len(&payload), head);
		rc = buf_put(out, (struct str){ head, n });
	}
	if (rc == 0)
		rc = buf_put(out, buf_str(&payload));
	buf_finish(&payload);
	return rc;
}
