/*
 * config_draft: the inside of a draft, for the files of this module.
 */
#ifndef CONFIG_CONFIG_DRAFT_H
#define CONFIG_CONFIG_DRAFT_H

#include "config/config_table.h"

#define CONFIG_VALUE_MAX ((size_t)1 << 18) /* of one setting */

struct config_entry {
	enum config_source source;
	char *where; /* in words */
	char *value; /* a list's as config_list says; a NUL behind it */
	size_t len;
};

struct config_draft {
	unsigned n; /* as many as the table has rows */
	struct config_entry entries[];
};

/* The entry of a setting that exists. */
const struct config_entry *
config_draft_entry(const struct config_draft *d, const char *name);

/*
 * What somebody wrote, as an error line can show it: escaped, and cut where
 * it is long. dst_size is 16 at least.
 */
void config_draft_show(struct str value, char *dst, size_t dst_size);

static inline struct str
config_entry_value(const struct config_entry *e)
{
	return (struct str){ e->value, e->len };
}

#endif
