/*
 * Admin addresses for `greencorn health`, which reads no configuration.
 */
#include "admin/admin_address.h"

#include <stdint.h>

#include "base/error.h"
#include "config/config_bind.h"

#include "base/banned.h"

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
	struct config_bind b;
	int rc;

	rc = config_bind_parse(text, &b);
	if (rc < 0)
		return rc;
	if (b.kind == CONFIG_BIND_UNIX)
		return sock_unix(a, b.host);
	if (b.kind == CONFIG_BIND_FD || b.number == 0)
		return -E_BAD_VALUE;
	rc = sock_resolve(a, b.host, (uint16_t)b.number);
	if (rc == 0)
		to_loopback(a);
	return rc;
}
