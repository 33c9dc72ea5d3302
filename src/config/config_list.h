/*
 * config_list: the items of a LIST's text: a JSON array of strings, or items
 * with newlines or commas between.
 */
#ifndef CONFIG_CONFIG_LIST_H
#define CONFIG_CONFIG_LIST_H

#include "base/str.h"

/*
 * Called for each item, without spaces around it and never empty. 0, or -E_*
 * to stop.
 */
typedef int config_list_item(void *cookie, struct str item);

/* 0; what item returned; -E_BAD_VALUE for an array that is none. */
int config_list_each(struct str text, config_list_item *item, void *cookie);

#endif
