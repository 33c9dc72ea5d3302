/*
 * telemetry: what is told about requests: the access log (statsd and the text
 * of metrics later). It watches and never steers.
 *
 * access_format: the line of a request, by access_log_format, which is made
 * into steps once. As text it is the format with its atoms filled in; as JSON
 * one object with a named key for each atom, those left out that have
 * nothing to say.
 *
 * What comes from a peer is escaped: as text " and \ by a backslash, and all
 * that is not visible ASCII as \xNN; in JSON as a string demands.
 */
#ifndef TELEMETRY_ACCESS_FORMAT_H
#define TELEMETRY_ACCESS_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define ACCESS_LINE_MAX 8192 /* longer lines are cut and end in "..." */

/* For JSON where nobody has chosen: what a user of it wants to see. */
#define ACCESS_FORMAT_JSON \
	"%(h)s%(u)s%(m)s%(U)s%(q)s%(H)s%(s)s%(B)s%(D)s%(f)s%(a)s%(p)s"

struct access_format;
struct request;

/*
 * Makes the steps of a format that config_atoms_check has passed; pid is what
 * %(p)s says. NULL without memory.
 */
struct access_format *
access_format_create(struct str format, bool json, int pid);
void access_format_destroy(struct access_format *f);

/* Has it an atom of the time spent? Then that must be measured. */
bool access_format_times(const struct access_format *f);
/* Has it a field of the answer? Then request.keep_fields must be set. */
bool access_format_answers(const struct access_format *f);
/* The variables of environ that it has, for request.keep_environ; or NULL. */
const struct str *access_format_environ(const struct access_format *f);

/*
 * Writes the line of req, its newline included, to dst, which has room for
 * ACCESS_LINE_MAX bytes, and returns its length. Never fails. Any thread.
 */
size_t access_format_line(const struct access_format *f,
    const struct request *req, uint64_t spent_us, char *dst);

/*
 * The same with a text that has been made elsewhere: takes a line off *text,
 * as JSON all of it; NULL ptr when there is no more.
 */
size_t
access_format_text(const struct access_format *f, struct str *text, char *dst);

#endif
