/*
 * Admin addresses for `greencorn health`, which reads no configuration.
 */
#include "admin/admin_address.h"

#include <stdint.h>

#include "base/error.h"
#include "base/num.h"

#include "base/banned.h"

/* The port behind the last colon; a colon within brackets is none. */
static int
split(struct str text, struct str *host, uint16_t *port)
{
	size_t i = text.len;
	uint64_t n;

	while (i > 0 && text.ptr[i - 1] != ':')
		i--;
	if (i == 0 || num_dec(str_tail(text, i), UINT16_MAX, &n) < 0 || n == 0)
		return -E_BAD_VALUE;
	*host = str_head(text, i - 1);
	*port = (uint16_t)n;
	return 0;
}

/* Nobody can be reached at "any", but it includes ourselves. */
static void
to_loopback(struct sock_addr *a)
{
	if (a->any.sa_family == AF_INET &&
	    a->v4.sin_addr.s_addr == htonl(INADDR_ANY))
		a->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (a->any.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr))
		a->v6.sin6_addr = in6addr_loopback;
}

int
admin_address_parse(struct str text, struct sock_addr *a)
{
	struct str host;
	uint16_t port;
	int rc;

	if (str_starts(text, STR("unix:")))
		return sock_unix(a, str_tail(text, 5));
	rc = split(text, &host, &port);
	if (rc == 0)
		rc = sock_resolve(a, host, port);
	if (rc == 0)
		to_loopback(a);
	return rc;
}
