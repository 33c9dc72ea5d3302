/*
 * config_print: --print-config: what holds, and why.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/escape.h"
#include "config/config_draft.h"
#include "config/config_list.h"
#include "config/config_mask.h"

#include "base/banned.h"

#define NAME_WIDTH 34
#define PRINT_MAX ((size_t)1 << 22)

static int
put_json(struct buf *out, struct str s)
{
	int rc = buf_put(out, STR("\""));

	if (rc == 0)
		rc = escape_put(out, s, ESCAPE_JSON);
	return rc == 0 ? buf_put(out, STR("\"")) : rc;
}

/* One item; of KEY=VALUE only the key, for values may be secrets. */
static int
put_item(struct buf *out, const struct config_row *row, struct str item)
{
	char masked[256];
	struct str key = str_head(item, str_find(item, '='));
	struct buf all;
	int rc;

	if (row->type != CONFIG_PAIRS)
		return put_json(out, item);
	buf_init(&all, sizeof(masked) + item.len);
	rc = buf_put(&all, key);
	if (rc == 0)
		rc = buf_put(&all, STR("=***"));
	if (rc == 0)
		rc = put_json(out, buf_str(&all));
	buf_finish(&all);
	return rc;
}

/* A list as a JSON array, a map as an object. */
static int
put_items(struct buf *out, const struct config_row *row, struct str value)
{
	bool map = row->type == CONFIG_MAP;
	int rc = buf_put(out, map ? STR("{") : STR("["));
	bool first = true;

	for (; rc == 0 && value.len > 0; first = false) {
		if (!first)
			rc = buf_put(out, STR(", "));
		if (rc == 0)
			rc = put_item(out, row, config_list_next(&value));
		if (rc == 0 && map)
			rc = buf_put(out, STR(": "));
		if (rc == 0 && map)
			rc = put_item(out, row, config_list_next(&value));
	}
	return rc == 0 ? buf_put(out, map ? STR("}") : STR("]")) : rc;
}

/* "workers                    = 3    # WEB_CONCURRENCY" */
static int
put_text(
    struct buf *out, const struct config_row *row, const struct config_entry *e)
{
	struct str value = config_entry_value(e);
	int rc = buf_printf(out, "%-*s = ", NAME_WIDTH, row->name);

	if (rc < 0)
		return rc;
	if (config_table_is_list(row))
		rc = put_items(out, row, value);
	else
		rc = escape_put(out, value, ESCAPE_TEXT);
	return rc < 0 ? rc : buf_printf(out, "  # %s\n", e->where);
}

static int
put_json_row(
    struct buf *out, const struct config_row *row, const struct config_entry *e)
{
	struct str value = config_entry_value(e);
	int rc;

	rc = buf_printf(out,
	    "%s\n  \"%s\": {\"value\": ", row == config_table ? "{" : ",",
	    row->name);
	if (rc == 0)
		rc = config_table_is_list(row) ? put_items(out, row, value)
					       : put_json(out, value);
	if (rc == 0)
		rc = buf_put(out, STR(", \"source\": "));
	if (rc == 0)
		rc = put_json(out, str_of(e->where));
	if (rc == 0)
		rc = buf_put(out, STR("}"));
	if (rc == 0 && row == &config_table[config_table_n - 1])
		rc = buf_put(out, STR("\n}\n"));
	return rc;
}

/* GREENCORN_NAME='value', for a shell or an env file; what is set only. */
static int
put_env(
    struct buf *out, const struct config_row *row, const struct config_entry *e)
{
	struct str value = config_entry_value(e);
	struct buf text;
	int rc;

	if (row->type == CONFIG_PAIRS)
		return 0;
	if (value.len == 0 &&
	    (!config_table_is_list(row) || e->source == CONFIG_SOURCE_DEFAULT))
		return 0;
	buf_init(&text, CONFIG_VALUE_MAX * 2);
	rc = buf_put(out, STR("GREENCORN_"));
	for (const char *p = row->name; rc == 0 && *p != '\0'; p++) {
		char c = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;

		rc = buf_put(out, (struct str){ &c, 1 });
	}
	if (rc == 0)
		rc = config_table_is_list(row) ? put_items(&text, row, value)
					       : buf_put(&text, value);
	if (rc == 0)
		rc = buf_put(out, STR("='"));
	value = buf_str(&text);
	while (rc == 0 && value.ptr != NULL) {
		struct str part = str_cut(&value, '\'');

		rc = buf_put(out, part);
		if (rc == 0 && value.ptr != NULL)
			rc = buf_put(out, STR("'\\''"));
	}
	buf_finish(&text);
	return rc == 0 ? buf_put(out, STR("'\n")) : rc;
}

/* "workers": "3" */
static int
put_value(
    struct buf *out, const struct config_row *row, const struct config_entry *e)
{
	struct str value = config_entry_value(e);
	int rc = buf_printf(
	    out, "%s\"%s\": ", row == config_table ? "{" : ", ", row->name);

	if (rc == 0)
		rc = config_table_is_list(row) ? put_items(out, row, value)
					       : put_json(out, value);
	if (rc == 0 && row == &config_table[config_table_n - 1])
		rc = buf_put(out, STR("}"));
	return rc;
}

static int
put_row(struct buf *out, struct str form, const struct config_row *row,
    const struct config_entry *e)
{
	if (str_eq(form, STR("json")))
		return put_json_row(out, row, e);
	if (str_eq(form, STR("env")))
		return put_env(out, row, e);
	if (str_eq(form, STR("values")))
		return put_value(out, row, e);
	return put_text(out, row, e);
}

/* The same of an object, without its secrets. */
static int
put_masked(struct buf *out, struct str form, const struct config_row *row,
    const struct config_entry *e)
{
	struct config_entry shown = *e;
	struct buf text;
	int rc;

	buf_init(&text, CONFIG_VALUE_MAX * 2);
	rc = config_mask_json(config_entry_value(e), &text);
	shown.value = text.mem + text.start;
	shown.len = buf_len(&text);
	/* Somebody would set what has no secrets any more. */
	if (rc >= 0 && !(rc > 0 && str_eq(form, STR("env"))))
		rc = put_row(out, form, row, &shown);
	buf_finish(&text);
	return rc < 0 ? rc : 0;
}

static int
print(const struct config_draft *d, struct str form, struct buf *out)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < config_table_n; i++) {
		const struct config_row *row = &config_table[i];
		const struct config_entry *e = &d->entries[i];

		rc = row->type == CONFIG_JSON && e->len > 0
		    ? put_masked(out, form, row, e)
		    : put_row(out, form, row, e);
	}
	return rc;
}

int
config_print(const struct config_draft *d, struct buf *out)
{
	return print(d, str_of(config_draft_text(d, "print_format")), out);
}

int
config_print_values(const struct config_draft *d, struct buf *out)
{
	return print(d, STR("values"), out);
}

void
config_print_out(const struct config_draft *d)
{
	struct buf text;
	struct str s;

	buf_init(&text, PRINT_MAX);
	if (config_print(d, &text) == 0) {
		s = buf_str(&text);
		(void)fwrite(s.ptr, 1, s.len, stdout);
		(void)fflush(stdout);
	}
	buf_finish(&text);
}
