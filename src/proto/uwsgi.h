/*
 * uwsgi: requests by the uwsgi protocol (nginx's uwsgi_pass), one a connection;
 * answers as HTTP/1.
 */
#ifndef PROTO_UWSGI_H
#define PROTO_UWSGI_H

#include "net/conn.h"

extern const struct proto_ops uwsgi_ops;

#endif
