/*
 * config_atoms: access_log_format taken apart. A format is text in which
 * "%(NAME)s" stands for something of a request and "%%" for a percent sign;
 * NAME is a letter, or {field}i, {field}o, {variable}e. As in Python "d" may
 * stand for the "s", and a width before it: "%(M)6d", "%(h)-15s".
 */
#ifndef CONFIG_CONFIG_ATOMS_H
#define CONFIG_CONFIG_ATOMS_H

#include <stdbool.h>

#include "base/str.h"

#define CONFIG_ATOM_WIDTH_MAX 99

struct config_atom {
	struct str text; /* as it is, when letter is 0 */
	char letter;     /* '?': one that nobody knows */
	struct str name; /* of {name}i, {name}o and {name}e */
	unsigned width;  /* at least so many characters; 0: as they come */
	bool left;       /* the blanks are behind */
};

/*
 * Takes the next part off *format: 1; 0: there is no more; -E_BAD_VALUE.
 * Slices point into the format.
 */
int config_atoms_next(struct str *format, struct config_atom *atom);

/* All of format is good: 0 or -E_BAD_VALUE. */
int config_atoms_check(struct str format);

#endif
