/*
 * roles: every kind of process that greencorn has, one row each. With main.c
 * the only file that sees all modules, so that they need not see each other.
 */
#include <stddef.h>

#include "admin/admin.h"
#include "dirty/dirty_router.h"
#include "dirty/dirty_worker.h"
#include "role/role.h"
#include "template/template.h"
#include "worker/worker.h"

#include "base/banned.h"

const struct role roles[ROLE_MAX] = {
	[ROLE_ARBITER] = {
		.title = "master", /* Gunicorn's word, for scripts that grep */
		.parent = ROLE_NONE,
	},
	[ROLE_ADMIN] = {
		.title = "admin",
		.parent = ROLE_ARBITER,
		.run = admin_run,
	},
	[ROLE_TEMPLATE] = {
		.title = "template",
		.parent = ROLE_ARBITER,
		.run = template_run,
		.has_python = true,
	},
	[ROLE_WORKER] = {
		.title = "worker",
		.parent = ROLE_TEMPLATE,
		.run = worker_run,
		.preload = worker_preload,
		.has_python = true,
	},
	[ROLE_DIRTY_ARBITER] = {
		.title = "dirty-arbiter",
		.parent = ROLE_ARBITER,
		.run = dirty_router_run,
	},
	[ROLE_DIRTY_TEMPLATE] = {
		.title = "dirty-template",
		.parent = ROLE_DIRTY_ARBITER,
		.run = template_run,
		.has_python = true,
	},
	[ROLE_DIRTY_WORKER] = {
		.title = "dirty-worker",
		.parent = ROLE_DIRTY_TEMPLATE,
		.run = dirty_worker_run,
		.preload = dirty_worker_preload,
		.has_python = true,
	},
};
