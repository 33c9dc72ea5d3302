/*
 * The table of protocols, looked up.
 */
#include "proto/proto_choose.h"

#include <stddef.h>

#include "net/conn.h"
#include "proto/h1.h"
#include "proto/uwsgi.h"

#include "base/banned.h"

static const struct {
	const char *name, *alpn;
	const struct proto_ops *ops;
} protocols[] = {
#define PROTOCOL(id, text, agreed, table) { text, agreed, &table },
#include "proto/protocols.def"
#undef PROTOCOL
};

const struct proto_ops *
proto_choose(struct str name)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (str_eq(name, str_of(protocols[i].name)) ||
		    (protocols[i].alpn != NULL &&
			str_eq(name, str_of(protocols[i].alpn))))
			return protocols[i].ops;
	return NULL;
}
