/*
 * error: the texts of errors.def.
 */
#include "base/error.h"

#include "base/banned.h"

static const char *const texts[E_MAX] = {
	[E_NONE] = "no error",
#define ERROR(name, text) [E_##name] = text,
#include "base/errors.def"
#undef ERROR
};

const char *
error_text(int rc)
{
	if (rc <= -E_MAX || rc >= E_MAX)
		return "an unknown error";
	return texts[rc < 0 ? -rc : rc];
}
