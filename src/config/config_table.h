/*
 * config_table: settings.def as rows, for the files of this module.
 */
#ifndef CONFIG_CONFIG_TABLE_H
#define CONFIG_CONFIG_TABLE_H

#include "config/config.h"

enum config_type {
	CONFIG_UINT,
	CONFIG_BOOL,
	CONFIG_MS,
	CONFIG_SIZE,
	CONFIG_TEXT,
	CONFIG_LIST,
	CONFIG_CHOICE,
};

struct config_row {
	const char *name;
	enum config_type type;
	const char *default_text;
	uint64_t min, max;
	const char *flags; /* with a space between */
	const char *section;
	bool acts; /* false: accepted, but not acted on yet */
	const char *help;
	const char *choices; /* with a space between; NULL: no choice */
	size_t offset;       /* in struct config */
};

extern const struct config_row config_table[];
extern const unsigned config_table_n;

/* The row of that name, any case; NULL when there is none. */
const struct config_row *config_table_find(struct str name);

/* A value in its parsed form. */
union config_value {
	uint64_t number;
	bool yes;
	struct str text;
};

/*
 * Is text a value of row? Fills *v (lists are checked by their length only).
 * 0, or -E_BAD_VALUE.
 */
int config_table_parse(
    const struct config_row *row, struct str text, union config_value *v);

/* What row accepts, in words, for error messages. */
void
config_table_accepts(const struct config_row *row, char *dst, size_t dst_size);

#endif
