/*
 * config_net: reading networks, and finding an address in them.
 */
#include "config/config_net.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/error.h"
#include "base/num.h"

#include "base/banned.h"

#define V4_BITS 96 /* in front of an IPv4 address: ::ffff:0:0 */

/* The address in text and how many bits are its own: 32, 128 or 0 (none). */
static unsigned
read_address(struct str text, uint8_t address[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char z[INET6_ADDRSTRLEN];

	if (str_to_z(text, z, sizeof(z)) < 0)
		return 0;
	if (inet_pton(AF_INET6, z, address) == 1)
		return 128;
	memcpy(address, mapped, sizeof(mapped));
	return inet_pton(AF_INET, z, address + sizeof(mapped)) == 1 ? 32 : 0;
}

/* Are the bits of a from the given one on all zero? */
static bool
is_zero_from(const uint8_t a[16], unsigned bit)
{
	for (; bit < 128; bit++)
		if ((a[bit / 8] >> (7 - bit % 8) & 1) != 0)
			return false;
	return true;
}

static bool
is_same(const uint8_t a[16], const uint8_t b[16], unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

int
config_net_parse(struct str text, struct config_net *net)
{
	struct str bits_text = text, host = str_cut(&bits_text, '/');
	unsigned own;
	uint64_t bits;

	if (str_eq(text, STR("*"))) {
		*net = (struct config_net){ .bits = 0 };
		return 0;
	}
	own = read_address(host, net->address);
	bits = own;
	if (own == 0 ||
	    (bits_text.ptr != NULL && num_dec(bits_text, own, &bits) < 0))
		return -E_BAD_VALUE;
	net->bits = (unsigned)bits + (own == 32 ? V4_BITS : 0);
	return is_zero_from(net->address, net->bits) ? 0 : -E_BAD_VALUE;
}

bool
config_net_has(const struct config_nets *nets, struct str peer)
{
	struct str host = str_head(peer, str_find(peer, '%')); /* no zone */
	uint8_t address[16];

	if (read_address(host, address) == 0)
		return false;
	for (unsigned i = 0; i < nets->n; i++)
		if (is_same(
			address, nets->items[i].address, nets->items[i].bits))
			return true;
	return false;
}
