/*
 * draft: the draft that a test fills, the problem it was told of, and what was
 * logged meanwhile. A new one for each test.
 */
#ifndef TESTS_DRAFT_H
#define TESTS_DRAFT_H

#include <string.h>

#include "base/log.h"
#include "config/config_draft.h"

static struct config_draft *d;
static struct config_problem p;
static char logged[4096]; /* NUL-terminated */

static void
draft_keep_line(const char *line, size_t n)
{
	size_t have = strlen(logged);

	assert_true(have + n < sizeof(logged));
	memcpy(logged + have, line, n);
	logged[have + n] = '\0';
}

static int
draft_setup(void **state)
{
	(void)state;
	log_write = draft_keep_line;
	logged[0] = '\0';
	d = config_draft_create();
	return d == NULL ? -1 : 0;
}

static int
draft_teardown(void **state)
{
	(void)state;
	config_draft_destroy(d);
	return 0;
}

#endif
