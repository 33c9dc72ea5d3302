/*
 * config_log: the log's own settings.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "config/config_bind.h"
#include "config/config_draft.h"
#include "sys/log_out.h"
#include "sys/log_syslog.h"

#include "base/banned.h"

void
config_log_apply(const char *loglevel, const char *log_format)
{
	int level = log_level_from(str_of(loglevel));

	if (level >= 0)
		log_set_level((enum log_level)level);
	log_set_format(strcmp(log_format, "json") == 0 ? LOG_JSON : LOG_TEXT);
}

bool
config_has_access_log(const struct config *c)
{
	return c->accesslog[0] != '\0' && strcasecmp(c->accesslog, "none") != 0;
}

bool
config_has_access_file(const struct config *c)
{
	return config_has_access_log(c) && strcmp(c->accesslog, "-") != 0;
}

int
config_log_open(const char *errorlog, const char *dir, struct config_problem *p)
{
	int rc = log_out_open(dir, errorlog);
	char shown[256];

	if (rc == 0)
		return 0;
	config_draft_show(str_of(errorlog), shown, sizeof(shown));
	snprintf(p->text, sizeof(p->text),
	    "Error: '%s' isn't writable: errorlog: %s", shown,
	    rc == -E_SYSTEM ? strerror(errno) : error_text(rc));
	return rc;
}

bool
config_has_access_syslog(const struct config *c)
{
	return c->syslog && !c->disable_redirect_access_to_syslog;
}

static unsigned
facility(const char *name)
{
	static const struct {
		const char *name;
		unsigned number;
	} all[] = {
		{ "kern", 0 },
		{ "user", 1 },
		{ "mail", 2 },
		{ "daemon", 3 },
		{ "auth", 4 },
		{ "security", 4 },
		{ "syslog", 5 },
		{ "lpr", 6 },
		{ "news", 7 },
		{ "uucp", 8 },
		{ "cron", 9 },
		{ "authpriv", 10 },
		{ "ftp", 11 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(name, all[i].name) == 0)
			return all[i].number;
	return 16 + (unsigned)(name[strlen("local")] - '0');
}

int
config_log_address(
    const struct config_bind *to, const char *dir, struct sock_addr *a)
{
	char path[CONFIG_BIND_PATH_MAX + PATH_MAX];

	if (to->kind != CONFIG_BIND_UNIX)
		return sock_resolve(a, to->host, (uint16_t)to->number);
	if (to->host.ptr[0] == '/' || to->host.ptr[0] == '@' || dir[0] == '\0')
		return sock_unix(a, to->host);
	snprintf(path, sizeof(path), "%s/%.*s", dir, STR_ARG(to->host));
	return sock_unix(a, str_of(path));
}

static char syslog_shown[CONFIG_BIND_HOST_MAX + 64];

static void
on_syslog_unknown(void)
{
	log_event(EV_LOG_SYSLOG, syslog_shown, error_text(-E_NOT_FOUND));
}

void
config_log_syslog(const struct config *c, const char *dir)
{
	struct log_syslog_options o = { .port = 0 };
	struct config_syslog syslog;
	int rc;

	log_syslog_stop();
	if (!c->syslog)
		return;
	rc = config_syslog_parse(str_of(c->syslog_addr), &syslog);
	if (rc == 0 && syslog.to.kind == CONFIG_BIND_UNIX)
		rc = config_log_address(&syslog.to, dir, &o.to);
	else if (rc == 0) {
		o.host = syslog.to.host;
		o.port = (uint16_t)syslog.to.number;
	}
	if (rc < 0) {
		log_event(EV_LOG_SYSLOG, c->syslog_addr, error_text(rc));
		return;
	}
	o.stream = syslog.stream;
	o.either = syslog.to.kind == CONFIG_BIND_UNIX && !syslog.dgram_only;
	o.facility = facility(c->syslog_facility);
	o.name = str_of(c->syslog_prefix);
	if (o.name.len == 0)
		o.name = str_of(c->proc_name);
	if (o.name.len == 0) {
		o.name = str_of(c->wsgi_app);
		o.name = str_head(o.name, str_find(o.name, '('));
	}
	snprintf(syslog_shown, sizeof(syslog_shown), "%s", c->syslog_addr);
	log_syslog_start(&o, on_syslog_unknown);
}

bool
config_has_logger(const struct config *c)
{
	static const char *const plain[] = {
		"",
		"simple",
		"gunicorn.glogging.Logger",
		"gunicorn.instrument.statsd.Statsd",
	};
	bool is_plain = false;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		is_plain = is_plain || strcmp(c->logger_class, plain[i]) == 0;
	return !is_plain || c->logconfig[0] != '\0' ||
	    c->logconfig_dict[0] != '\0' || c->logconfig_json[0] != '\0';
}
