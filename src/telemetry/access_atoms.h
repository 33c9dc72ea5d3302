/*
 * access_atoms: what the atoms of a format stand for. For the access_* files
 * alone.
 */
#ifndef TELEMETRY_ACCESS_ATOMS_H
#define TELEMETRY_ACCESS_ATOMS_H

#include "base/arena.h"
#include "config/config_atoms.h"
#include "http/http_field.h"
#include "telemetry/access_line.h"

struct access_step;
struct request;

/* What a line is about. */
struct access_record {
	const struct request *req;
	uint64_t spent_us;
	int pid;
};

/* Writes an atom's value; false: it has none. */
typedef bool access_put(struct access_line *l, const struct access_step *s,
    const struct access_record *r);

struct access_step {
	struct str before; /* as it is: text of the format, or a JSON key */
	access_put *put;   /* NULL: there is no atom, only text */
	struct str after;  /* a JSON string's quote */
	struct str name;   /* of a field, in lower case */
	enum http_field id;
	struct str variable;   /* of environ, which put looks for */
	access_put *otherwise; /* and what it is when nobody has set it */
	unsigned width;
	bool left;
};

/* What an atom is, besides its step. */
struct access_atom {
	const char *key; /* its name in JSON; NULL: it has none there */
	struct str name; /* to be put behind the key */
	bool number;     /* in JSON */
	bool times;      /* it needs the time spent */
	bool answers;    /* it needs the answer's fields */
};

/*
 * Fills put, name and id of a step from its atom, and *what. Memory is a's.
 * 0 or -E_NOMEM.
 */
int access_atoms_set(struct arena *a, struct access_step *s,
    const struct config_atom *atom, struct access_atom *what);

#endif
