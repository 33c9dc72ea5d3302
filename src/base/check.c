/*
 * check: the end of a process that has found itself to be wrong.
 */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

#include "base/banned.h"

void
check_failed(const char *file, int line, const char *what)
{
	/* Static: the stack may be what is broken; a dump shows the text. */
	static char text[512];

	snprintf(
	    text, sizeof text, "Check failed at %s:%d: %s", file, line, what);
	log_text(LOG_CRITICAL, str_of(text));
	abort();
}
