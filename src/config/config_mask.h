/*
 * config_mask: what nobody should read in a printed configuration.
 */
#ifndef CONFIG_CONFIG_MASK_H
#define CONFIG_CONFIG_MASK_H

#include "base/buf.h"
#include "base/str.h"

/*
 * Appends the JSON object text, with "***" for each value whose key names a
 * secret (password, token, credentials …). 1 when there was one, 0, or -E_*.
 */
int config_mask_json(struct str text, struct buf *out);

#endif
