/*
 * config_app: an item of dirty_apps. Pure.
 */
#ifndef CONFIG_CONFIG_APP_H
#define CONFIG_CONFIG_APP_H

#include "base/str.h"

struct config_app {
	struct str path;    /* MODULE:CLASS */
	unsigned n_workers; /* that shall hold it; 0: not said */
};

/*
 * MODULE:CLASS or MODULE:CLASS:N, blanks around it aside; path points into
 * text. 0 or -E_BAD_VALUE.
 */
int config_app_parse(struct str text, struct config_app *app);

#endif
