/*
 * config_args: a command line as Gunicorn's users write it, by the rules of
 * Python's argparse: long flags with "=" or a space, unambiguous beginnings
 * of them, short flags with or without a space, several short ones together,
 * the application wherever it stands, and everything after "--".
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/suggest.h"
#include "config/config_draft.h"

#include "base/banned.h"

#define FLAGS_MAX 256 /* of all settings */
#define FLAG_LEN_MAX 48

/* What stands on a command line besides settings. */
static const struct {
	const char *flags;
	enum config_args_wish wish;
} wishes[] = {
	{ "-h --help", CONFIG_ARGS_HELP },
	{ "-v --version", CONFIG_ARGS_VERSION },
};

#define N_WISHES (sizeof(wishes) / sizeof(wishes[0]))

/* Which flag it is. */
struct found {
	const struct config_row *row; /* NULL: a wish, or nothing */
	enum config_args_wish wish;
	bool exact;
	unsigned n; /* how many rows it might be of */
};

struct line {
	struct config_draft *d;
	enum config_source source;
	struct config_problem *p;
	char *const *argv;
	int argc, next;
	int wish;
	bool has_app;
};

/* Looks whether flag is, or begins, one of flags. */
static void
match(struct found *f, struct str flag, const char *flags,
    const struct config_row *row, enum config_args_wish wish)
{
	struct str rest = str_of(flags);
	bool seen = false;

	while (rest.len > 0 && !f->exact) {
		bool negative, exact;
		struct str one = config_table_flag(&rest, &negative);

		exact = str_eq(one, flag);
		if (!exact &&
		    (seen || flag.len < 3 || !str_starts(flag, STR("--")) ||
			!str_starts(one, flag)))
			continue;
		seen = true;
		*f = (struct found){ row, wish, exact, exact ? 1 : f->n + 1 };
	}
}

static struct found
find(struct str flag)
{
	struct found f = { .n = 0 };

	for (size_t i = 0; i < N_WISHES; i++)
		match(&f, flag, wishes[i].flags, NULL, wishes[i].wish);
	for (unsigned i = 0; i < config_table_n; i++)
		match(&f, flag, config_table[i].flags, &config_table[i],
		    CONFIG_ARGS_SERVE);
	return f;
}

static const char *
place(const struct line *l)
{
	return l->source == CONFIG_SOURCE_CMD_ARGS ? "GUNICORN_CMD_ARGS: " : "";
}

/* "unknown flag --wrokers; did you mean --workers?" */
static int
unknown(const struct line *l, struct str flag, bool ambiguous)
{
	char names[FLAGS_MAX][FLAG_LEN_MAX];
	const char *list[FLAGS_MAX + 1], *near;
	char shown[128];
	unsigned k = 0;
	bool negative;

	for (unsigned i = 0; i < config_table_n; i++) {
		struct str rest = str_of(config_table[i].flags);

		while (rest.len > 0 && k < FLAGS_MAX) {
			struct str one = config_table_flag(&rest, &negative);

			if (one.len > 2 &&
			    str_to_z(one, names[k], FLAG_LEN_MAX) == 0) {
				list[k] = names[k];
				k++;
			}
		}
	}
	list[k] = NULL;
	near = ambiguous ? NULL : suggest_nearest(flag, list);
	config_draft_show(flag, shown, sizeof(shown));
	snprintf(l->p->text, sizeof(l->p->text), "%s%s flag %s%s%s%s", place(l),
	    ambiguous ? "ambiguous" : "unknown", shown,
	    near == NULL ? "; see --help" : "; did you mean ",
	    near == NULL ? "" : near, near == NULL ? "" : "?");
	return -E_USAGE;
}

static int
no_value(const struct line *l, struct str flag)
{
	snprintf(l->p->text, sizeof(l->p->text), "%sflag %.*s needs a value",
	    place(l), STR_ARG(flag));
	return -E_USAGE;
}

/* Is the next word a value? One that looks like a flag is none. */
static bool
has_value(const struct line *l)
{
	const char *word;

	if (l->next >= l->argc)
		return false;
	word = l->argv[l->next];
	return word[0] != '-' || word[1] == '\0' ||
	    (word[1] >= '0' && word[1] <= '9') || strchr(word, ' ') != NULL;
}

/* Is the next word one of row's choices? Else it may be the application. */
static bool
is_choice(const struct line *l, const struct config_row *row)
{
	return row->choices != NULL && has_value(l) &&
	    config_table_check(row, str_of(l->argv[l->next])) != -E_BAD_VALUE;
}

/* The next word, or what the flag means alone; false: there is neither. */
static bool
take_value(struct line *l, const struct config_row *row, struct str *value)
{
	*value = config_table_alone(row);
	if (value->ptr != NULL && !is_choice(l, row))
		return true;
	if (!has_value(l))
		return false;
	*value = str_of(l->argv[l->next++]);
	return true;
}

/* A flag that is known, with its value or without (NULL ptr). */
static int
take(struct line *l, const struct found *f, struct str flag, struct str value)
{
	char where[96];

	if (f->row == NULL) {
		l->wish = (int)f->wish;
		return 0;
	}
	snprintf(where, sizeof(where), "%s%.*s",
	    l->source == CONFIG_SOURCE_CMD_ARGS ? "GUNICORN_CMD_ARGS " : "",
	    (int)(flag.len < FLAG_LEN_MAX ? flag.len : FLAG_LEN_MAX), flag.ptr);
	if (value.ptr == NULL && !take_value(l, f->row, &value))
		return no_value(l, flag);
	return config_draft_add(
	    l->d, l->source, where, f->row->name, value, l->p);
}

static int
take_long(struct line *l, struct str arg)
{
	struct str value = arg, flag = str_cut(&value, '=');
	struct found f = find(flag);

	if (f.n != 1)
		return unknown(l, flag, f.n > 1);
	/* "--workers=" is a value of no bytes: not set. */
	if (value.ptr != NULL && value.len == 0)
		return 0;
	return take(l, &f, flag, value);
}

/* "-w3", "-w=3", "-w", and flags without values together: "-RD". */
static int
take_short(struct line *l, struct str arg)
{
	char flag[2] = { '-', '\0' };
	struct str rest = str_tail(arg, 1), value;
	int rc = 0;

	while (rc == 0 && rest.len > 0) {
		struct found f;
		bool alone;

		flag[1] = rest.ptr[0];
		rest = str_tail(rest, 1);
		f = find((struct str){ flag, 2 });
		if (f.n != 1)
			return unknown(l, arg, false);
		alone = f.row == NULL || config_table_alone(f.row).ptr != NULL;
		value = rest;
		if (alone || rest.len == 0)
			value = (struct str){ NULL, 0 };
		else
			rest = STR("");
		if (value.len > 0 && value.ptr[0] == '=')
			value = str_tail(value, 1);
		rc = take(l, &f, (struct str){ flag, 2 }, value);
	}
	return rc;
}

/* The first word that is no flag; Gunicorn ignores it in its variable. */
static int
take_word(struct line *l, struct str arg)
{
	if (l->has_app || l->source == CONFIG_SOURCE_CMD_ARGS)
		return 0;
	l->has_app = true;
	return config_draft_set(
	    l->d, l->source, "APP_MODULE", "wsgi_app", arg, l->p);
}

int
config_args_read(struct config_draft *d, int argc, char *const *argv,
    enum config_source source, struct config_problem *p)
{
	struct line l = { .d = d,
		.source = source,
		.p = p,
		.argv = argv,
		.argc = argc,
		.next = 1,
		.wish = CONFIG_ARGS_SERVE };
	bool words_only = false;
	int rc = 0;

	while (rc == 0 && l.next < argc) {
		struct str arg = str_of(argv[l.next++]);

		if (!words_only && str_eq(arg, STR("--")))
			words_only = true;
		else if (words_only || arg.len < 2 || arg.ptr[0] != '-')
			rc = take_word(&l, arg);
		else if (arg.ptr[1] == '-')
			rc = take_long(&l, arg);
		else
			rc = take_short(&l, arg);
	}
	return rc < 0 ? rc : l.wish;
}
