/*
 * transport_proxy: what a connection begins with where a PROXY header may come
 * before its bytes; the plain transport follows.
 */
#ifndef NET_TRANSPORT_PROXY_H
#define NET_TRANSPORT_PROXY_H

extern const struct transport_ops transport_proxy_ops;

#endif
