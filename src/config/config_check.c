/*
 * config_check: --check-config=static. Run before the server exists.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "config/config.h"
#include "config/config_draft.h"

#include "base/banned.h"

#define MEM_LEN ((size_t)256 << 10)

/* The configuration file is not read, but it should be there. */
static int
check_file(const struct config_draft *d, struct config_problem *p)
{
	const struct config_entry *e = config_draft_entry(d, "config");
	const char *path = e->value;
	char shown[256];

	if (str_starts(str_of(path), STR("python:")))
		return 0;
	if (str_starts(str_of(path), STR("file:")))
		path += strlen("file:");
	if (path[0] == '\0' || access(path, R_OK) == 0)
		return 0;
	config_draft_show(str_of(path), shown, sizeof(shown));
	snprintf(p->text, sizeof(p->text), "%.100s: cannot read %s: %s",
	    e->where, shown, strerror(errno));
	return -E_SYSTEM;
}

int
config_check_static(const struct config_draft *d, struct config_problem *p)
{
	uint64_t *mem = malloc(MEM_LEN);
	struct config *c = (struct config *)mem;
	int rc;

	if (mem == NULL) {
		snprintf(p->text, sizeof(p->text), "settings: %s",
		    error_text(-E_NOMEM));
		return -E_NOMEM;
	}
	rc = config_freeze(d, mem, MEM_LEN, p);
	if (rc == 0)
		rc = check_file(d, p);
	if (rc == 0)
		config_warn(d);
	if (rc == 0 && c->print_config)
		config_print_out(d);
	free(mem);
	return rc;
}
