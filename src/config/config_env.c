/*
 * config_env: settings out of the environment, in the order of their ranks.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/num.h"
#include "config/config_draft.h"
#include "config/config_words.h"
#include "sys/fd.h"

#include "base/banned.h"

#define VALUE_FILE_MAX 65536 /* bytes of a file that holds a value */
#define VARIABLE_MAX 128     /* of a variable's name; longer ones are none */
#define CMD_ARGS_MAX 256     /* words */

/* What a reading of the environment needs at each step. */
struct reading {
	struct config_draft *d;
	char *const *environment;
	struct config_problem *p;
};

/* A variable that may be a setting: name is what follows the prefix. */
struct variable {
	char text[VARIABLE_MAX]; /* with the prefix */
	struct str name, value;
};

/* The value of the variable of that name; NULL: not set. */
static const char *
look_up(const struct reading *r, const char *name)
{
	size_t n = strlen(name);
	char *const *v;

	for (v = r->environment; *v != NULL; v++)
		if (strncmp(*v, name, n) == 0 && (*v)[n] == '=')
			return *v + n + 1;
	return NULL;
}

/*
 * Kubernetes gives every container GREENCORN_PORT=tcp://… and the like when a
 * service of that name lies beside it: these are no settings.
 */
static bool
is_service_link(struct str name, struct str value)
{
	static const struct str schemes[] = { { "tcp://", 6 }, { "udp://", 6 },
		{ "sctp://", 7 } };

	if (str_starts(name, STR("SERVICE_")) ||
	    str_starts(name, STR("PORT_")) || str_eq(name, STR("PORT")) ||
	    memmem(name.ptr, name.len, "_SERVICE_", 9) != NULL ||
	    memmem(name.ptr, name.len, "_PORT_", 6) != NULL ||
	    str_ends(name, STR("_PORT")))
		return true;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (str_starts(value, schemes[i]))
			return true;
	return false;
}

/* Names with the prefix that are read elsewhere. */
static bool
is_reserved(struct str name)
{
	return str_eq(name, STR("CONFIG_DIR")) ||
	    str_eq(name, STR("STRICT_ENV"));
}

/* An unknown name: a warning, or an error where that is asked for. */
static int
unknown(const struct reading *r, const char *what, struct str name)
{
	const char *strict = look_up(r, "GREENCORN_STRICT_ENV");
	const char *near = config_table_nearest(name);
	char hint[128] = "", shown[256];
	size_t i;

	if (near != NULL)
		snprintf(
		    hint, sizeof(hint), "; did you mean GREENCORN_%s?", near);
	for (i = strlen("; did you mean "); near != NULL && hint[i] != '\0';
	     i++)
		if (hint[i] >= 'a' && hint[i] <= 'z')
			hint[i] = (char)(hint[i] - 'a' + 'A');
	config_draft_show(str_of(what), shown, sizeof(shown));
	snprintf(r->p->text, sizeof(r->p->text),
	    "%s: there is no such setting%s", shown, hint);
	if (strict != NULL && num_bool(str_of(strict)) == 1)
		return -E_BAD_VALUE;
	log_event(EV_CONFIG_WARNING, r->p->text);
	return 0;
}

/* Reads a small file, without its last newline. Length, or -E_*. */
static ssize_t
read_file(int dir, const char *path, char *mem, size_t size)
{
	ssize_t n, sum = 0;
	int fd;

	/* Not blocking: a path may name a FIFO that nobody writes to. */
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -E_SYSTEM;
	do {
		n = fd_read(fd, mem + sum, size - (size_t)sum);
		if (n > 0)
			sum += n;
	} while (n > 0 && (size_t)sum < size);
	fd_close(fd);
	if (n != -E_EOF)
		return (size_t)sum == size ? -E_TOO_LONG : n;
	if (sum > 0 && mem[sum - 1] == '\n')
		sum--;
	if (sum > 0 && mem[sum - 1] == '\r')
		sum--;
	return sum;
}

static int
set_from_file(const struct reading *r, enum config_source source, int dir,
    const char *path, const char *where, const char *name)
{
	char *mem = malloc(VALUE_FILE_MAX), shown[256];
	ssize_t n;
	int rc;

	if (mem == NULL)
		return -E_NOMEM;
	n = read_file(dir, path, mem, VALUE_FILE_MAX);
	rc = (int)n;
	config_draft_show(str_of(path), shown, sizeof(shown));
	if (n < 0)
		snprintf(r->p->text, sizeof(r->p->text),
		    "%.100s: cannot read %s: %s", where, shown,
		    n == -E_SYSTEM ? strerror(errno) : error_text(rc));
	else
		rc = config_draft_set(r->d, source, where, name,
		    (struct str){ mem, (size_t)n }, r->p);
	free(mem);
	return rc;
}

/*
 * A variable's value; "@PATH" for what is JSON: the file of that path has it.
 */
static int
set_value(const struct reading *r, enum config_source source,
    const struct variable *v, const struct config_row *row)
{
	char path[4096];

	if ((row->type != CONFIG_MAP && row->type != CONFIG_JSON) ||
	    !str_starts(v->value, STR("@")))
		return config_draft_set(
		    r->d, source, v->text, row->name, v->value, r->p);
	if (str_to_z(str_tail(v->value, 1), path, sizeof(path)) < 0) {
		snprintf(r->p->text, sizeof(r->p->text),
		    "%s: the path is too long", v->text);
		return -E_TOO_LONG;
	}
	return set_from_file(r, source, AT_FDCWD, path, v->text, row->name);
}

/* GREENCORN_<SETTING>, the first of two passes. */
static int
own_variable(const struct reading *r, const struct variable *v)
{
	const struct config_row *row = config_table_find(v->name);

	if (row == NULL && str_eq(v->name, STR("APP_MODULE")))
		row = config_table_find(STR("wsgi_app"));
	if (row == NULL || v->value.len == 0)
		return 0;
	return set_value(r, CONFIG_SOURCE_ENV, v, row);
}

/* GREENCORN_<SETTING>_FILE, and all that is neither. */
static int
own_other_variable(const struct reading *r, const struct variable *v)
{
	const struct config_row *row = NULL;
	char path[4096];

	if (v->value.len == 0 || config_table_find(v->name) != NULL ||
	    is_reserved(v->name) || str_eq(v->name, STR("APP_MODULE")) ||
	    is_service_link(v->name, v->value))
		return 0;
	if (str_ends(v->name, STR("_FILE")))
		row = config_table_find(str_head(v->name, v->name.len - 5));
	if (row == NULL)
		return unknown(r, v->text, v->name);
	if (config_draft_entry(r->d, row->name)->source == CONFIG_SOURCE_ENV) {
		snprintf(r->p->text, sizeof(r->p->text),
		    "%s: %s is set by its own variable too; set one of them",
		    v->text, row->name);
		return -E_BAD_VALUE;
	}
	if (str_to_z(v->value, path, sizeof(path)) < 0) {
		snprintf(r->p->text, sizeof(r->p->text),
		    "%s: the path is too long", v->text);
		return -E_TOO_LONG;
	}
	return set_from_file(
	    r, CONFIG_SOURCE_ENV, AT_FDCWD, path, v->text, row->name);
}

static int
gunicorn_variable(const struct reading *r, const struct variable *v)
{
	const struct config_row *row = config_table_find(v->name);

	if (row == NULL || row->origin != CONFIG_GUNICORN)
		return 0;
	return set_value(r, CONFIG_SOURCE_GUNICORN, v, row);
}

/* Calls fn for each variable that begins with prefix. */
static int
each_variable(const struct reading *r, struct str prefix,
    int (*fn)(const struct reading *r, const struct variable *v))
{
	char *const *e;
	int rc = 0;

	for (e = r->environment; rc == 0 && *e != NULL; e++) {
		struct str value = str_of(*e), name = str_cut(&value, '=');
		struct variable v;

		if (!str_starts(name, prefix) ||
		    str_to_z(name, v.text, sizeof(v.text)) < 0)
			continue;
		v.name = str_tail(name, prefix.len);
		v.value = value;
		rc = fn(r, &v);
	}
	return rc;
}

/* A variable of Gunicorn's or of platforms, for the setting of that name. */
static int
platform_variable(
    const struct reading *r, const char *variable, const char *name)
{
	const char *value = look_up(r, variable);

	if (value == NULL)
		return 0;
	return config_draft_set(
	    r->d, CONFIG_SOURCE_PLATFORM, variable, name, str_of(value), r->p);
}

static int
port(const struct reading *r)
{
	const char *value = look_up(r, "PORT");
	char bind[64];

	if (value == NULL || value[0] == '\0' || strstr(value, "://") != NULL)
		return 0;
	if (strlen(value) > 16)
		value = "(too long)";
	snprintf(bind, sizeof(bind), "0.0.0.0:%s", value);
	return config_draft_set(
	    r->d, CONFIG_SOURCE_PLATFORM, "PORT", "bind", str_of(bind), r->p);
}

static int
platform(const struct reading *r)
{
	int rc;

	rc = port(r);
	if (rc == 0)
		rc = platform_variable(r, "WEB_CONCURRENCY", "workers");
	if (rc == 0)
		rc = platform_variable(
		    r, "FORWARDED_ALLOW_IPS", "forwarded_allow_ips");
	if (rc == 0)
		rc = platform_variable(r, "SENDFILE", "sendfile");
	return rc;
}

/* One file a setting, as a ConfigMap is mounted; dot entries are skipped. */
static int
directory_entry(const struct reading *r, int dir, const char *name)
{
	const struct config_row *row = config_table_find(str_of(name));
	struct str own = str_of(name);
	char where[300];

	if (name[0] == '.')
		return 0;
	snprintf(where, sizeof(where), "GREENCORN_CONFIG_DIR/%.200s", name);
	if (row == NULL && str_starts(own, STR("GREENCORN_")))
		row = config_table_find(str_tail(own, 10));
	if (row == NULL)
		return unknown(r, where, own);
	return set_from_file(r, CONFIG_SOURCE_DIR, dir, name, where, row->name);
}

static int
directory(const struct reading *r)
{
	const char *path = look_up(r, "GREENCORN_CONFIG_DIR");
	struct dirent *entry;
	char shown[256];
	DIR *dir;
	int rc = 0;

	if (path == NULL || path[0] == '\0')
		return 0;
	dir = opendir(path);
	if (dir == NULL) {
		config_draft_show(str_of(path), shown, sizeof(shown));
		snprintf(r->p->text, sizeof(r->p->text),
		    "GREENCORN_CONFIG_DIR: cannot open %s: %s", shown,
		    strerror(errno));
		return -E_SYSTEM;
	}
	while (rc == 0 && (entry = readdir(dir)) != NULL)
		rc = directory_entry(r, dirfd(dir), entry->d_name);
	closedir(dir);
	return rc;
}

static int
bad_cmd_args(const struct reading *r, const char *why)
{
	snprintf(r->p->text, sizeof(r->p->text), "GUNICORN_CMD_ARGS: %s", why);
	return -E_BAD_VALUE;
}

static int
cmd_args(const struct reading *r)
{
	const char *value = look_up(r, "GUNICORN_CMD_ARGS");
	char *words[CMD_ARGS_MAX + 1], *copy, *rest;
	int n = 1, rc;

	if (value == NULL || value[0] == '\0')
		return 0;
	rest = copy = words[0] = strdup(value);
	if (copy == NULL)
		return -E_NOMEM;
	do
		rc = config_words_next(&rest, &words[n]);
	while (rc > 0 && ++n < CMD_ARGS_MAX);
	if (rc == 0)
		rc = config_args_read(
		    r->d, n, words, CONFIG_SOURCE_CMD_ARGS, r->p);
	else
		rc = bad_cmd_args(
		    r, rc > 0 ? "too many words" : "a quote is not closed");
	free(copy);
	return rc < 0 ? rc : 0;
}

int
config_env_read(
    struct config_draft *d, char *const *environment, struct config_problem *p)
{
	const struct reading r = { d, environment, p };
	int rc;

	rc = platform(&r);
	if (rc == 0)
		rc = each_variable(&r, STR("GUNICORN_"), gunicorn_variable);
	if (rc == 0)
		rc = directory(&r);
	if (rc == 0)
		rc = each_variable(&r, STR("GREENCORN_"), own_variable);
	if (rc == 0)
		rc = each_variable(&r, STR("GREENCORN_"), own_other_variable);
	if (rc == 0)
		rc = cmd_args(&r);
	return rc;
}
