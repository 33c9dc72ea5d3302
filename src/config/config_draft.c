/*
 * config_draft: values as text, each with where it comes from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/error.h"
#include "base/escape.h"
#include "config/config_draft.h"
#include "config/config_list.h"

#include "base/banned.h"

static void
clear(struct config_entry *e)
{
	free(e->where);
	free(e->value);
	e->where = NULL;
	e->value = NULL;
	e->len = 0;
}

/* Replaces an entry; value may be part of its old one. 0 or -E_NOMEM. */
static int
put(struct config_entry *e, enum config_source source, const char *where,
    struct str value)
{
	char *new_where = strdup(where);
	char *new_value = malloc(value.len + 1);

	if (new_where == NULL || new_value == NULL) {
		free(new_where);
		free(new_value);
		return -E_NOMEM;
	}
	if (value.len > 0)
		memcpy(new_value, value.ptr, value.len);
	new_value[value.len] = '\0';
	clear(e);
	e->source = source;
	e->where = new_where;
	e->value = new_value;
	e->len = value.len;
	return 0;
}

struct config_draft *
config_draft_create(void)
{
	struct config_problem p;
	struct config_draft *d;
	int rc = 0;

	d = calloc(1, sizeof(*d) + config_table_n * sizeof(d->entries[0]));
	if (d == NULL)
		return NULL;
	d->n = config_table_n;
	for (unsigned i = 0; rc == 0 && i < d->n; i++) {
		rc = put(
		    &d->entries[i], CONFIG_SOURCE_DEFAULT, "default", STR(""));
		if (rc == 0)
			rc = config_draft_set(d, CONFIG_SOURCE_DEFAULT,
			    "default", config_table[i].name,
			    str_of(config_table[i].default_text), &p);
	}
	CHECK(rc == 0 || rc == -E_NOMEM); /* else a default is not valid */
	if (rc == 0)
		return d;
	config_draft_destroy(d);
	return NULL;
}

struct config_draft *
config_draft_copy(const struct config_draft *d)
{
	struct config_draft *copy = config_draft_create();

	for (unsigned i = 0; copy != NULL && i < config_table_n; i++) {
		const struct config_entry *e = &d->entries[i];

		if (put(&copy->entries[i], e->source, e->where,
			config_entry_value(e)) < 0) {
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
	return config_draft_entry(d, name)->value;
}

void
config_draft_show(struct str value, char *dst, size_t dst_size)
{
	char *end = dst + dst_size - 4;

	while (value.len > 0 && end - dst > ESCAPE_MAX)
		dst += escape_next(&value, ESCAPE_TEXT, dst);
	if (value.len > 0) {
		memcpy(dst, "...", 3);
		dst += 3;
	}
	*dst = '\0';
}

/* "GREENCORN_WORKERS: workers is 'many', but must be a number from 1 ...". */
static int
refuse(const char *where, const struct config_row *row, struct str value,
    int rc, struct config_problem *p)
{
	char accepts[256], shown[256];

	config_table_accepts(row, accepts, sizeof(accepts));
	config_draft_show(value, shown, sizeof(shown));
	if (rc != -E_NOT_FOUND)
		snprintf(p->text, sizeof(p->text),
		    "%.100s: %s is '%s', but must be %s", where, row->name,
		    shown, accepts);
	else if (row->type == CONFIG_CHOICE)
		snprintf(p->text, sizeof(p->text),
		    "%.100s: %s is '%s', which comes in a later version; "
		    "accepted now: %s",
		    where, row->name, shown, accepts);
	else
		snprintf(p->text, sizeof(p->text),
		    "%.100s: %s is '%s', but what it asks for comes in a later "
		    "version",
		    where, row->name, shown);
	return -E_BAD_VALUE;
}

/* Where do commas divide, whatever the type? */
static bool
divides(const struct config_row *row, enum config_source source)
{
	if (row->type == CONFIG_WORDS || row->type == CONFIG_NETS)
		return true;
	return source == CONFIG_SOURCE_DEFAULT ||
	    source == CONFIG_SOURCE_PLATFORM ||
	    source == CONFIG_SOURCE_GUNICORN || source == CONFIG_SOURCE_DIR ||
	    source == CONFIG_SOURCE_ENV;
}

/* Appends text to kept in the form of a draft. 0 or -E_*. */
static int
convert(const struct config_row *row, enum config_source source,
    struct str text, struct buf *kept)
{
	if (row->type == CONFIG_MAP)
		return config_list_read_map(text, kept);
	if (config_table_is_list(row))
		return config_list_read(text, divides(row, source), kept);
	return buf_put(kept, config_table_canonical(row, text));
}

/* Lines of a file end in CR LF at times, values in spaces. */
static struct str
trim(const struct config_row *row, struct str text)
{
	if (row->type == CONFIG_TEXT)
		return text;
	text = str_trim(text);
	while (text.len > 0 &&
	    (text.ptr[text.len - 1] == '\r' || text.ptr[text.len - 1] == '\n'))
		text = str_trim(str_head(text, text.len - 1));
	return text;
}

/* "[]" and "{}" are values: nothing of it. But there is a bind always. */
static bool
may_be_empty(const struct config_row *row)
{
	return row->type == CONFIG_MAP ||
	    (config_table_is_list(row) && row->type != CONFIG_BINDS);
}

/* Puts before and value, as one list, or value alone. */
static int
set(struct config_draft *d, const struct config_row *row,
    enum config_source source, const char *where, struct str before,
    struct str value, struct config_problem *p)
{
	struct config_entry *e = &d->entries[row - config_table];
	struct buf kept;
	bool some;
	int rc;

	value = trim(row, value);
	if (value.len == 0)
		return 0;
	buf_init(&kept, CONFIG_VALUE_MAX);
	rc = buf_put(&kept, before);
	if (rc == 0)
		rc = convert(row, source, value, &kept);
	some = rc == 0 && buf_len(&kept) > 0;
	if (some)
		rc = config_table_check(row, buf_str(&kept));
	if (rc < 0 && rc != -E_NOMEM)
		rc = refuse(where, row, value, rc, p);
	else if (rc == 0 && (some || may_be_empty(row)) && e->source <= source)
		rc = put(e, source, where, buf_str(&kept));
	buf_finish(&kept);
	if (rc == -E_NOMEM)
		snprintf(p->text, sizeof(p->text), "%.100s: %s", where,
		    error_text(rc));
	return rc;
}

int
config_draft_set(struct config_draft *d, enum config_source source,
    const char *where, const char *name, struct str value,
    struct config_problem *p)
{
	const struct config_row *row = config_table_find(str_of(name));

	if (row == NULL)
		return -E_NOT_FOUND;
	return set(d, row, source, where, STR(""), value, p);
}

int
config_draft_add(struct config_draft *d, enum config_source source,
    const char *where, const char *name, struct str item,
    struct config_problem *p)
{
	const struct config_row *row = config_table_find(str_of(name));
	const struct config_entry *e;
	struct str before = STR("");

	if (row == NULL)
		return -E_NOT_FOUND;
	e = &d->entries[row - config_table];
	if (config_table_is_list(row) && row->type != CONFIG_MAP &&
	    e->source == source)
		before = config_entry_value(e);
	return set(d, row, source, where, before, item, p);
}
