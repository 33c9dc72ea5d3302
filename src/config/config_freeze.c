/*
 * config_freeze: from texts to struct config, in one piece of memory.
 */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/error.h"

#include "config/config_draft.h"
#include "config/config_list.h"
#include "base/banned.h"

/* What is left of the memory given. */
struct room {
	char *next, *end;
};

static void *
take(struct room *r, size_t n)
{
	char *p = r->next;

	n = (n + 7) & ~(size_t)7;
	if (n > (size_t)(r->end - r->next))
		return NULL;
	r->next += n;
	return p;
}

static const char *
take_text(struct room *r, struct str s)
{
	char *p = take(r, s.len + 1);

	if (p == NULL)
		return NULL;
	if (s.len > 0)
		memcpy(p, s.ptr, s.len);
	p[s.len] = '\0';
	return p;
}

struct items {
	struct room *room;
	const char **items; /* NULL: only counting */
	unsigned n;
};

static int
on_item(void *cookie, struct str item)
{
	struct items *list = cookie;

	if (list->items != NULL) {
		list->items[list->n] = take_text(list->room, item);
		if (list->items[list->n] == NULL)
			return -E_TOO_LONG;
	}
	list->n++;
	return 0;
}

static int
put_list(struct room *r, struct str text, struct config_list *out)
{
	struct items list = { .room = r };
	int rc;

	rc = config_list_each(text, on_item, &list);
	if (rc < 0)
		return rc;
	list.items = take(r, (list.n + 1) * sizeof(list.items[0]));
	if (list.items == NULL)
		return -E_TOO_LONG;
	list.n = 0;
	rc = config_list_each(text, on_item, &list);
	out->n = list.n;
	out->items = list.items;
	return rc;
}

static int
put_text(struct room *r, struct str text, const char **out)
{
	*out = take_text(r, text);
	return *out == NULL ? -E_TOO_LONG : 0;
}

/* Writes one setting to its place in the struct. 0 or -E_*. */
static int
put_setting(struct config *c, const struct config_row *row, struct str text,
    struct room *r)
{
	void *place = (char *)c + row->offset;
	union config_value v = { 0 };
	int rc;

	if (row->type == CONFIG_TEXT || row->type == CONFIG_CHOICE)
		return put_text(r, text, place);
	if (row->type == CONFIG_LIST)
		return put_list(r, text, place);
	rc = config_table_parse(row, text, &v);
	if (rc < 0)
		return rc;
	if (row->type == CONFIG_BOOL)
		*(bool *)place = v.yes;
	else if (row->type == CONFIG_UINT)
		*(unsigned *)place = (unsigned)v.number;
	else
		*(uint64_t *)place = v.number;
	return 0;
}

int
config_freeze(const struct config_draft *d, void *mem, size_t mem_len,
    struct config_problem *p)
{
	struct room r = { mem, (char *)mem + mem_len };
	const struct config_entry *workers = config_draft_entry(d, "workers");
	struct config *c = take(&r, sizeof(*c));
	int rc = c == NULL ? -E_TOO_LONG : 0;

	for (unsigned i = 0; rc == 0 && i < config_table_n; i++) {
		rc = put_setting(
		    c, &config_table[i], str_of(d->entries[i].text), &r);
		if (rc < 0)
			snprintf(p->text, sizeof(p->text), "%s: %s: %s",
			    d->entries[i].where, config_table[i].name,
			    error_text(rc));
	}
	if (rc == 0)
		rc = put_text(&r, str_of(workers->where), &c->workers_source);
	if (rc == 0 && c->wsgi_app[0] == '\0') {
		snprintf(p->text, sizeof(p->text),
		    "No application module specified: name it as "
		    "MODULE:NAME, or in GREENCORN_WSGI_APP.");
		rc = -E_BAD_VALUE;
	}
	return rc;
}
