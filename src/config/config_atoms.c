/*
 * config_atoms: by the rules of Python's % with a dictionary, as far as a log
 * line needs them. Run by whoever checks settings, and by workers.
 */
#include "config/config_atoms.h"

#include "base/error.h"

#include "base/banned.h"

static const char letters[] = "hlutrsmUqHbBfaTDMLp";

static void
take_name(struct str name, struct config_atom *atom)
{
	char last = name.len == 0 ? '\0' : name.ptr[name.len - 1];

	atom->letter = '?';
	if (name.len == 1 && memchr(letters, last, sizeof(letters) - 1) != NULL)
		atom->letter = last;
	if (name.len < 4 || name.ptr[0] != '{' ||
	    name.ptr[name.len - 2] != '}' ||
	    (last != 'i' && last != 'o' && last != 'e'))
		return;
	atom->letter = last;
	atom->name = str_head(str_tail(name, 1), name.len - 3);
}

/* What stands behind the name: "-15s". */
static int
take_conversion(struct str *rest, struct config_atom *atom)
{
	char c;

	atom->left = str_starts(*rest, STR("-"));
	*rest = str_tail(*rest, atom->left);
	while (rest->len > 0) {
		c = rest->ptr[0];
		*rest = str_tail(*rest, 1);
		if (c == 's' || c == 'd')
			return 1;
		if (c < '0' || c > '9')
			break;
		atom->width = atom->width * 10 + (unsigned)(c - '0');
		if (atom->width > CONFIG_ATOM_WIDTH_MAX)
			break;
	}
	return -E_BAD_VALUE;
}

int
config_atoms_next(struct str *format, struct config_atom *atom)
{
	size_t n;

	*atom = (struct config_atom){ .letter = '\0' };
	if (format->len == 0)
		return 0;
	n = str_find(*format, '%');
	if (n > 0 || str_starts(*format, STR("%%"))) {
		/* "%%": the first of both is text, too. */
		atom->text = str_head(*format, n > 0 ? n : 1);
		*format = str_tail(*format, n > 0 ? n : 2);
		return 1;
	}
	if (!str_starts(*format, STR("%(")))
		return -E_BAD_VALUE;
	*format = str_tail(*format, 2);
	n = str_find(*format, ')');
	if (n == format->len)
		return -E_BAD_VALUE;
	take_name(str_head(*format, n), atom);
	*format = str_tail(*format, n + 1);
	return take_conversion(format, atom);
}

int
config_atoms_check(struct str format)
{
	struct config_atom atom;
	int rc;

	do
		rc = config_atoms_next(&format, &atom);
	while (rc > 0);
	return rc;
}
