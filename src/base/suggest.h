/*
 * suggest: the nearest of some names, for "did you mean".
 */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

#include "base/str.h"

#define SUGGEST_LEN_MAX 64 /* longer names are near to nothing */

/*
 * How many single characters must be put in, taken out, replaced or swapped
 * with their neighbour to make b of a (case does not count). SUGGEST_LEN_MAX
 * when either is longer than that.
 */
size_t suggest_distance(struct str a, struct str b);

/*
 * The name that is nearest to word, the first of several; NULL when none is
 * near enough for anyone to have meant it. names ends with NULL.
 */
const char *suggest_nearest(struct str word, const char *const *names);

#endif
