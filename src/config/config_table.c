/*
 * config_table: the rows, and what each type accepts.
 */
#include "config/config_table.h"

#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/error.h"
#include "base/json.h"
#include "base/num.h"
#include "base/scan.h"
#include "base/suggest.h"
#include "config/config_app.h"
#include "config/config_atoms.h"
#include "config/config_bind.h"
#include "config/config_list.h"

#include "base/banned.h"

#define NAME_MAX_LEN 256
#define JSON_VALUES_MAX 4096
#define JSON_MEMORY_MAX ((size_t)4 << 20)

const struct config_row config_table[] = {
#define SETTING( \
    name, type, default_, min, max, flags, origin, section, effect, help) \
	{ #name, CONFIG_##type, default_, min, max, flags, CONFIG_##origin, \
		section, CONFIG_##effect, help, NULL, \
		offsetof(struct config, name) },
#define CHOICE(name, choices, default_, flags, origin, section, effect, help) \
	{ #name, CONFIG_CHOICE, default_, 0, 0, flags, CONFIG_##origin, \
		section, CONFIG_##effect, help, choices, \
		offsetof(struct config, name) },
#include "config/settings.def"
#undef SETTING
#undef CHOICE
};

#define N_ROWS (sizeof(config_table) / sizeof(config_table[0]))

const unsigned config_table_n = N_ROWS;

/* The same value under other names. */
static const struct {
	struct str setting, other, name;
} aliases[] = {
	{ { "worker_class", 12 }, { "gunicorn.workers.sync.SyncWorker", 32 },
	    { "sync", 4 } },
	{ { "worker_class", 12 }, { "egg:gunicorn#sync", 17 }, { "sync", 4 } },
	{ { "worker_class", 12 },
	    { "gunicorn.workers.gthread.ThreadWorker", 37 }, { "gthread", 7 } },
	{ { "worker_class", 12 }, { "egg:gunicorn#gthread", 20 },
	    { "gthread", 7 } },
	{ { "worker_class", 12 }, { "gunicorn.workers.gasgi.ASGIWorker", 33 },
	    { "asgi", 4 } },
	{ { "worker_class", 12 },
	    { "gunicorn.workers.ggevent.GeventWorker", 37 }, { "gevent", 6 } },
	{ { "worker_class", 12 },
	    { "gunicorn.workers.ggevent.GeventPyWSGIWorker", 43 },
	    { "gevent_pywsgi", 13 } },
	{ { "worker_class", 12 },
	    { "gunicorn.workers.geventlet.EventletWorker", 41 },
	    { "eventlet", 8 } },
	{ { "worker_class", 12 },
	    { "gunicorn.workers.gtornado.TornadoWorker", 39 },
	    { "tornado", 7 } },
	{ { "proxy_protocol", 14 }, { "true", 4 }, { "auto", 4 } },
	{ { "proxy_protocol", 14 }, { "1", 1 }, { "auto", 4 } },
	{ { "proxy_protocol", 14 }, { "false", 5 }, { "off", 3 } },
	{ { "proxy_protocol", 14 }, { "none", 4 }, { "off", 3 } },
	{ { "proxy_protocol", 14 }, { "0", 1 }, { "off", 3 } },
	{ { "loglevel", 8 }, { "warn", 4 }, { "warning", 7 } },
	{ { "loglevel", 8 }, { "fatal", 5 }, { "critical", 8 } },
};

const struct config_row *
config_table_find(struct str name)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (str_eq_nocase(name, str_of(config_table[i].name)))
			return &config_table[i];
	return NULL;
}

const char *
config_default(const char *name)
{
	const struct config_row *row = config_table_find(str_of(name));

	CHECK(row != NULL);
	return row->default_text;
}

const char *
config_table_nearest(struct str name)
{
	const char *names[N_ROWS + 1];

	for (size_t i = 0; i < N_ROWS; i++)
		names[i] = config_table[i].name;
	names[N_ROWS] = NULL;
	return suggest_nearest(name, names);
}

struct str
config_table_flag(struct str *flags, bool *negative)
{
	struct str flag = str_cut(flags, ' ');

	*negative = flag.len > 0 && flag.ptr[0] == '!';
	flag = str_tail(flag, *negative);
	return str_head(flag, str_find(flag, '='));
}

struct str
config_table_alone(const struct config_row *row)
{
	struct str flag = str_of(row->flags);

	if (row->type == CONFIG_BOOL)
		return flag.len > 0 && flag.ptr[0] == '!' ? STR("false")
							  : STR("true");
	(void)str_cut(&flag, '=');
	return flag;
}

static int
read_bool(struct str s, uint64_t *n)
{
	int yes = num_bool(s);

	if (yes < 0 && s.len == 1 &&
	    ((s.ptr[0] | 32) == 't' || (s.ptr[0] | 32) == 'y'))
		yes = 1;
	if (yes < 0 && s.len == 1 &&
	    ((s.ptr[0] | 32) == 'f' || (s.ptr[0] | 32) == 'n'))
		yes = 0;
	*n = yes > 0;
	return yes < 0 ? yes : 0;
}

struct str
config_table_canonical(const struct config_row *row, struct str text)
{
	struct str rest = str_of(row->choices == NULL ? "" : row->choices);
	bool has_false = false;
	uint64_t yes;

	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (str_eq(str_of(row->name), aliases[i].setting) &&
		    str_eq_nocase(text, aliases[i].other))
			return aliases[i].name;
	/* Choices in any case: "INFO" is what users write. */
	while (rest.len > 0) {
		struct str choice = str_cut(&rest, ' ');

		if (str_eq_nocase(choice, text))
			return choice;
		has_false = has_false || str_eq(choice, STR("false"));
	}
	/* What may be a word of a BOOL may be any of them. */
	if (has_false && read_bool(text, &yes) == 0)
		return yes != 0 ? STR("true") : STR("false");
	return text;
}

/* 0; -E_NOT_FOUND: it stands behind the bar; -E_BAD_VALUE. */
static int
check_choice(const char *choices, struct str text)
{
	struct str rest = str_of(choices);
	bool later = false;

	while (rest.len > 0) {
		struct str choice = str_cut(&rest, ' ');

		if (str_eq(choice, STR("|")))
			later = true;
		else if (str_eq(choice, text))
			return later ? -E_NOT_FOUND : 0;
	}
	return -E_BAD_VALUE;
}

/* "1h30m": several durations, each with its unit but for a lone number. */
static int
read_duration(struct str s, uint64_t *ms)
{
	uint64_t sum = 0, one;
	size_t n, start = 0;
	bool digit, letters = false;

	for (n = 1; n < s.len; n++) {
		digit = (s.ptr[n] >= '0' && s.ptr[n] <= '9') || s.ptr[n] == '.';
		letters = letters || !digit;
		if (!digit || !letters)
			continue;
		if (num_duration(str_head(str_tail(s, start), n - start), 1000,
			&one) < 0 ||
		    one > UINT64_MAX / 2 - sum)
			return -E_BAD_VALUE;
		sum += one;
		start = n;
		letters = false;
	}
	if (start > 0 && !letters)
		return -E_BAD_VALUE; /* "1h30" */
	if (num_duration(str_tail(s, start), 1000, &one) < 0 ||
	    one > UINT64_MAX / 2 - sum)
		return -E_BAD_VALUE;
	*ms = sum + one;
	return 0;
}

/* "022", "0o22" (octal), "0x12", "18". */
static int
read_mode(struct str s, uint64_t *n)
{
	struct str digits;
	uint64_t v = 0;

	if (s.len < 2 || s.ptr[0] != '0')
		return num_dec(s, UINT32_MAX, n);
	if ((s.ptr[1] | 32) == 'x')
		return num_hex(str_tail(s, 2), UINT32_MAX, n);
	digits = str_tail(s, (s.ptr[1] | 32) == 'o' ? 2 : 1);
	if (digits.len == 0 || digits.len > 10)
		return -E_BAD_VALUE;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '7')
			return -E_BAD_VALUE;
		v = v * 8 + (uint64_t)(digits.ptr[i] - '0');
	}
	*n = v;
	return 0;
}

int
config_table_number(
    const struct config_row *row, struct str text, uint64_t *number)
{
	int rc;

	if (row->type == CONFIG_BOOL)
		return read_bool(text, number);
	if (row->type == CONFIG_MS)
		rc = read_duration(text, number);
	else if (row->type == CONFIG_SIZE)
		rc = num_size(text, number);
	else if (row->type == CONFIG_MODE)
		rc = read_mode(text, number);
	else
		rc = num_dec(text, UINT64_MAX, number);
	if (rc < 0 || *number < row->min || *number > row->max)
		return -E_BAD_VALUE;
	return 0;
}

static bool
user_id(const char *name, uint64_t *id)
{
	const struct passwd *entry = getpwnam(name);

	if (entry != NULL)
		*id = entry->pw_uid;
	return entry != NULL;
}

static bool
group_id(const char *name, uint64_t *id)
{
	const struct group *entry = getgrnam(name);

	if (entry != NULL)
		*id = entry->gr_gid;
	return entry != NULL;
}

/* Whom we run as; root may name others. */
static int
check_id(struct str text, uint64_t ours,
    bool (*find)(const char *name, uint64_t *id))
{
	char name[NAME_MAX_LEN + 1];
	uint64_t id;

	if (num_dec(text, UINT32_MAX, &id) < 0 &&
	    (str_to_z(text, name, sizeof(name)) < 0 || !find(name, &id)))
		return -E_BAD_VALUE;
	return id == ours || geteuid() == 0 ? 0 : -E_BAD_VALUE;
}

static int
check_json(struct str text)
{
	struct arena a;
	struct json doc;
	int rc;

	arena_init(&a, JSON_MEMORY_MAX);
	rc = json_parse(text, JSON_VALUES_MAX, &a, &doc);
	if (rc == 0 && json_type(&doc, JSON_ROOT) != JSON_OBJECT)
		rc = -E_BAD_VALUE;
	arena_finish(&a);
	return rc < 0 ? -E_BAD_VALUE : 0;
}

/* MODULE:FUNCTION; MODULE.FUNCTION, as Gunicorn has it. */
static int
check_hook(struct str text)
{
	struct str module, function;
	size_t n = str_find(text, ':');

	if (n == text.len)
		while (n > 0 && text.ptr[n - 1] != '.')
			n--;
	else
		n++;
	if (n < 2 || n == text.len || scan_visible(text) < text.len)
		return -E_BAD_VALUE;
	module = str_head(text, n - 1);
	function = str_tail(text, n);
	return module.ptr[0] == '.' || str_find(function, ':') < function.len
	    ? -E_BAD_VALUE
	    : 0;
}

/* One item of a list, or a value that is none. */
static int
check_item(const struct config_row *row, struct str item)
{
	struct config_syslog syslog;
	struct config_bind bind;
	struct config_app app;
	struct config_net net;

	switch (row->type) {
	case CONFIG_BIND:
	case CONFIG_BINDS:
		return config_bind_parse(item, &bind);
	case CONFIG_SYSLOG:
		return config_syslog_parse(item, &syslog);
	case CONFIG_STATSD:
		return config_statsd_parse(item, &bind);
	case CONFIG_NETS:
		return config_net_parse(item, &net);
	case CONFIG_APPS:
		return config_app_parse(item, &app);
	case CONFIG_PAIRS:
		return item.len > 0 && item.ptr[0] != '=' &&
			str_find(item, '=') < item.len
		    ? 0
		    : -E_BAD_VALUE;
	case CONFIG_USER:
		return check_id(item, geteuid(), user_id);
	case CONFIG_GROUP:
		return check_id(item, getegid(), group_id);
	case CONFIG_JSON:
		return check_json(item);
	case CONFIG_HOOK:
		return check_hook(item);
	case CONFIG_FORMAT:
		return config_atoms_check(item);
	default:
		return 0;
	}
}

static int
check_type(const struct config_row *row, struct str value)
{
	uint64_t number;
	int rc = 0;

	if (row->type == CONFIG_CHOICE)
		return check_choice(row->choices, value);
	if (row->type < CONFIG_CHOICE)
		return config_table_number(row, value, &number);
	if (value.len > row->max)
		return -E_BAD_VALUE;
	if (!config_table_is_list(row))
		return str_find(value, '\0') < value.len
		    ? -E_BAD_VALUE
		    : check_item(row, value);
	while (rc == 0 && value.len > 0)
		rc = check_item(row, config_list_next(&value));
	return rc;
}

/* Does value ask for the same as the default? value is good. */
static bool
is_default(const struct config_row *row, struct str value)
{
	struct str text = str_of(row->default_text);
	uint64_t a, b;

	if (row->type < CONFIG_CHOICE)
		return config_table_number(row, value, &a) == 0 &&
		    config_table_number(row, text, &b) == 0 && a == b;
	return str_eq(value, text);
}

int
config_table_check(const struct config_row *row, struct str value)
{
	int rc = check_type(row, value);

	if (rc == 0 && row->effect == CONFIG_LATER && !is_default(row, value))
		return -E_NOT_FOUND;
	return rc;
}

void
config_table_accepts(const struct config_row *row, char *dst, size_t dst_size)
{
	static const char *const words[] = {
		[CONFIG_BOOL] = "true or false",
		[CONFIG_USER] = "the user that runs greencorn: changing it "
				"needs root",
		[CONFIG_GROUP] = "the group that greencorn runs as: changing "
				 "it needs root",
		[CONFIG_JSON] = "a JSON object",
		[CONFIG_HOOK] = "MODULE:FUNCTION",
		[CONFIG_FORMAT] = "text with atoms such as %(h)s, and %% for "
				  "a percent sign",
		[CONFIG_BIND] = "HOST:PORT, [V6]:PORT, unix:PATH or fd://N",
		[CONFIG_BINDS] = "HOST:PORT, [V6]:PORT, unix:PATH or fd://N",
		[CONFIG_SYSLOG] = "udp://HOST:PORT, tcp://HOST:PORT, "
				  "unix://PATH or unix://PATH#dgram",
		[CONFIG_STATSD] = "HOST:PORT or unix://PATH",
		[CONFIG_PAIRS] = "KEY=VALUE",
		[CONFIG_NETS] = "addresses, networks such as 10.0.0.0/8, or *",
		[CONFIG_APPS] = "MODULE:CLASS, or MODULE:CLASS:N for N "
				"workers",
		[CONFIG_MAP] = "a JSON object of strings",
	};
	size_t n;

	switch (row->type) {
	case CONFIG_UINT:
		snprintf(dst, dst_size, "a number from %" PRIu64 " to %" PRIu64,
		    row->min, row->max);
		return;
	case CONFIG_MODE:
		snprintf(dst, dst_size, "bits such as 022, up to 0%" PRIo64,
		    row->max);
		return;
	case CONFIG_MS:
		snprintf(dst, dst_size,
		    "seconds, or a time such as 500ms or "
		    "1h30m, up to %" PRIu64 " s",
		    row->max / 1000);
		return;
	case CONFIG_SIZE:
		snprintf(dst, dst_size,
		    "bytes, or a size such as 64k or 1m, "
		    "from %" PRIu64 " to %" PRIu64,
		    row->min, row->max);
		return;
	case CONFIG_CHOICE:
		n = str_find(str_of(row->choices), '|');
		while (n > 0 && n < strlen(row->choices) &&
		    row->choices[n - 1] == ' ')
			n--;
		snprintf(dst, dst_size, "%s%.*s",
		    memchr(row->choices, ' ', n) == NULL ? "" : "one of: ",
		    (int)n, row->choices);
		return;
	default:
		break;
	}
	if ((size_t)row->type < sizeof(words) / sizeof(words[0]) &&
	    words[row->type] != NULL)
		snprintf(dst, dst_size, "%s", words[row->type]);
	else
		snprintf(dst, dst_size, "text of at most %" PRIu64 " bytes",
		    row->max);
}
