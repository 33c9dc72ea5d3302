/*
 * zone: how far local time is from UTC, for the stamps of log lines. A table
 * of changes, because libc would read the environment, which applications
 * change, and take a lock. Filled by sys (time_zone_start); before that, and
 * where nobody has set TZ, local time is UTC.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdint.h>

#define ZONE_CHANGES_MAX 64
#define ZONE_TEXT_LEN 5 /* "+0100" */

struct zone_change {
	uint64_t second; /* from here on */
	int offset_s;    /* east of UTC is positive */
};

/*
 * The changes, by time; what is before the first of them has its offset, too.
 * Copied; called before there are threads.
 */
void zone_set(const struct zone_change *changes, unsigned n);

/* At that second since the epoch, in seconds. */
int zone_offset(uint64_t second);

/* The same second as the clock on the wall has it, for civil_from. */
uint64_t zone_local(uint64_t second, int offset_s);

/* "+0100" to dst, without a NUL. */
void zone_put(char dst[ZONE_TEXT_LEN], int offset_s);

#endif
