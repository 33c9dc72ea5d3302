/*
 * worker_rules: the frozen configuration in the terms of the protocols: what
 * requests may look like, and whom a proxy's words are believed.
 */
#ifndef WORKER_WORKER_RULES_H
#define WORKER_WORKER_RULES_H

struct config;
struct proto_env;

/*
 * Fills limits, permissions, policy, trust and times of env, all but the
 * executor. Once a process. 0 or -E_NOMEM.
 */
int worker_rules_fill(struct proto_env *env, const struct config *cfg);

#endif
