/*
 * floor_c: the floor without Python. Answers each request with the same
 * bytes, or with the request's own body.
 *
 *   floor-c PORT BODY-BYTES|echo [close]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor.h"

static struct floor_answer fixed;

static void
fixed_answer(const struct floor_request *req, struct floor_answer *a)
{
	(void)req;
	memcpy(a->head, fixed.head, fixed.head_len);
	a->head_len = fixed.head_len;
	a->body = fixed.body;
	a->body_len = fixed.body_len;
	a->owner = NULL;
}

static size_t
head(char *to, size_t size, size_t body_len)
{
	return (size_t)snprintf(to, size,
	    "HTTP/1.1 200 OK\r\n"
	    "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n",
	    body_len);
}

static void
echo_answer(const struct floor_request *req, struct floor_answer *a)
{
	char *body = NULL;

	a->head_len = head(a->head, sizeof(a->head), req->body_len);
	a->body = req->body;
	a->body_len = req->body_len;
	if (req->body_len > 8192) {
		/* The loop may have to keep it. */
		body = malloc(req->body_len);
		if (body == NULL)
			exit(1);
		a->body = memcpy(body, req->body, req->body_len);
	}
	a->owner = body;
}

int
main(int argc, char **argv)
{
	struct floor_app app = { .answer = fixed_answer, .done = free };
	char *body;

	if (argc < 3)
		return 2;
	app.close_each = argc > 3;
	if (strcmp(argv[2], "echo") == 0) {
		app.answer = echo_answer;
		app.bodies = true;
	} else {
		fixed.body_len = strtoul(argv[2], NULL, 10);
		fixed.head_len =
		    head(fixed.head, sizeof(fixed.head), fixed.body_len);
		fixed.body = body = malloc(fixed.body_len);
		if (body == NULL)
			return 1;
		memset(body, 'x', fixed.body_len);
	}
	floor_run(atoi(argv[1]), &app);
	return 0;
}
