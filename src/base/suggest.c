/*
 * suggest: edit distance with neighbours swapped counting as one (optimal
 * string alignment), because swapped letters are the commonest slip.
 */
#include "base/suggest.h"

#include "base/banned.h"

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
suggest_distance(struct str a, struct str b)
{
	/* Rows i-2, i-1 and i of the usual matrix, in turn. */
	size_t rows[3][SUGGEST_LEN_MAX + 1];
	size_t i, j;

	if (a.len > SUGGEST_LEN_MAX || b.len > SUGGEST_LEN_MAX)
		return SUGGEST_LEN_MAX;
	for (j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (i = 1; i <= a.len; i++) {
		const size_t *above2 = rows[(i + 1) % 3];
		const size_t *above = rows[(i + 2) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (j = 1; j <= b.len; j++) {
			char x = lower(a.ptr[i - 1]), y = lower(b.ptr[j - 1]);

			row[j] = least(above[j - 1] + (x != y),
			    least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x == lower(b.ptr[j - 2]) &&
			    y == lower(a.ptr[i - 2]))
				row[j] = least(row[j], above2[j - 2] + 1);
		}
	}
	return rows[a.len % 3][b.len];
}

const char *
suggest_nearest(struct str word, const char *const *names)
{
	/* As many slips as a third of the letters, and one in any word. */
	size_t best = word.len / 3 + (word.len < 3 ? 2 : 1);
	const char *found = NULL;

	for (; *names != NULL; names++) {
		size_t d = suggest_distance(word, str_of(*names));

		if (d < best && d < word.len) {
			best = d;
			found = *names;
		}
	}
	return found;
}
