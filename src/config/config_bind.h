/*
 * config_bind: an address to listen at, taken apart. No name is looked up.
 */
#ifndef CONFIG_CONFIG_BIND_H
#define CONFIG_CONFIG_BIND_H

#include <stdbool.h>

#include "base/str.h"

#define CONFIG_BIND_PORT 8000 /* where none is named */
#define CONFIG_BIND_PATH_MAX 107
#define CONFIG_BIND_HOST_MAX 253

enum config_bind_kind {
	CONFIG_BIND_TCP,
	CONFIG_BIND_UNIX,
	CONFIG_BIND_FD
};

struct config_bind {
	enum config_bind_kind kind;
	/* A host without brackets, "" for all; a path; "@name", abstract. */
	struct str host;
	unsigned number; /* port, or descriptor */
};

/*
 * "HOST:PORT", "HOST", ":PORT", "PORT", "[V6]:PORT", "tcp://HOST:PORT",
 * "unix:PATH", "unix://PATH", "unix:@NAME", "fd://N". 0, or -E_BAD_VALUE.
 * Slices point into text.
 */
int config_bind_parse(struct str text, struct config_bind *b);

/* The same for whom we send to. Without a port it is that one. */

/* syslog_addr: "udp://HOST:PORT", "tcp://…", "unix://PATH", "…#dgram". */
struct config_syslog {
	struct config_bind to;
	bool stream;     /* tcp */
	bool dgram_only; /* of a path; else a stream when that is what it is */
};
#define CONFIG_SYSLOG_PORT 514
int config_syslog_parse(struct str text, struct config_syslog *s);

/* statsd_host: "HOST:PORT", "HOST", "unix://PATH", "unix:PATH". */
#define CONFIG_STATSD_PORT 8125
int config_statsd_parse(struct str text, struct config_bind *b);

#endif
