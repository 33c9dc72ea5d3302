/*
 * http_policy: which requests are accepted, whatever the wire. Every protocol
 * fills version, method, target, path, query, fields (id too) of
 * a request and passes it through here before it may be put on a ready list.
 * What is refused here is refused for HTTP/1, HTTP/2 and uwsgi alike.
 */
#ifndef HTTP_HTTP_POLICY_H
#define HTTP_HTTP_POLICY_H

#include "http/http_error.h"
#include "http/request.h"

/* A field whose name has an underscore: environ cannot tell it from "-". */
enum header_map {
	HEADER_MAP_DROP,
	HEADER_MAP_REFUSE,
	HEADER_MAP_DANGEROUS
};

struct http_policy {
	enum header_map header_map;
	/*
	 * What only a trusted peer may say (forwarded_allow_ips, decided by
	 * the caller for each connection).
	 */
	bool peer_trusted;
	/* Names, upper case, with underscores; "*" is any. */
	const struct str *forwarder_headers;
	unsigned n_forwarder_headers;
	/* Field and the value of it that means https. */
	const struct field *secure_scheme_headers;
	unsigned n_secure_scheme_headers;
	/* Made of them by http_policy_prepare: their ids as bits. */
	uint64_t secure_ids[2];
};

/* To be called when secure_scheme_headers was set. */
void http_policy_prepare(struct http_policy *policy);

/*
 * Checks the fields of req against each other and fills in what follows from
 * them: path_info (unless it came decoded), host, scheme (must be what the
 * transport says before), content_length, chunked, keep_alive,
 * expect_continue. Drops fields that the application must not see. 0,
 * -E_PROTOCOL with *err filled, or -E_NOMEM.
 */
int http_policy_apply(const struct http_policy *policy, struct request *req,
    struct http_error *err);

#endif
