/*
 * response: what a gateway says, checked once for all protocols: a status
 * that may be, field names and values that may be, no hop-by-hop field of the
 * application's, body bytes counted against Content-Length, no body where
 * HTTP has none. The bytes are made by the request's stream_ops.
 *
 * All of it is called by the application's thread, without the GIL being
 * needed, and never blocks.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <sys/types.h>

#include "http/request.h"

/* What protocols say as Server, when the application does not. */
#define RESPONSE_SERVER "greencorn"

/*
 * The check that each field of an answer passes, once, as soon as it is known:
 * may it be sent? 0, with id set and value without blanks at its ends; or
 * -E_BAD_VALUE, and *bad tells why (a text of ours, never the bytes).
 */
int response_check(struct field *f, const char **bad);

/*
 * Starts the answer. status is 200..599, reason may be empty (the standard
 * text is taken). fields have passed response_check; those that are not the
 * application's to send are dropped out of the array.
 * 0; -E_BAD_VALUE: these fields or the status may not be sent (*bad as
 * above); -E_TOO_LONG: nor a head of that length; -E_NOMEM: nothing was sent;
 * -E_GONE.
 */
int response_start(struct request *req, unsigned status, struct str reason,
    struct field *fields, unsigned n_fields, const char **bad);

/*
 * The same with all of the body, for a short one. 0: it is complete and the
 * request must not be touched any more. 1: it was only started, go on with
 * response_write. Errors as above.
 */
int response_whole(struct request *req, unsigned status, struct str reason,
    struct field *fields, unsigned n_fields, struct str body, const char **bad);

/*
 * 103 Early Hints or 100 Continue, of checked fields. Nothing for HTTP/1.0, or
 * when the answer has begun. 0; the same errors (no *bad); -E_FULL: the client
 * takes no more now.
 */
int response_informational(struct request *req, unsigned status,
    const struct field *fields, unsigned n_fields);

/*
 * Body bytes. Returns how many were taken (see stream_ops.body; dropped
 * bytes of a body-less answer count as taken), -E_TOO_LONG when they exceed
 * Content-Length (those within it were taken), -E_GONE or -E_NOMEM.
 */
ssize_t response_write(struct request *req, struct str data);

/* len bytes of fd from offset. As response_write; -E_NOT_FOUND: no sendfile
 * here, read and write it. */
ssize_t response_file(struct request *req, int fd, off_t offset, size_t len);

/*
 * Completes the answer: 0, or -E_PROTOCOL when fewer bytes than
 * Content-Length were written (the connection is then cut, so that the
 * client sees it). The request must not be touched afterwards.
 */
int response_end(struct request *req);

/*
 * A descriptor of the connection, the caller's to close; see
 * stream_ops.connection for take and the errors. -E_NOT_FOUND: there is none.
 * After a take everything above fails with -E_GONE, and response_left is what
 * ends the request.
 */
int response_connection(struct request *req, bool take);

/* The application has left the connection that it took. */
void response_left(struct request *req);

/*
 * Answers req with a small complete page for status, or cuts the connection
 * when the head has already left. Completes the answer. detail: a fixed text
 * of ours, or NULL.
 */
void response_error(struct request *req, unsigned status, const char *detail);

#endif
