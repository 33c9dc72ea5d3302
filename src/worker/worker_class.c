/* worker_class: one row a class. */
#include "worker/worker_class.h"

#include <string.h>

#include "base/banned.h"

static const struct worker_class classes[] = {
	{ "sync", worker_sync_create },
	{ "gthread", worker_gthread_create },
};

const struct worker_class *
worker_class_find(const char *name)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(classes[i].name, name) == 0)
			return &classes[i];
	return NULL;
}
