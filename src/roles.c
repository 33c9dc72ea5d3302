/*
 * roles: every kind of process that greencorn has, one row each. With main.c
 * the only file that sees all modules, so that they need not see each other.
 */
#include <stddef.h>

#include "admin/admin.h"
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
};
