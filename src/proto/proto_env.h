/*
 * proto_env: what the protocols of one worker share: its limits, in their
 * terms, and whom they work for. Filled once, from the frozen configuration.
 */
#ifndef PROTO_PROTO_ENV_H
#define PROTO_PROTO_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "http/http_policy.h"
#include "http/request.h"
#include "proto/h1_head.h"

struct proto_env {
	const struct config *cfg;
	struct executor *executor;
	struct h1_rules rules;
	struct http_policy policy; /* peer_trusted is each connection's */
	/* May that peer (empty: a unix socket) say who the client is? */
	bool (*is_trusted)(const struct proto_env *env, struct str peer);
	/* uwsgi_allow_ips: may it speak uwsgi? */
	bool (*may_uwsgi)(const struct proto_env *env, struct str peer);
	/*
	 * An answer is complete, or given up: for the access log. On the
	 * application's thread; NULL: nobody asks.
	 */
	void (*on_end)(struct proto_env *env, const struct request *req);
	/* What on_end wants of a request: started_us (NULL: not), its
	 * answer's fields, variables of its environ (see struct request). */
	uint64_t (*clock_us)(void);
	bool keep_fields;
	const struct str *keep_environ;
	bool sendfile; /* files may go out by the kernel */

	uint64_t keepalive_ms;                 /* 0: each answer is the last */
	uint64_t header_ms, body_ms, write_ms; /* 0: no limit */
	unsigned queue_max;    /* ready requests that wait; 0: no limit */
	uint64_t queue_ms;     /* and how long each may; 0: no limit */
	size_t request_buffer; /* of a body that may wait in memory */
	uint64_t body_max;     /* of a whole body; 0: no limit */
	size_t arena_max;
	uint64_t n_requests, n_refused;
	uint64_t n_turned_away;  /* no application was free in time */
	uint64_t turned_away_ms; /* when that was logged last */
};

/*
 * Safe defaults, those of the settings: a worker without configuration
 * (admin, tests).
 */
void proto_env_defaults(struct proto_env *env);

#endif
