/*
 * Applications and how they are shared out. Run by the dirty arbiter.
 */
#include "dirty/dirty_apps.h"

#include "base/error.h"
#include "config/config_app.h"

#include "base/banned.h"

int
dirty_apps_parse(struct str spec, struct dirty_app *app)
{
	struct config_app said;
	int rc = config_app_parse(spec, &said);

	*app = (struct dirty_app){ .path = said.path,
		.limit = said.n_workers,
		.limit_given = said.n_workers > 0,
		.limit_known = said.n_workers > 0 };
	return rc;
}

void
dirty_apps_wanting(
    const struct dirty_app *apps, unsigned n, struct dirty_apps_set *set)
{
	*set = (struct dirty_apps_set){ .n = 0 };
	for (unsigned i = 0; i < n; i++) {
		if (apps[i].limit != 0 && apps[i].n_holders >= apps[i].limit)
			continue;
		if (apps[i].n_failures > 0)
			continue;
		set->has[i] = true;
		set->n++;
	}
}

void
dirty_apps_leave_out(
    const struct dirty_app *apps, unsigned n, struct dirty_apps_set *set)
{
	for (unsigned i = 0; i < n; i++) {
		if (!set->has[i] || apps[i].n_failures == 0)
			continue;
		set->has[i] = false;
		set->n--;
	}
}

bool
dirty_apps_asking(const struct dirty_app *apps, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!apps[i].limit_known && apps[i].n_failures == 0 &&
		    apps[i].n_holders > 0)
			return true;
	return false;
}

bool
dirty_apps_lacks(const struct dirty_app *app, unsigned n_workers)
{
	unsigned wanted = app->limit;

	if (wanted == 0 || wanted > n_workers)
		wanted = n_workers;
	return app->n_holders < wanted;
}

struct dirty_app *
dirty_apps_find(struct dirty_app *apps, unsigned n, struct str path)
{
	for (unsigned i = 0; i < n; i++)
		if (str_eq(apps[i].path, path))
			return &apps[i];
	return NULL;
}

unsigned
dirty_apps_least(const struct dirty_app *apps, unsigned n)
{
	unsigned least = 1;

	for (unsigned i = 0; i < n; i++)
		if (apps[i].limit > least)
			least = apps[i].limit;
	return least;
}
