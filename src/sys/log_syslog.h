/*
 * log_syslog: lines to syslog, as Gunicorn sends them:
 *
 *     <PRIORITY>gunicorn.NAME.error: [PID] what the line says
 *
 * Datagrams without an end, streams with a newline. Nobody waits for a
 * datagram; a stream is connected within 100 ms, or tried again a second
 * later. What cannot be sent is lost, and counted.
 */
#ifndef SYS_LOG_SYSLOG_H
#define SYS_LOG_SYSLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "sys/sock.h"

#define LOG_SYSLOG_NAME_MAX 128

struct log_syslog_options {
	struct sock_addr to;
	/* Instead of it, a name: lines before it is found are lost. */
	struct str host;
	uint16_t port;
	bool stream; /* TCP */
	/* A path of which it is not known: datagrams, else a stream. */
	bool either;
	unsigned facility; /* its number */
	struct str name;   /* what is not plain becomes a dot */
};

/*
 * From now on what is logged goes there too; called before there are threads,
 * and again when settings have changed. unknown: called once when the name is
 * not found; it is tried again. NULL: nobody needs to know.
 */
void
log_syslog_start(const struct log_syslog_options *o, void (*unknown)(void));
/* No more; that it was never started is fine. */
void log_syslog_stop(void);

/* A line of the access log, without its newline. Any thread. */
void log_syslog_access(struct str line);

/* Lines that this process has lost so far. */
uint64_t log_syslog_lost(void);

#endif
