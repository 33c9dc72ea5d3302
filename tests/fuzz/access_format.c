/*
 * A format from any bytes, and the line of a request made of any bytes: the
 * format up to the first NUL, then the request's. A format that the check
 * passes gives a line that is one, and an object that is JSON.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/json.h"
#include "config/config_atoms.h"
#include "http/http_field.h"
#include "http/request.h"
#include "telemetry/access_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(struct str format, struct str line)
{
	/* A format of several lines is the operator's own wish. */
	if (str_find(format, '\n') < format.len)
		return;
	CHECK(str_find(line, '\n') == line.len - 1);
}

static void
check_json(struct str line)
{
	struct arena a;
	struct json doc;

	arena_init(&a, 1 << 22);
	CHECK(json_parse(line, 10000, &a, &doc) == 0);
	CHECK(json_type(&doc, JSON_ROOT) == JSON_OBJECT);
	arena_finish(&a);
}

static void
render(struct str format, bool json, const struct request *req)
{
	struct access_format *f = access_format_create(format, json, 1);
	char *dst = malloc(ACCESS_LINE_MAX);
	struct str line;

	CHECK(f != NULL && dst != NULL);
	line.ptr = dst;
	line.len = access_format_line(f, req, req->started_us, dst);
	CHECK(line.len > 0 && line.len <= ACCESS_LINE_MAX);
	CHECK(line.ptr[line.len - 1] == '\n');
	if (json)
		check_json(str_head(line, line.len - 1));
	else
		check_text(format, line);
	free(dst);
	access_format_destroy(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size }, format;
	struct field fields[8];
	struct request req = { .version = HTTP_1_1 };

	format = str_cut(&in, '\0');
	if (format.len > 8192 || config_atoms_check(format) < 0)
		return 0;
	req.method = str_cut(&in, '\0');
	req.target = str_cut(&in, '\0');
	req.path_info = str_cut(&in, '\0');
	req.query = str_cut(&in, '\0');
	req.response.status = (unsigned)(req.method.len % 600);
	req.response.body_sent = size;
	req.started_us = size * 7919;
	while (in.len > 0 && req.n_fields < 8) {
		struct field *f = &fields[req.n_fields++];

		*f = (struct field){ .name = str_cut(&in, ':') };
		f->value = str_cut(&in, '\0');
		f->id = (unsigned char)http_field_of(f->name);
	}
	req.fields = fields;
	req.response.fields = fields;
	req.response.n_fields = req.n_fields;
	render(format, false, &req);
	render(format, true, &req);
	return 0;
}
