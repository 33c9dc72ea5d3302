/*
 * Applications and how they are shared out. Run by the dirty arbiter.
 */
#include "dirty/dirty_apps.h"

#include "base/error.h"
#include "base/num.h"

#include "base/banned.h"

int
dirty_apps_parse(struct str spec, struct dirty_app *app)
{
	struct str rest = str_trim(spec);
	struct str module = str_cut(&rest, ':');
	struct str class = str_cut(&rest, ':');
	uint64_t n = 0;

	*app = (struct dirty_app){ .path = str_trim(spec) };
	if (module.len == 0 || class.len == 0)
		return -E_BAD_VALUE;
	if (rest.ptr == NULL)
		return 0;
	if (num_dec(rest, 100000, &n) < 0 || n == 0)
		return -E_BAD_VALUE;
	app->path.len = (size_t)(class.ptr + class.len - module.ptr);
	app->limit = (unsigned)n;
	app->limit_given = app->limit_known = true;
	return 0;
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
