/*
 * worker_rules: settings to rules. Run by workers, before they accept. What is
 * allocated here lives as long as the process.
 */
#include "worker/worker_rules.h"

#include <stdlib.h>

#include "base/error.h"
#include "config/config.h"
#include "proto/proto_env.h"

#include "base/banned.h"

#define HEAD_BOUND ((size_t)1 << 20) /* of a head, whatever is set */
#define FIELDS_BOUND 32768           /* as for Gunicorn, 0 means that */

/* forwarded_allow_ips; who comes by a unix socket is this machine. */
static bool
is_trusted(const struct proto_env *env, struct str peer)
{
	return peer.len == 0 ||
	    config_net_has(&env->cfg->forwarded_allow_ips, peer);
}

static bool
may_uwsgi(const struct proto_env *env, struct str peer)
{
	return peer.len == 0 ||
	    config_net_has(&env->cfg->uwsgi_allow_ips, peer);
}

static enum header_map
header_map_of(struct str name)
{
	if (str_eq(name, STR("refuse")))
		return HEADER_MAP_REFUSE;
	if (str_eq(name, STR("dangerous")))
		return HEADER_MAP_DANGEROUS;
	return HEADER_MAP_DROP;
}

/* What the single limits allow, all used up, within a bound of ours. */
static size_t
head_max(const struct h1_rules *r)
{
	uint64_t max = (uint64_t)r->n_fields_max * r->field_max;

	if (r->line_max == 0 || r->field_max == 0 || max > HEAD_BOUND)
		return HEAD_BOUND;
	max += r->line_max + 6; /* CRLF before it, behind it, at the end */
	return max < HEAD_BOUND ? (size_t)max : HEAD_BOUND;
}

static void
fill_rules(struct h1_rules *r, const struct config *cfg)
{
	r->line_max = cfg->limit_request_line;
	r->field_max = cfg->limit_request_field_size;
	r->n_fields_max = cfg->limit_request_fields > 0
	    ? cfg->limit_request_fields
	    : FIELDS_BOUND;
	r->head_max = head_max(r);
	r->strip_header_spaces = cfg->strip_header_spaces;
	r->permit_unconventional_method =
	    cfg->permit_unconventional_http_method;
	r->permit_unconventional_version =
	    cfg->permit_unconventional_http_version;
	r->casefold_method = cfg->casefold_http_method;
	r->permit_obsolete_folding = cfg->permit_obsolete_folding;
}

static int
fill_policy(struct http_policy *p, const struct config *cfg)
{
	const struct config_list *names = &cfg->forwarder_headers;
	const struct config_map *map = &cfg->secure_scheme_headers;
	struct str *forwarders = calloc(names->n + 1, sizeof(*forwarders));
	struct field *secure = calloc(map->n + 1, sizeof(*secure));

	if (forwarders == NULL || secure == NULL) {
		free(forwarders);
		free(secure);
		return -E_NOMEM;
	}
	for (unsigned i = 0; i < names->n; i++)
		forwarders[i] = str_of(names->items[i]);
	for (unsigned i = 0; i < map->n; i++) {
		secure[i].name = str_of(map->items[2 * i]);
		secure[i].value = str_of(map->items[2 * i + 1]);
	}
	p->header_map = header_map_of(str_of(cfg->header_map));
	p->forwarder_headers = forwarders;
	p->n_forwarder_headers = names->n;
	p->secure_scheme_headers = secure;
	p->n_secure_scheme_headers = map->n;
	http_policy_prepare(p);
	return 0;
}

int
worker_rules_fill(struct proto_env *env, const struct config *cfg)
{
	proto_env_defaults(env);
	env->cfg = cfg;
	env->is_trusted = is_trusted;
	env->may_uwsgi = may_uwsgi;
	env->sendfile = cfg->sendfile;
	env->keepalive_ms = cfg->keepalive;
	env->header_ms = cfg->header_timeout;
	env->body_ms = cfg->body_timeout;
	env->write_ms = cfg->write_timeout;
	env->queue_max = cfg->queue_limit;
	env->queue_ms = cfg->queue_timeout;
	env->request_buffer = cfg->request_buffer;
	env->body_max = cfg->limit_request_body;
	fill_rules(&env->rules, cfg);
	/* A head, what is made of it, and a slice for each of its fields. */
	env->arena_max += 2 * env->rules.head_max +
	    env->rules.n_fields_max * sizeof(struct field);
	return fill_policy(&env->policy, cfg);
}
