/*
 * config_paste: see config_paste.h. Run by the arbiter.
 */
#include "config/config_paste.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "config/config_draft.h"

#include "base/banned.h"

#define LINE_MAX_LEN 1024 /* what is longer is no section's name */

/* From the working directory. 0 or -E_TOO_LONG. */
static int
make_absolute(const char *setting, char *dst)
{
	char cwd[PATH_MAX] = "";
	bool is_absolute = setting[0] == '/';
	int n;

	if (!is_absolute && getcwd(cwd, sizeof(cwd)) == NULL)
		cwd[0] = '\0';
	n = snprintf(dst, CONFIG_PASTE_MAX, "%s%s%s", cwd,
	    is_absolute ? "" : "/", setting);
	return n < 0 || n >= CONFIG_PASTE_MAX ? -E_TOO_LONG : 0;
}

int
config_paste_find(const char *setting, char *dst, struct config_problem *p)
{
	char path[CONFIG_PASTE_MAX], shown[256];
	int rc = make_absolute(setting, dst);

	if (rc == 0)
		rc = str_to_z(str_head(str_of(dst), str_find(str_of(dst), '#')),
		    path, sizeof(path));
	if (rc == 0 && access(path, R_OK) < 0)
		rc = -E_SYSTEM;
	if (rc == 0)
		return 0;
	config_draft_show(str_of(setting), shown, sizeof(shown));
	snprintf(p->text, sizeof(p->text),
	    "Error: '%s' cannot be read: paste: %s", shown,
	    rc == -E_SYSTEM ? strerror(errno) : error_text(rc));
	return rc;
}

bool
config_paste_logs(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[LINE_MAX_LEN];
	bool logs = false;

	if (f == NULL)
		return false;
	while (!logs && fgets(line, sizeof(line), f) != NULL)
		logs = str_starts(str_of(line), STR("[loggers]"));
	(void)fclose(f);
	return logs;
}
