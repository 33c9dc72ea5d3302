/*
 * config_log: the log's own settings.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "config/config_draft.h"
#include "sys/log_out.h"

#include "base/banned.h"

void
config_log_apply(const char *loglevel, const char *log_format)
{
	int level = log_level_from(str_of(loglevel));

	if (level >= 0)
		log_set_level((enum log_level)level);
	log_set_format(strcmp(log_format, "json") == 0 ? LOG_JSON : LOG_TEXT);
}

bool
config_has_access_log(const struct config *c)
{
	return c->accesslog[0] != '\0' && strcasecmp(c->accesslog, "none") != 0;
}

bool
config_has_access_file(const struct config *c)
{
	return config_has_access_log(c) && strcmp(c->accesslog, "-") != 0;
}

int
config_log_open(const char *errorlog, const char *dir, struct config_problem *p)
{
	int rc = log_out_open(dir, errorlog);
	char shown[256];

	if (rc == 0)
		return 0;
	config_draft_show(str_of(errorlog), shown, sizeof(shown));
	snprintf(p->text, sizeof(p->text),
	    "Error: '%s' isn't writable: errorlog: %s", shown,
	    rc == -E_SYSTEM ? strerror(errno) : error_text(rc));
	return rc;
}
