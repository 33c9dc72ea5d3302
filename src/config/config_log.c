/*
 * config_log: the log's own settings.
 */
#include <string.h>

#include "base/log.h"
#include "config/config.h"

#include "base/banned.h"

void
config_log_apply(const char *loglevel, const char *log_format)
{
	int level = log_level_from(str_of(loglevel));

	if (level >= 0)
		log_set_level((enum log_level)level);
	log_set_format(strcmp(log_format, "json") == 0 ? LOG_JSON : LOG_TEXT);
}
