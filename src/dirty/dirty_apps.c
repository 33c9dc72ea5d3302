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
	app->limit_given = true;
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
		set->has[i] = true;
		set->n++;
	}
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
