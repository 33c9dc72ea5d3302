/*
 * statsd: metrics to a statsd server, with Gunicorn's names and forms:
 *
 *     PREFIX.gunicorn.requests:1|c|@1.0|#TAGS
 *
 * Nobody waits for a datagram: what does not go at once is lost, and counted.
 * Requests are collected and sent by a thread of its own, once a second or
 * sooner when many have come: counters as sums, each duration by itself, as
 * many to a datagram as it takes, with a newline between. What is rare is sent
 * at once.
 *
 * One per process.
 */
#ifndef TELEMETRY_STATSD_H
#define TELEMETRY_STATSD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct config;
struct request;

/*
 * Begins, where statsd_host asks for it, and counts what is logged from then
 * on; again when settings have changed. dir is where a relative path begins.
 * A name is looked up aside, and again until it is found.
 */
void statsd_start(const struct config *cfg, const char *dir);
/*
 * The same for a worker, with a thread of its own: statsd_request. The thread
 * looks the name up, and again until it is found; cfg stays. 0 or -E_*.
 */
int statsd_start_requests(const struct config *cfg);

/*
 * Any thread; nothing happens while it is off. The value is a number's text,
 * the type is as it is sent: "g", "c|@1.0", "ms", "h".
 */
void statsd_metric(struct str name, struct str value, struct str type);
void statsd_number(struct str name, uint64_t value, struct str type);

/* Does it want started_us of requests? Then: req has its answer. */
bool statsd_wants_us(void);
void statsd_request(const struct request *req);

/* Sends what waits, for a second at most. Nothing is sent any more. */
void statsd_stop(void);
/* In a forked child: what waits is its parent's. */
void statsd_forget(void);

/* Datagrams and durations lost so far. */
uint64_t statsd_lost(void);

#endif
