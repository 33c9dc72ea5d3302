/*
 * config_draft: values as text, each with where it comes from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/error.h"
#include "base/escape.h"

#include "config/config_draft.h"
#include "base/banned.h"

static void
clear(struct config_entry *e)
{
	free(e->where);
	free(e->text);
	e->where = e->text = NULL;
}

/* Replaces an entry; text may be part of its old one. 0 or -E_NOMEM. */
static int
put(struct config_entry *e, enum config_source source, const char *where,
    struct str text)
{
	char *new_where = strdup(where);
	char *new_text = strndup(text.ptr == NULL ? "" : text.ptr, text.len);

	if (new_where == NULL || new_text == NULL) {
		free(new_where);
		free(new_text);
		return -E_NOMEM;
	}
	clear(e);
	e->source = source;
	e->where = new_where;
	e->text = new_text;
	return 0;
}

struct config_draft *
config_draft_create(void)
{
	struct config_draft *d;

	d = calloc(1, sizeof(*d) + config_table_n * sizeof(d->entries[0]));
	if (d == NULL)
		return NULL;
	d->n = config_table_n;
	for (unsigned i = 0; i < d->n; i++) {
		if (put(&d->entries[i], CONFIG_SOURCE_DEFAULT, "default",
			str_of(config_table[i].default_text)) < 0) {
			config_draft_destroy(d);
			return NULL;
		}
	}
	return d;
}

struct config_draft *
config_draft_copy(const struct config_draft *d)
{
	struct config_draft *copy = config_draft_create();

	for (unsigned i = 0; copy != NULL && i < config_table_n; i++) {
		const struct config_entry *e = &d->entries[i];

		if (put(&copy->entries[i], e->source, e->where,
			str_of(e->text)) < 0) {
			config_draft_destroy(copy);
			copy = NULL;
		}
	}
	return copy;
}

void
config_draft_destroy(struct config_draft *d)
{
	if (d == NULL)
		return;
	for (unsigned i = 0; i < config_table_n; i++)
		clear(&d->entries[i]);
	free(d);
}

const struct config_entry *
config_draft_entry(const struct config_draft *d, const char *name)
{
	const struct config_row *row = config_table_find(str_of(name));

	CHECK(row != NULL);
	return &d->entries[row - config_table];
}

const char *
config_draft_text(const struct config_draft *d, const char *name)
{
	return config_draft_entry(d, name)->text;
}

/* The value as an error line can show it, cut where it is long. */
static void
show(struct str value, char *dst, size_t dst_size)
{
	char *end = dst + dst_size - 1;

	while (value.len > 0 && end - dst >= ESCAPE_MAX)
		dst += escape_next(&value, ESCAPE_TEXT, dst);
	*dst = '\0';
}

/* "GREENCORN_WORKERS: workers is 'many', but must be a number from 1 ...". */
static int
bad_value(const char *where, const struct config_row *row, struct str value,
    struct config_problem *p)
{
	char accepts[256], shown[256];

	config_table_accepts(row, accepts, sizeof(accepts));
	show(value, shown, sizeof(shown));
	snprintf(p->text, sizeof(p->text), "%s: %s is '%s', but must be %s",
	    where, row->name, shown, accepts);
	return -E_BAD_VALUE;
}

int
config_draft_set(struct config_draft *d, enum config_source source,
    const char *where, const char *name, struct str value,
    struct config_problem *p)
{
	const struct config_row *row = config_table_find(str_of(name));
	union config_value parsed;
	struct config_entry *e;

	if (row == NULL)
		return -E_NOT_FOUND;
	if (value.len == 0)
		return 0;
	if (config_table_parse(row, value, &parsed) < 0)
		return bad_value(where, row, value, p);
	e = &d->entries[row - config_table];
	if (e->source > source)
		return 0;
	return put(e, source, where, value);
}

int
config_draft_add(struct config_draft *d, enum config_source source,
    const char *where, const char *name, struct str item,
    struct config_problem *p)
{
	const struct config_row *row = config_table_find(str_of(name));
	struct config_entry *e;
	char *joined;
	int len, rc;

	if (row == NULL)
		return -E_NOT_FOUND;
	e = &d->entries[row - config_table];
	if (row->type != CONFIG_LIST || e->source < source)
		return config_draft_set(d, source, where, name, item, p);
	len = asprintf(&joined, "%s\n%.*s", e->text, STR_ARG(item));
	if (len < 0)
		return -E_NOMEM;
	rc = config_draft_set(
	    d, source, where, name, (struct str){ joined, (size_t)len }, p);
	free(joined);
	return rc;
}
