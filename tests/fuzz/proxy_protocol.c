/*
 * A PROXY header from any bytes, of each set of versions: what it says must
 * not depend on how much is there beyond it, nor come before all of it.
 */
#include <stdint.h>

#include "base/check.h"
#include "base/error.h"
#include "net/proxy_protocol.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_client(const struct proxy_protocol *p)
{
	char host[SOCK_HOST_MAX];
	struct sock_addr again;

	if (!p->given)
		return;
	CHECK(!sock_is_unix(&p->client));
	CHECK(sock_host(&p->client, host) > 0);
	/* What it is told as is an address. */
	CHECK(sock_numeric(&again, str_of(host), 1) == 0);
}

/* Less of it: more is needed, or it is known already what is wrong. */
static void
check_part(struct str part, unsigned versions, ssize_t whole)
{
	struct proxy_protocol p;
	ssize_t n = proxy_protocol_parse(part, versions, &p);

	if (whole < 0)
		CHECK(n == 0 || n == whole);
	else if (whole == 0 || part.len < (size_t)whole)
		CHECK(n == 0);
	else
		CHECK(n == whole);
}

static void
check_versions(struct str in, unsigned versions)
{
	struct proxy_protocol p;
	ssize_t n = proxy_protocol_parse(in, versions, &p);

	CHECK(n == -E_PROTOCOL || n == -E_NOT_FOUND ||
	    (n >= 0 && (size_t)n <= in.len && n <= PROXY_PROTOCOL_MAX));
	if (n > 0)
		check_client(&p);
	if (n == 0)
		CHECK(in.len < PROXY_PROTOCOL_MAX);
	for (size_t i = 1; i < in.len && i < 300; i++)
		check_part(str_head(in, i), versions, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };

	if (size == 0)
		return 0;
	check_versions(in, PROXY_PROTOCOL_V1);
	check_versions(in, PROXY_PROTOCOL_V2);
	check_versions(in, PROXY_PROTOCOL_V1 | PROXY_PROTOCOL_V2);
	return 0;
}
