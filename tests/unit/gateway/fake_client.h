/*
 * fake_client: a request that came over no wire, the answer it got, and a
 * worker class that waits for nothing: each wait brings the next piece of
 * body, or makes room.
 */
#ifndef TESTS_FAKE_CLIENT_H
#define TESTS_FAKE_CLIENT_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "http/http_field.h"
#include "http/seams.h"

#define FAKE_RING 64
#define FAKE_FIELDS_MAX 32

struct fake_client {
	struct stream stream; /* first */
	struct executor executor;
	struct request *req;
	struct field fields[FAKE_FIELDS_MAX];

	struct str body;  /* not yet in the ring */
	size_t piece;     /* bytes of body that come at a time */
	size_t credit;    /* given back by the application */
	size_t room_max;  /* bytes that body takes before a wait */
	size_t room;
	enum request_end ends; /* set by the next wait instead */
	int gone_after;   /* bodies taken before -E_GONE; -1: never */
	bool no_file;     /* file answers -E_NOT_FOUND */
	bool whole;       /* takes whole answers */

	char out[1 << 20]; /* the answer, NUL-terminated */
	size_t out_len;
	unsigned heads, bodies, files, waits, wholes;
	bool ended, was_reset;
};

static struct fake_client *
fake_from(struct stream *s)
{
	return (struct fake_client *)(void *)s;
}

static void
fake_put(struct fake_client *f, struct str s)
{
	if (s.len >= sizeof f->out - f->out_len)
		abort();
	memcpy(f->out + f->out_len, s.ptr, s.len);
	f->out_len += s.len;
	f->out[f->out_len] = '\0';
}

static int
fake_fields(struct stream *s, unsigned status, struct str reason,
    const struct field *fields, unsigned n_fields)
{
	struct fake_client *f = fake_from(s);
	char digits[16];

	if (request_ended(f->req) != REQUEST_GOES_ON)
		return -E_GONE;
	fake_put(f, (struct str){ digits,
	    (size_t)snprintf(digits, sizeof digits, "%u ", status) });
	fake_put(f, reason);
	fake_put(f, STR("\n"));
	for (unsigned i = 0; i < n_fields; i++) {
		fake_put(f, fields[i].name);
		fake_put(f, STR(": "));
		fake_put(f, fields[i].value);
		fake_put(f, STR("\n"));
	}
	fake_put(f, STR("\n"));
	return 0;
}

static int
fake_head(struct stream *s, unsigned status, struct str reason,
    const struct field *fields, unsigned n_fields)
{
	fake_from(s)->heads++;
	return fake_fields(s, status, reason, fields, n_fields);
}

static int
fake_informational(struct stream *s, unsigned status,
    const struct field *fields, unsigned n_fields)
{
	return fake_fields(s, status, STR("informational"), fields, n_fields);
}

static ssize_t
fake_body(struct stream *s, struct str data)
{
	struct fake_client *f = fake_from(s);

	if (request_ended(f->req) != REQUEST_GOES_ON)
		return -E_GONE;
	if (f->gone_after >= 0 && f->gone_after-- == 0) {
		request_set_end(f->req, REQUEST_GONE);
		return -E_GONE;
	}
	data = str_head(data, f->room);
	f->room -= data.len;
	f->bodies++;
	fake_put(f, data);
	return (ssize_t)data.len;
}

static int
fake_whole(struct stream *s, unsigned status, struct str reason,
    const struct field *fields, unsigned n_fields, struct str body)
{
	struct fake_client *f = fake_from(s);

	if (!f->whole)
		return -E_FULL;
	if (fake_fields(s, status, reason, fields, n_fields) < 0)
		return -E_GONE;
	fake_put(f, body);
	f->wholes++;
	f->ended = true;
	/* A protocol frees it here. */
	f->req->fields = NULL;
	arena_finish(&f->req->arena);
	return 0;
}

static ssize_t
fake_file(struct stream *s, int fd, off_t offset, size_t len)
{
	struct fake_client *f = fake_from(s);
	char mem[4096];
	ssize_t n;

	if (f->no_file)
		return -E_NOT_FOUND;
	if (len > f->room)
		len = f->room;
	n = pread(fd, mem, len < sizeof mem ? len : sizeof mem, offset);
	if (n <= 0)
		return 0;
	f->files++;
	f->room -= (size_t)n;
	fake_put(f, (struct str){ mem, (size_t)n });
	return n;
}

static int
fake_end(struct stream *s)
{
	fake_from(s)->ended = true;
	return 0;
}

static void
fake_credit(struct stream *s, size_t n)
{
	fake_from(s)->credit += n;
}

static size_t
fake_room(struct stream *s)
{
	return fake_from(s)->room;
}

static void
fake_reset(struct stream *s)
{
	fake_from(s)->was_reset = true;
}

static const struct stream_ops fake_stream_ops = {
	.name = "fake",
	.head = fake_head,
	.informational = fake_informational,
	.body = fake_body,
	.file = fake_file,
	.whole = fake_whole,
	.end = fake_end,
	.body_credit = fake_credit,
	.room = fake_room,
	.reset = fake_reset,
};

static void
fake_bring_body(struct fake_client *f)
{
	size_t n;

	n = body_put(&f->req->body, str_head(f->body, f->piece));
	f->body = str_tail(f->body, n);
	if (f->body.len == 0)
		body_set_complete(&f->req->body);
}

static unsigned
fake_wait(struct executor *e, struct request *req, unsigned events)
{
	struct fake_client *f = fake_from(req->stream);

	(void)e;
	f->waits++;
	if (f->ends != REQUEST_GOES_ON) {
		request_set_end(req, f->ends);
		return EXECUTOR_END;
	}
	if (events & EXECUTOR_BODY)
		fake_bring_body(f);
	if (events & EXECUTOR_ROOM)
		f->room = f->room_max;
	return events;
}

static const struct executor_ops fake_executor_ops = {
	.name = "fake",
	.wait = fake_wait,
};

/* GET / of HTTP/1.1 with Host, all else to be changed before it is used. */
static struct fake_client *
fake_create(void)
{
	struct fake_client *f = calloc(1, sizeof *f);
	struct request *req;

	if (f == NULL)
		abort();
	f->stream.ops = &fake_stream_ops;
	f->executor.ops = &fake_executor_ops;
	f->room = f->room_max = sizeof f->out;
	f->gone_after = -1;
	f->piece = 10;
	req = request_create(&f->stream, NULL, 1 << 20);
	if (req == NULL)
		abort();
	f->req = req;
	req->executor = &f->executor;
	req->version = HTTP_1_1;
	req->method = STR("GET");
	req->target = req->path = req->path_info = STR("/");
	req->query = STR("");
	req->scheme = STR("http");
	req->host = STR("example.org");
	req->fields = f->fields;
	req->content_length = -1;
	req->keep_alive = true;
	req->peer = (struct endpoint){ STR("192.0.2.7"), 4711 };
	req->local = (struct endpoint){ STR("127.0.0.1"), 8000 };
	return f;
}

static void
fake_add_field(struct fake_client *f, struct str name, struct str value)
{
	if (f->req->n_fields == FAKE_FIELDS_MAX)
		abort();
	f->fields[f->req->n_fields++] = (struct field){
		.name = name,
		.value = value,
		.id = (unsigned char)http_field_of(name),
	};
}

/* length: announced or, when negative, chunked. */
static void
fake_set_body(struct fake_client *f, struct str body, int64_t length)
{
	if (body_init(&f->req->body, FAKE_RING) < 0)
		abort();
	f->body = body;
	f->req->method = STR("POST");
	f->req->content_length = length;
	f->req->chunked = length < 0;
}

static void
fake_destroy(struct fake_client *f)
{
	request_destroy(f->req);
	free(f);
}

#endif
