/*
 * The limits that hold when nobody says otherwise.
 */
#include "proto/proto_env.h"

#include "base/banned.h"

static bool
trust_nobody(const struct proto_env *env, struct str peer)
{
	(void)env;
	(void)peer;
	return false;
}

void
proto_env_defaults(struct proto_env *env)
{
	*env = (struct proto_env){
		.rules = {
			.head_max = 65536,
			.line_max = 4094,
			.field_max = 8190,
			.n_fields_max = 100,
		},
		.is_trusted = trust_nobody,
		.keepalive_ms = 2000,
		.header_ms = 10000,
		.body_ms = 30000,
		.write_ms = 30000,
		.request_buffer = 65536,
		.arena_max = 1 << 20,
	};
}
