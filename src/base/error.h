/*
 * error: the one list of what can go wrong (errors.def). Functions return 0
 * or a count on success and -E_* on failure. After -E_SYSTEM errno says why.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum error {
	E_NONE,
#define ERROR(name, text) E_##name,
#include "base/errors.def"
#undef ERROR
	E_MAX,
};

/* The text for rc (negative or positive E_*); never NULL. */
const char *error_text(int rc);

#endif
