/*
 * config: the settings table (settings.def), where values come from, their
 * checks, and one frozen struct config per generation.
 *
 * Values are collected as text in a draft, each with its source; of two for
 * one setting that of the higher source stays. config_freeze checks them all
 * and writes the result into memory that all processes of a generation share.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"

struct config_list {
	unsigned n;
	const char *const *items;
};

typedef unsigned config_UINT;
typedef bool config_BOOL;
typedef uint64_t config_MS;
typedef uint64_t config_SIZE;
typedef const char *config_TEXT; /* "" when unset, never NULL */
typedef struct config_list config_LIST;

/* Everything as it holds for one generation. Read-only. */
struct config {
#define SETTING(name, type, ...) config_##type name;
#define CHOICE(name, ...) config_TEXT name;
#include "config/settings.def"
#undef SETTING
#undef CHOICE
	/* Why there are so many workers: "--workers", "cgroup: 2 CPUs". */
	const char *workers_source;
};

/* From low to high: the higher one wins. */
enum config_source {
	CONFIG_SOURCE_DEFAULT,
	CONFIG_SOURCE_DETECTED,
	CONFIG_SOURCE_PLATFORM, /* PORT, WEB_CONCURRENCY */
	CONFIG_SOURCE_FILE,     /* gunicorn.conf.py */
	CONFIG_SOURCE_GUNICORN, /* GUNICORN_<SETTING> */
	CONFIG_SOURCE_DIR,      /* GREENCORN_CONFIG_DIR */
	CONFIG_SOURCE_ENV,      /* GREENCORN_<SETTING>, _FILE */
	CONFIG_SOURCE_CMD_ARGS, /* GUNICORN_CMD_ARGS */
	CONFIG_SOURCE_ARGS,     /* the command line */
};

/* One line that names source, setting, value and what is accepted. */
struct config_problem {
	char text[1024];
};

struct config_draft;

/* Every setting at its default; NULL without memory. */
struct config_draft *config_draft_create(void);
/* NULL without memory. */
struct config_draft *config_draft_copy(const struct config_draft *d);
void config_draft_destroy(struct config_draft *d);

/*
 * A value for the setting of that name, checked. where says in words where it
 * comes from ("GREENCORN_WORKERS"). A value of NULL ptr or no bytes is "not
 * set". Lists: newlines or commas divide, or a JSON array of strings.
 * 0; -E_NOT_FOUND (no such setting); -E_BAD_VALUE with *p filled; -E_NOMEM.
 */
int config_draft_set(struct config_draft *d, enum config_source source,
    const char *where, const char *name, struct str value,
    struct config_problem *p);
/* The same for one more item of a list. */
int config_draft_add(struct config_draft *d, enum config_source source,
    const char *where, const char *name, struct str item,
    struct config_problem *p);

/* The text of a setting as it stands; "" for unset. Owned by the draft. */
const char *config_draft_text(const struct config_draft *d, const char *name);

/*
 * All that the environment says: PORT, WEB_CONCURRENCY, GUNICORN_<SETTING>,
 * GREENCORN_CONFIG_DIR, GREENCORN_<SETTING> and its _FILE, then
 * GUNICORN_CMD_ARGS. Unknown GREENCORN_ names are warned of on standard
 * error, or refused with GREENCORN_STRICT_ENV=1. 0 or -E_* with *p filled.
 */
int config_env_read(
    struct config_draft *d, char *const *environment, struct config_problem *p);

/*
 * What a command line asks for: settings into d, and one of these. argv[0] is
 * skipped. source and where as above. -E_* with *p filled.
 */
enum config_args_wish {
	CONFIG_ARGS_SERVE,
	CONFIG_ARGS_HELP,
	CONFIG_ARGS_VERSION,
	CONFIG_ARGS_CHECK
};
int config_args_read(struct config_draft *d, int argc, char *const *argv,
    enum config_source source, struct config_problem *p);

/* The help text, 80 columns, grouped by section. */
void config_help_print(FILE *out);

/*
 * Writes struct config and all that it points to into mem (aligned for
 * uint64_t). 0, or -E_TOO_LONG when mem_len is too little, or -E_BAD_VALUE;
 * both with *p filled.
 */
int config_freeze(const struct config_draft *d, void *mem, size_t mem_len,
    struct config_problem *p);

#endif
