/*
 * admin_address: where the admin process can be asked, from where it listens.
 */
#ifndef ADMIN_ADMIN_ADDRESS_H
#define ADMIN_ADMIN_ADDRESS_H

#include "base/str.h"
#include "sys/sock.h"

/*
 * What config_bind_parse takes and can be connected to: no descriptor, no port
 * 0. An address that means "any" becomes the loopback's. A host name is looked
 * up, which may block. 0, -E_BAD_VALUE, -E_NOT_FOUND or -E_TOO_LONG.
 */
int admin_address_parse(struct str text, struct sock_addr *a);

#endif
