/*
 * config_paste: what is asked of a PasteDeploy file before Python reads it.
 */
#ifndef CONFIG_CONFIG_PASTE_H
#define CONFIG_CONFIG_PASTE_H

#include <limits.h>
#include <stdbool.h>

#include "config/config.h"

#define CONFIG_PASTE_MAX (PATH_MAX + 1024)

/*
 * PATH or PATH#NAME, relative to the working directory, as an absolute one at
 * dst (CONFIG_PASTE_MAX). 0, or -E_*, said in *p: there is no such file.
 */
int config_paste_find(const char *setting, char *dst, struct config_problem *p);

/* Does that file configure Python's logging, too? */
bool config_paste_logs(const char *path);

#endif
