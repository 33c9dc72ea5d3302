/*
 * config_app: see config_app.h. Run by whoever reads settings, and by the
 * dirty arbiter.
 */
#include "config/config_app.h"

#include <stdint.h>

#include "base/error.h"
#include "base/num.h"

#include "base/banned.h"

#define WORKERS_MAX 100000 /* larger than any number of workers */

int
config_app_parse(struct str text, struct config_app *app)
{
	struct str rest = str_trim(text);
	struct str module = str_cut(&rest, ':');
	struct str class = str_cut(&rest, ':');
	uint64_t n = 0;

	*app = (struct config_app){ .path = str_trim(text) };
	if (module.len == 0 || class.len == 0)
		return -E_BAD_VALUE;
	if (rest.ptr == NULL)
		return 0;
	if (num_dec(rest, WORKERS_MAX, &n) < 0 || n == 0)
		return -E_BAD_VALUE;
	app->path.len = (size_t)(class.ptr + class.len - module.ptr);
	app->n_workers = (unsigned)n;
	return 0;
}
