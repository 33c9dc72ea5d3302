/*
 * config_table: settings.def as rows, for the files of this module.
 */
#ifndef CONFIG_CONFIG_TABLE_H
#define CONFIG_CONFIG_TABLE_H

#include "config/config.h"

enum config_type {
	CONFIG_UINT,
	CONFIG_MODE,
	CONFIG_BOOL,
	CONFIG_MS,
	CONFIG_SIZE,
	CONFIG_CHOICE,
	CONFIG_TEXT,
	CONFIG_HOOK,
	CONFIG_USER,
	CONFIG_GROUP,
	CONFIG_JSON,
	CONFIG_FORMAT,
	CONFIG_BIND,
	CONFIG_SYSLOG,
	CONFIG_STATSD,
	CONFIG_LIST, /* from here on: several items */
	CONFIG_BINDS,
	CONFIG_PAIRS,
	CONFIG_WORDS,
	CONFIG_NETS,
	CONFIG_APPS,
	CONFIG_MAP
};

enum config_origin {
	CONFIG_GUNICORN,
	CONFIG_OWN
};

enum config_effect {
	CONFIG_RELOAD,
	CONFIG_START,
	CONFIG_NOT_YET,
	CONFIG_LATER,
	CONFIG_NEEDLESS
};

struct config_row {
	const char *name;
	enum config_type type;
	const char *default_text;
	uint64_t min, max;
	const char *flags;
	enum config_origin origin;
	const char *section;
	enum config_effect effect;
	const char *help;
	const char *choices; /* as settings.def says; NULL: no choice */
	size_t offset;       /* in struct config */
};

extern const struct config_row config_table[];
extern const unsigned config_table_n;

/* The row of that name, any case; NULL when there is none. */
const struct config_row *config_table_find(struct str name);
/* The setting whose name is nearest, or NULL. */
const char *config_table_nearest(struct str name);

/* Has it several items, which a draft keeps as config_list says? */
static inline bool
config_table_is_list(const struct config_row *row)
{
	return row->type >= CONFIG_LIST;
}

/* Takes a flag off *flags; *negative: it means false. */
struct str config_table_flag(struct str *flags, bool *negative);
/* What row's flag means without a value; NULL ptr: it must have one. */
struct str config_table_alone(const struct config_row *row);

/*
 * The number (BOOL: 0 or 1) that text says: 0 or -E_BAD_VALUE. For UINT, MODE,
 * BOOL, MS and SIZE.
 */
int config_table_number(
    const struct config_row *row, struct str text, uint64_t *number);

/*
 * Is value, as a draft keeps it, one of row's? 0; -E_BAD_VALUE; -E_NOT_FOUND:
 * it is known, but comes in a later version.
 */
int config_table_check(const struct config_row *row, struct str value);

/* The name by which a value is kept: Gunicorn has several for some. */
struct str
config_table_canonical(const struct config_row *row, struct str text);

/* What row accepts, in words, for error messages. */
void
config_table_accepts(const struct config_row *row, char *dst, size_t dst_size);

#endif
