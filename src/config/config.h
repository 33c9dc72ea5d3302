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
#include "config/config_net.h"

struct buf;

struct config_list {
	unsigned n;
	const char *const *items;
};

/* The texts of an object, as name, value, name, value. */
struct config_map {
	unsigned n; /* of pairs */
	const char *const *items;
};

/* Texts are "" when unset, never NULL. */
#define CONFIG_FIELD_UINT(name) unsigned name
#define CONFIG_FIELD_MODE(name) unsigned name
#define CONFIG_FIELD_BOOL(name) bool name
#define CONFIG_FIELD_MS(name) uint64_t name
#define CONFIG_FIELD_SIZE(name) uint64_t name
#define CONFIG_FIELD_TEXT(name) const char *name
#define CONFIG_FIELD_HOOK(name) const char *name
#define CONFIG_FIELD_USER(name) const char *name
#define CONFIG_FIELD_GROUP(name) const char *name
#define CONFIG_FIELD_JSON(name) const char *name
#define CONFIG_FIELD_FORMAT(name) const char *name
#define CONFIG_FIELD_BIND(name) const char *name
#define CONFIG_FIELD_SYSLOG(name) const char *name
#define CONFIG_FIELD_STATSD(name) const char *name
#define CONFIG_FIELD_LIST(name) struct config_list name
#define CONFIG_FIELD_BINDS(name) struct config_list name
#define CONFIG_FIELD_PAIRS(name) struct config_list name
#define CONFIG_FIELD_APPS(name) struct config_list name
#define CONFIG_FIELD_WORDS(name) struct config_list name
#define CONFIG_FIELD_NETS(name) struct config_nets name
#define CONFIG_FIELD_MAP(name) struct config_map name

/* Everything as it holds for one generation. Read-only. */
struct config {
#define SETTING(name, type, ...) CONFIG_FIELD_##type(name);
#define CHOICE(name, ...) CONFIG_FIELD_TEXT(name);
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
	CONFIG_SOURCE_PLATFORM, /* PORT, WEB_CONCURRENCY and their like */
	CONFIG_SOURCE_FILE,     /* gunicorn.conf.py */
	CONFIG_SOURCE_GUNICORN, /* GUNICORN_<SETTING> */
	CONFIG_SOURCE_DIR,      /* GREENCORN_CONFIG_DIR */
	CONFIG_SOURCE_ENV,      /* GREENCORN_<SETTING>, _FILE */
	CONFIG_SOURCE_CMD_ARGS, /* GUNICORN_CMD_ARGS */
	CONFIG_SOURCE_ARGS      /* the command line */
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
 * A value for the setting of that name, checked even where a higher source
 * has set it. where says in words where it comes from ("GREENCORN_WORKERS").
 * A value of NULL ptr or no bytes is "not set". Of a list: a JSON array of
 * strings; from files and the environment also items with newlines or commas
 * between. 0; -E_NOT_FOUND (no such setting); -E_BAD_VALUE with *p filled;
 * -E_NOMEM.
 */
int config_draft_set(struct config_draft *d, enum config_source source,
    const char *where, const char *name, struct str value,
    struct config_problem *p);
/* The same for one more item of a list; what is no list is set. */
int config_draft_add(struct config_draft *d, enum config_source source,
    const char *where, const char *name, struct str item,
    struct config_problem *p);

/*
 * The text of a setting as it stands; "" for unset. The first item of a list.
 * Owned by the draft, until the setting is set anew.
 */
const char *config_draft_text(const struct config_draft *d, const char *name);

/*
 * All that the environment says: PORT and its like, GUNICORN_<SETTING>,
 * GREENCORN_CONFIG_DIR, GREENCORN_<SETTING> and its _FILE, then
 * GUNICORN_CMD_ARGS. Unknown GREENCORN_ names are logged as warnings, or
 * refused with GREENCORN_STRICT_ENV=1. 0 or -E_* with *p filled.
 */
int config_env_read(
    struct config_draft *d, char *const *environment, struct config_problem *p);

/*
 * What a command line asks for: settings into d, and one of these. argv[0] is
 * skipped. source and where as above. -E_* with *p filled: -E_USAGE when the
 * line itself is wrong, -E_BAD_VALUE when a value is.
 */
enum config_args_wish {
	CONFIG_ARGS_SERVE,
	CONFIG_ARGS_HELP,
	CONFIG_ARGS_VERSION
};
int config_args_read(struct config_draft *d, int argc, char *const *argv,
    enum config_source source, struct config_problem *p);

/*
 * All of these, and what the container's limits say: a wish, 0 being to serve,
 * or -E_* with *p filled; -E_USAGE: the command line is wrong.
 */
int config_read(struct config_draft *d, int argc, char *const *argv,
    char *const *environment, struct config_problem *p);

/* The help text, 80 columns, grouped by section. */
void config_help_print(FILE *out);

/*
 * Every setting with value and source, in the form that print_format names;
 * values of the application's environment are masked. Appended to out:
 * 0, -E_FULL or -E_NOMEM.
 */
int config_print(const struct config_draft *d, struct buf *out);
/* One JSON object of names and values, masked in the same way. */
int config_print_values(const struct config_draft *d, struct buf *out);
/* As config_print, to standard output. */
void config_print_out(const struct config_draft *d);

/*
 * Writes struct config and all that it points to into mem (aligned for
 * uint64_t). 0, or -E_TOO_LONG when mem_len is too little, or -E_BAD_VALUE;
 * both with *p filled.
 */
int config_freeze(const struct config_draft *d, void *mem, size_t mem_len,
    struct config_problem *p);

/*
 * Logs a warning for each setting that somebody has set and that this version
 * does not act on.
 */
void config_warn(const struct config_draft *d);

/* The text that a setting has when nobody sets it; name is one of them. */
const char *config_default(const char *name);

/* This process logs as those two settings say. */
void config_log_apply(const char *loglevel, const char *log_format);

/* Does it only say whether it would start? */
bool config_is_check(const struct config *c);

/*
 * --check-config=static: everything that can be told without Python; prints
 * as print_config says. 0 or -E_* with *p filled.
 */
int config_check_static(const struct config_draft *d, struct config_problem *p);

/* What class workers are of: sync with threads is gthread, as Gunicorn's. */
const char *config_worker_class(const struct config *c);

/* Is there an access log, and is it a file? */
bool config_has_access_log(const struct config *c);
bool config_has_access_file(const struct config *c);

/*
 * What is logged goes to syslog, too, where that is asked for; dir is where a
 * relative path begins. May block for a name to be looked up; a name that is
 * not found is logged.
 */
void config_log_syslog(const struct config *c, const char *dir);
/* The same for the address of any receiver. 0, or -E_* as of sock_resolve. */
struct config_bind;
struct sock_addr;
int config_log_address(
    const struct config_bind *to, const char *dir, struct sock_addr *a);
/* Are Python's loggers not the plain ones (logger_class, logconfig*)? */
bool config_has_logger(const struct config *c);
/* Do lines per request go there? */
bool config_has_access_syslog(const struct config *c);

/*
 * And where errorlog says; dir is where a relative path begins. 0, or -E_*
 * with *p filled.
 */
int config_log_open(
    const char *errorlog, const char *dir, struct config_problem *p);

#endif
