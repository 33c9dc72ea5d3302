/*
 * admin_address: where the admin process can be asked, from where it listens.
 */
#ifndef ADMIN_ADMIN_ADDRESS_H
#define ADMIN_ADMIN_ADDRESS_H

#include "base/str.h"
#include "sys/sock.h"

/*
 * "127.0.0.1:9000", "[::1]:9000", "localhost:9000", ":9000", "unix:/path",
 * "unix:@name". An address that means "any" becomes the loopback's. A host
 * name is looked up, which may block. 0, -E_BAD_VALUE, -E_NOT_FOUND or
 * -E_TOO_LONG.
 */
int admin_address_parse(struct str text, struct sock_addr *a);

#endif
