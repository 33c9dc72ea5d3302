/*
 * config_env: settings out of the environment, in the order of their ranks.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/suggest.h"
#include "sys/fd.h"

#include "config/config_draft.h"
#include "base/banned.h"

#define VALUE_FILE_MAX 65536
#define NAME_MAX_LEN 64
#define CMD_ARGS_MAX 256 /* words */

/* Names with the prefix that are not settings. */
static const char *const others[] = {
	"CONFIG_DIR",
	"STRICT_ENV",
	"PORT",
	NULL,
};

/*
 * Kubernetes puts GREENCORN_PORT=tcp://… and the like into every container
 * beside a service of that name: these are no settings.
 */
static bool
is_service_link(struct str name, struct str value)
{
	return str_starts(name, STR("SERVICE_")) ||
	    str_ends(name, STR("_SERVICE_HOST")) ||
	    str_ends(name, STR("_SERVICE_PORT")) ||
	    str_starts(name, STR("PORT_")) || str_eq(name, STR("PORT")) ||
	    memmem(value.ptr, value.len, "://", 3) != NULL;
}

static const char *
nearest(struct str name)
{
	const char *names[128];
	unsigned n = 0;

	for (; n < config_table_n && n < 126; n++)
		names[n] = config_table[n].name;
	names[n] = NULL;
	return suggest_nearest(name, names);
}

/* An unknown GREENCORN_ name: a warning, or an error where that is asked. */
static int
unknown(const char *variable, struct str name, struct config_problem *p)
{
	const char *strict = getenv("GREENCORN_STRICT_ENV");
	const char *near = nearest(name);
	char hint[128] = "";

	if (near != NULL)
		snprintf(hint, sizeof(hint), "; did you mean %s?", near);
	snprintf(p->text, sizeof(p->text), "%.100s: there is no such setting%s",
	    variable, hint);
	if (strict != NULL && strcmp(strict, "1") == 0)
		return -E_BAD_VALUE;
	fprintf(stderr, "warning: %s\n", p->text);
	return 0;
}

/* Reads a small file, without its last newline. Length, or -E_*. */
static ssize_t
read_file(int dir, const char *path, char *mem, size_t size)
{
	ssize_t n, sum = 0;
	int fd;

	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
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
	return sum > 0 && mem[sum - 1] == '\n' ? sum - 1 : sum;
}

static int
set_from_file(struct config_draft *d, enum config_source source, int dir,
    const char *path, const char *where, const char *name,
    struct config_problem *p)
{
	char *mem = malloc(VALUE_FILE_MAX);
	ssize_t n;
	int rc;

	if (mem == NULL)
		return -E_NOMEM;
	n = read_file(dir, path, mem, VALUE_FILE_MAX);
	rc = (int)n;
	if (n < 0)
		snprintf(p->text, sizeof(p->text), "%s: cannot read %.200s: %s",
		    where, path,
		    n == -E_SYSTEM ? strerror(errno) : error_text(rc));
	else
		rc = config_draft_set(
		    d, source, where, name, (struct str){ mem, (size_t)n }, p);
	free(mem);
	return rc;
}

/* One GREENCORN_ variable; name is what follows the prefix. */
static int
own_variable(struct config_draft *d, const char *variable, struct str name,
    struct str value, struct config_problem *p)
{
	const struct config_row *row = config_table_find(name);
	char path[4096];

	if (value.len == 0)
		return 0;
	if (row != NULL)
		return config_draft_set(
		    d, CONFIG_SOURCE_ENV, variable, row->name, value, p);
	for (unsigned i = 0; others[i] != NULL; i++)
		if (str_eq(name, str_of(others[i])))
			return 0;
	if (is_service_link(name, value))
		return 0;
	if (str_ends(name, STR("_FILE")))
		row = config_table_find(str_head(name, name.len - 5));
	if (row == NULL)
		return unknown(variable, name, p);
	if (config_draft_entry(d, row->name)->source == CONFIG_SOURCE_ENV) {
		snprintf(p->text, sizeof(p->text),
		    "%s: the setting's own "
		    "variable is set too; set one of them",
		    variable);
		return -E_BAD_VALUE;
	}
	if (str_to_z(value, path, sizeof(path)) < 0)
		return -E_TOO_LONG;
	return set_from_file(
	    d, CONFIG_SOURCE_ENV, AT_FDCWD, path, variable, row->name, p);
}

/* Calls fn for each variable that begins with prefix. */
static int
each_variable(struct config_draft *d, char *const *environment,
    struct str prefix, bool files,
    int (*fn)(struct config_draft *d, const char *variable, struct str name,
	struct str value, struct config_problem *p),
    struct config_problem *p)
{
	for (; *environment != NULL; environment++) {
		struct str value = str_of(*environment);
		struct str variable = str_cut(&value, '=');
		char variable_z[NAME_MAX_LEN + 16];
		int rc;

		if (!str_starts(variable, prefix) ||
		    str_ends(variable, STR("_FILE")) != files ||
		    str_to_z(variable, variable_z, sizeof(variable_z)) < 0)
			continue;
		rc =
		    fn(d, variable_z, str_tail(variable, prefix.len), value, p);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
gunicorn_variable(struct config_draft *d, const char *variable, struct str name,
    struct str value, struct config_problem *p)
{
	const struct config_row *row = config_table_find(name);

	if (row == NULL || is_service_link(name, value))
		return 0;
	return config_draft_set(
	    d, CONFIG_SOURCE_GUNICORN, variable, row->name, value, p);
}

/* PORT and WEB_CONCURRENCY, as platforms set them. */
static int
platform(struct config_draft *d, struct config_problem *p)
{
	const char *port = getenv("PORT");
	const char *workers = getenv("WEB_CONCURRENCY");
	char bind[64];
	int rc = 0;

	if (port != NULL && port[0] != '\0' && strstr(port, "://") == NULL) {
		snprintf(bind, sizeof(bind), "0.0.0.0:%.16s", port);
		rc = config_draft_set(
		    d, CONFIG_SOURCE_PLATFORM, "PORT", "bind", str_of(bind), p);
	}
	if (rc == 0 && workers != NULL)
		rc = config_draft_set(d, CONFIG_SOURCE_PLATFORM,
		    "WEB_CONCURRENCY", "workers", str_of(workers), p);
	return rc;
}

/* One file a setting, as a ConfigMap is mounted; dot entries are skipped. */
static int
directory(struct config_draft *d, struct config_problem *p)
{
	const char *path = getenv("GREENCORN_CONFIG_DIR");
	struct dirent *entry;
	DIR *dir;
	int rc = 0;

	if (path == NULL || path[0] == '\0')
		return 0;
	dir = opendir(path);
	if (dir == NULL) {
		snprintf(p->text, sizeof(p->text),
		    "GREENCORN_CONFIG_DIR: cannot open %.200s: %s", path,
		    strerror(errno));
		return -E_SYSTEM;
	}
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		const struct config_row *row;

		if (entry->d_name[0] == '.')
			continue;
		row = config_table_find(str_of(entry->d_name));
		if (row == NULL)
			rc = unknown(entry->d_name, str_of(entry->d_name), p);
		else
			rc = set_from_file(d, CONFIG_SOURCE_DIR, dirfd(dir),
			    entry->d_name, entry->d_name, row->name, p);
	}
	closedir(dir);
	return rc;
}

/*
 * Cuts the next word off text as a shell would: spaces divide, quotes hold
 * together, a backslash takes what follows. In place. NULL at the end or for
 * a quote that does not end.
 */
static char *
next_word(char **text)
{
	char *in = *text, *out, *word;
	char quote = '\0';

	while (isspace((unsigned char)*in))
		in++;
	if (*in == '\0')
		return NULL;
	for (word = out = in; *in != '\0'; in++) {
		if (quote == '\0' && isspace((unsigned char)*in))
			break;
		if (*in == quote)
			quote = '\0';
		else if (quote == '\0' && (*in == '\'' || *in == '"'))
			quote = *in;
		else if (*in == '\\' && quote != '\'' && in[1] != '\0')
			*out++ = *++in;
		else
			*out++ = *in;
	}
	*text = *in == '\0' ? in : in + 1;
	*out = '\0';
	return quote == '\0' ? word : NULL;
}

static int
command_args(struct config_draft *d, struct config_problem *p)
{
	static const char name[] = "GUNICORN_CMD_ARGS";
	const char *value = getenv(name);
	char *words[CMD_ARGS_MAX + 1] = { NULL };
	char *copy, *rest;
	int n = 1, rc;

	if (value == NULL || value[0] == '\0')
		return 0;
	rest = copy = strdup(value);
	if (copy == NULL)
		return -E_NOMEM;
	words[0] = copy;
	while (n < CMD_ARGS_MAX && (words[n] = next_word(&rest)) != NULL)
		n++;
	rc = config_args_read(d, n, words, CONFIG_SOURCE_CMD_ARGS, p);
	free(copy);
	return rc < 0 ? rc : 0;
}

int
config_env_read(
    struct config_draft *d, char *const *environment, struct config_problem *p)
{
	int rc;

	rc = platform(d, p);
	if (rc == 0)
		rc = each_variable(d, environment, STR("GUNICORN_"), false,
		    gunicorn_variable, p);
	if (rc == 0)
		rc = directory(d, p);
	if (rc == 0)
		rc = each_variable(
		    d, environment, STR("GREENCORN_"), false, own_variable, p);
	if (rc == 0)
		rc = each_variable(
		    d, environment, STR("GREENCORN_"), true, own_variable, p);
	if (rc == 0)
		rc = command_args(d, p);
	return rc;
}
