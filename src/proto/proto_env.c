/*
 * The limits that hold when nobody says otherwise.
 */
#include "proto/proto_env.h"

#include "base/banned.h"

/* forwarded_allow_ips: this machine, and who comes by a unix socket. */
static bool
trust_own_machine(const struct proto_env *env, struct str peer)
{
	(void)env;
	return peer.len == 0 || str_eq(peer, STR("127.0.0.1")) ||
	    str_eq(peer, STR("::1"));
}

/* forwarder_headers */
static const struct str forwarders[] = {
	{ "SCRIPT_NAME", 11 },
	{ "PATH_INFO", 9 },
};

/* secure_scheme_headers */
static const struct field secure[] = {
	{ .name = { "X-FORWARDED-PROTOCOL", 20 }, .value = { "ssl", 3 } },
	{ .name = { "X-FORWARDED-PROTO", 17 }, .value = { "https", 5 } },
	{ .name = { "X-FORWARDED-SSL", 15 }, .value = { "on", 2 } },
};

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
		.policy = {
			.forwarder_headers = forwarders,
			.n_forwarder_headers = 2,
			.secure_scheme_headers = secure,
			.n_secure_scheme_headers = 3,
		},
		.is_trusted = trust_own_machine,
		.may_uwsgi = trust_own_machine,
		.sendfile = true,
		.keepalive_ms = 2000,
		.header_ms = 10000,
		.body_ms = 30000,
		.write_ms = 30000,
		.request_buffer = 131072,
		.arena_max = 1 << 20,
	};
	http_policy_prepare(&env->policy);
}
