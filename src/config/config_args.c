/*
 * config_args: a command line as Gunicorn's users write it: long flags with
 * "=" or a space, unambiguous beginnings of them, short flags with or without
 * a space, the application wherever it stands.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/suggest.h"

#include "config/config_draft.h"
#include "base/banned.h"

#define FLAGS_MAX 192

/* What stands on a command line besides settings. */
static const struct {
	const char *flags;
	enum config_args_wish wish;
} wishes[] = {
	{ "-h --help", CONFIG_ARGS_HELP },
	{ "-v --version", CONFIG_ARGS_VERSION },
	{ "--check-config", CONFIG_ARGS_CHECK },
};

struct found {
	const struct config_row *row; /* NULL: a wish */
	enum config_args_wish wish;
	unsigned n; /* how many flags it might be */
	bool exact;
};

/* Whether flag is, or begins, one of flags: 2, 1 or 0. */
static int
match(const char *flags, struct str flag)
{
	struct str rest = str_of(flags);
	int best = 0;

	while (rest.len > 0) {
		struct str one = str_cut(&rest, ' ');

		if (str_eq(one, flag))
			return 2;
		if (flag.len > 2 && str_starts(flag, STR("--")) &&
		    str_starts(one, flag))
			best = 1;
	}
	return best;
}

static void
consider(struct found *f, int how, const struct config_row *row,
    enum config_args_wish wish)
{
	if (how == 0 || (how == 1 && f->exact))
		return;
	f->n = how == 2 ? 1 : f->n + 1;
	f->exact = how == 2;
	f->row = row;
	f->wish = wish;
}

static struct found
find(struct str flag)
{
	struct found f = { .n = 0 };

	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
		consider(
		    &f, match(wishes[i].flags, flag), NULL, wishes[i].wish);
	for (unsigned i = 0; i < config_table_n; i++)
		consider(&f, match(config_table[i].flags, flag),
		    &config_table[i], CONFIG_ARGS_SERVE);
	return f;
}

/* "unknown flag --wrokers; did you mean --workers?" */
static int
unknown(struct str flag, unsigned n, struct config_problem *p)
{
	static char names[FLAGS_MAX][32];
	const char *list[FLAGS_MAX + 1];
	const char *near;
	unsigned k = 0;

	for (unsigned i = 0; i < config_table_n; i++) {
		struct str rest = str_of(config_table[i].flags);

		while (rest.len > 0 && k < FLAGS_MAX) {
			if (str_to_z(str_cut(&rest, ' '), names[k],
				sizeof(names[k])) == 0) {
				list[k] = names[k];
				k++;
			}
		}
	}
	list[k] = NULL;
	near = suggest_nearest(flag, list);
	snprintf(p->text, sizeof(p->text), "%s flag %.*s%s%s%s",
	    n > 1 ? "ambiguous" : "unknown",
	    (int)(flag.len < 100 ? flag.len : 100), flag.ptr,
	    near == NULL ? "; see --help" : "; did you mean ",
	    near == NULL ? "" : near, near == NULL ? "" : "?");
	return -E_BAD_VALUE;
}

struct cursor {
	int argc, next;
	char *const *argv;
};

/* The value of a flag: what follows "=", the short flag, or the next word. */
static int
take_value(struct cursor *at, struct str flag, struct str *value,
    struct config_problem *p)
{
	if (value->ptr != NULL)
		return 0;
	if (at->next == at->argc) {
		snprintf(p->text, sizeof(p->text), "flag %.*s needs a value",
		    STR_ARG(flag));
		return -E_BAD_VALUE;
	}
	*value = str_of(at->argv[at->next++]);
	return 0;
}

/* One flag with its value into the draft; a wish, or -E_*. */
static int
take_flag(struct config_draft *d, struct cursor *at, struct str flag,
    struct str value, enum config_source source, struct config_problem *p)
{
	struct found f = find(flag);
	char where[64];
	int rc;

	if (f.n != 1)
		return unknown(flag, f.n, p);
	if (f.row == NULL)
		return (int)f.wish;
	snprintf(where, sizeof(where), "%s%.*s",
	    source == CONFIG_SOURCE_CMD_ARGS ? "GUNICORN_CMD_ARGS " : "",
	    (int)(flag.len < 40 ? flag.len : 40), flag.ptr);
	if (f.row->type == CONFIG_BOOL && value.ptr == NULL)
		value = STR("true");
	rc = take_value(at, flag, &value, p);
	if (rc < 0)
		return rc;
	return config_draft_add(d, source, where, f.row->name, value, p);
}

/* Divides an argument into flag and value and takes it. */
static int
take_argument(struct config_draft *d, struct cursor *at, struct str arg,
    enum config_source source, struct config_problem *p)
{
	struct str flag = arg, value = { NULL, 0 };

	if (arg.len < 2 || arg.ptr[0] != '-')
		return config_draft_set(
		    d, source, "APP_MODULE", "wsgi_app", arg, p);
	if (str_starts(arg, STR("--"))) {
		value = arg;
		flag = str_cut(&value, '=');
	} else if (arg.len > 2) {
		flag = str_head(arg, 2);
		value = str_tail(arg, arg.ptr[2] == '=' ? 3 : 2);
	}
	return take_flag(d, at, flag, value, source, p);
}

int
config_args_read(struct config_draft *d, int argc, char *const *argv,
    enum config_source source, struct config_problem *p)
{
	struct cursor at = { argc, 1, argv };
	int wish = CONFIG_ARGS_SERVE, rc;

	while (at.next < argc) {
		struct str arg = str_of(argv[at.next++]);

		rc = take_argument(d, &at, arg, source, p);
		if (rc < 0)
			return rc;
		if (rc > 0)
			wish = rc;
	}
	return wish;
}
