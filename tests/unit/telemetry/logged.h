/* A request as the access log sees one: made by hand. */
#ifndef TESTS_LOGGED_H
#define TESTS_LOGGED_H

#include "http/http_field.h"
#include "http/request.h"

static inline struct field
logged_field(const char *name, const char *value)
{
	struct field f = { .name = str_of(name), .value = str_of(value) };

	f.id = (unsigned char)http_field_of(f.name);
	return f;
}

/* Answered with 200 and five bytes; fields are the caller's. */
static inline struct request
logged_request(struct field *fields, unsigned n)
{
	struct request req = {
		.version = HTTP_1_1,
		.method = STR("GET"),
		.target = STR("/a%20b?x=1"),
		.path = STR("/a%20b"),
		.path_info = STR("/a b"),
		.query = STR("x=1"),
		.scheme = STR("http"),
		.fields = fields,
		.n_fields = n,
	};

	req.peer.host = STR("10.0.0.1");
	req.peer.port = 4711;
	req.local.host = STR("10.0.0.2");
	req.local.port = 80;
	req.response.status = 200;
	req.response.body_sent = 5;
	return req;
}

#endif
