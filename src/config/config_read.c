/*
 * config_read: everything that is said outside of gunicorn.conf.py. Run once
 * before the server exists, and by the arbiter at each reload, since files
 * that the environment names may have changed.
 */
#include <stdio.h>

#include "base/error.h"
#include "config/config.h"
#include "sys/cgroup.h"

#include "base/banned.h"

/*
 * As many workers as the CPUs that are ours to use, when the group of this
 * process has a quota; Gunicorn's default of one otherwise.
 */
static int
detect(struct config_draft *d, struct config_problem *p)
{
	struct cgroup group;
	char text[32], source[64];

	cgroup_read(&group);
	if (group.cpus == 0)
		return 0;
	snprintf(text, sizeof(text), "%u", group.cpus);
	snprintf(source, sizeof(source), "cgroup: %u CPUs", group.cpus);
	return config_draft_set(
	    d, CONFIG_SOURCE_DETECTED, source, "workers", str_of(text), p);
}

int
config_read(struct config_draft *d, int argc, char *const *argv,
    char *const *environment, struct config_problem *p)
{
	int wish, rc;

	/* First, so that --help helps also when the environment is wrong. */
	wish = config_args_read(d, argc, argv, CONFIG_SOURCE_ARGS, p);
	if (wish != CONFIG_ARGS_SERVE)
		return wish;
	rc = detect(d, p);
	if (rc == 0)
		rc = config_env_read(d, environment, p);
	/* -E_USAGE is the command line's. */
	return rc == -E_USAGE ? -E_BAD_VALUE : rc;
}
