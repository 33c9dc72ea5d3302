/*
 * config_freeze: from texts to struct config, in one piece of memory.
 */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "config/config_draft.h"
#include "config/config_list.h"
#include "config/config_paste.h"

#include "base/banned.h"

/* What is left of the memory given. */
struct room {
	char *next, *end;
};

static void *
take(struct room *r, size_t n)
{
	char *p = r->next;

	if (n > (size_t)(r->end - r->next))
		return NULL;
	n = (n + 7) & ~(size_t)7;
	r->next = n > (size_t)(r->end - p) ? r->end : p + n;
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

static unsigned
count(struct str items)
{
	unsigned n = 0;

	while (items.len > 0) {
		(void)config_list_next(&items);
		n++;
	}
	return n;
}

static int
put_list(struct room *r, struct str value, struct config_list *out)
{
	unsigned n = count(value);
	const char **items = take(r, (n + 1) * sizeof(items[0]));

	if (items == NULL)
		return -E_TOO_LONG;
	for (unsigned i = 0; i < n; i++) {
		items[i] = take_text(r, config_list_next(&value));
		if (items[i] == NULL)
			return -E_TOO_LONG;
	}
	items[n] = NULL;
	*out = (struct config_list){ n, items };
	return 0;
}

static int
put_map(struct room *r, struct str value, struct config_map *out)
{
	struct config_list list;
	int rc = put_list(r, value, &list);

	if (rc == 0)
		*out = (struct config_map){ list.n / 2, list.items };
	return rc;
}

static int
put_nets(struct room *r, struct str value, struct config_nets *out)
{
	unsigned n = count(value);
	struct config_net *items = take(r, (n + 1) * sizeof(items[0]));

	if (items == NULL)
		return -E_TOO_LONG;
	for (unsigned i = 0; i < n; i++)
		if (config_net_parse(config_list_next(&value), &items[i]) < 0)
			return -E_BAD_VALUE;
	*out = (struct config_nets){ n, items };
	return 0;
}

static int
put_text(struct room *r, struct str text, const char **out)
{
	*out = take_text(r, text);
	return *out == NULL ? -E_TOO_LONG : 0;
}

static int
put_number(const struct config_row *row, struct str text, void *place)
{
	uint64_t number;
	int rc = config_table_number(row, text, &number);

	if (rc < 0)
		return rc;
	if (row->type == CONFIG_BOOL)
		*(bool *)place = number != 0;
	else if (row->type == CONFIG_UINT || row->type == CONFIG_MODE)
		*(unsigned *)place = (unsigned)number;
	else
		*(uint64_t *)place = number;
	return 0;
}

/* Writes one setting to its place in the struct. 0 or -E_*. */
static int
put_setting(struct config *c, const struct config_row *row, struct str value,
    struct room *r)
{
	void *place = (char *)c + row->offset;

	if (row->type < CONFIG_CHOICE)
		return put_number(row, value, place);
	if (row->type == CONFIG_MAP)
		return put_map(r, value, place);
	if (row->type == CONFIG_NETS)
		return put_nets(r, value, place);
	if (config_table_is_list(row))
		return put_list(r, value, place);
	return put_text(r, value, place);
}

/* Nobody shall believe in a setting that does nothing yet. */
static void
warn(const struct config_entry *e, const struct config_row *row)
{
	char text[300];

	if (row->effect != CONFIG_NOT_YET ||
	    e->source <= CONFIG_SOURCE_DETECTED)
		return;
	snprintf(text, sizeof(text),
	    "%.100s: %s is accepted, but this version does not act on it yet",
	    e->where, row->name);
	log_event(EV_CONFIG_WARNING, text);
}

static int
put_all(const struct config_draft *d, struct config *c, struct room *r,
    struct config_problem *p)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < config_table_n; i++) {
		const struct config_entry *e = &d->entries[i];

		rc = put_setting(c, &config_table[i], config_entry_value(e), r);
		if (rc < 0)
			snprintf(p->text, sizeof(p->text), "%.100s: %s: %s",
			    e->where, config_table[i].name, error_text(rc));
	}
	return rc;
}

/* paste: its whole path, and the loggers that its file may have. */
static int
put_paste(struct config *c, struct room *r, struct config_problem *p)
{
	char path[CONFIG_PASTE_MAX];
	struct str whole;
	int rc;

	if (c->paste[0] == '\0')
		return 0;
	rc = config_paste_find(c->paste, path, p);
	if (rc < 0)
		return rc;
	whole = str_of(path);
	rc = put_text(r, whole, &c->paste);
	path[str_find(whole, '#')] = '\0';
	if (rc == 0 && c->logconfig[0] == '\0' && config_paste_logs(path))
		rc = put_text(r, str_of(path), &c->logconfig);
	if (rc < 0)
		snprintf(p->text, sizeof(p->text), "paste: %s", error_text(rc));
	return rc;
}

int
config_freeze(const struct config_draft *d, void *mem, size_t mem_len,
    struct config_problem *p)
{
	struct room r = { mem, (char *)mem + mem_len };
	struct str why = str_of(config_draft_entry(d, "workers")->where);
	struct config *c = take(&r, sizeof(*c));
	int rc;

	if (c == NULL) {
		snprintf(p->text, sizeof(p->text), "settings: %s",
		    error_text(-E_TOO_LONG));
		return -E_TOO_LONG;
	}
	rc = put_all(d, c, &r, p);
	if (rc == 0) {
		rc = put_text(&r, why, &c->workers_source);
		if (rc < 0)
			snprintf(p->text, sizeof(p->text), "settings: %s",
			    error_text(rc));
	}
	if (rc == 0)
		rc = put_paste(c, &r, p);
	if (rc == 0 && c->wsgi_app[0] == '\0' && c->paste[0] == '\0' &&
	    !c->print_config) {
		snprintf(p->text, sizeof(p->text),
		    "No application module specified: name it as MODULE:NAME, "
		    "or in GREENCORN_WSGI_APP.");
		rc = -E_BAD_VALUE;
	}
	return rc;
}

/* Applications that nobody would hold. */
static void
warn_of_apps(const struct config_draft *d)
{
	const struct config_entry *apps = config_draft_entry(d, "dirty_apps");
	const struct config_entry *n = config_draft_entry(d, "dirty_workers");
	char text[300];

	if (config_entry_value(apps).len == 0 ||
	    !str_eq(config_entry_value(n), STR("0")))
		return;
	snprintf(text, sizeof(text),
	    "%.100s: dirty_apps names applications, but no process will hold "
	    "them: dirty_workers is 0",
	    apps->where);
	log_event(EV_CONFIG_WARNING, text);
}

void
config_warn(const struct config_draft *d)
{
	warn_of_apps(d);
	for (unsigned i = 0; i < config_table_n; i++)
		warn(&d->entries[i], &config_table[i]);
}

bool
config_is_check(const struct config *c)
{
	return c->print_config || strcmp(c->check_config, "false") != 0;
}

const char *
config_worker_class(const struct config *c)
{
	if (c->threads > 1 && strcmp(c->worker_class, "sync") == 0)
		return "gthread";
	return c->worker_class;
}
