/*
 * config_list: values with several items. Inside a draft they are kept as
 * the items one behind the other, each with a NUL.
 */
#ifndef CONFIG_CONFIG_LIST_H
#define CONFIG_CONFIG_LIST_H

#include "base/buf.h"
#include "base/str.h"

/*
 * Appends text's items: those of a JSON array of strings, else those with a
 * newline or comma between (trimmed; empty ones are left out), else, without
 * divide, the text as one. 0; -E_BAD_VALUE (an array that is none, a NUL in
 * an item); -E_FULL; -E_NOMEM.
 */
int config_list_read(struct str text, bool divide, struct buf *items);

/* Appends the names and values, in turns, of a JSON object of strings. */
int config_list_read_map(struct str text, struct buf *items);

/* Takes the first item off *items, which must not be empty. */
struct str config_list_next(struct str *items);

#endif
