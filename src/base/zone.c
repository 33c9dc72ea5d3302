/*
 * zone: one table for the process, that forks inherit.
 */
#include "base/zone.h"

#include <string.h>

#include "base/check.h"

#include "base/banned.h"

static struct zone_change table[ZONE_CHANGES_MAX];
static unsigned n_changes;

void
zone_set(const struct zone_change *changes, unsigned n)
{
	CHECK(n <= ZONE_CHANGES_MAX);
	if (n > 0)
		memcpy(table, changes, n * sizeof(table[0]));
	n_changes = n;
}

int
zone_offset(uint64_t second)
{
	unsigned low = 0, high = n_changes, mid;

	if (n_changes == 0)
		return 0;
	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (table[mid].second <= second)
			low = mid;
		else
			high = mid;
	}
	return table[low].offset_s;
}

uint64_t
zone_local(uint64_t second, int offset_s)
{
	if (offset_s < 0 && second < (uint64_t) - (int64_t)offset_s)
		return 0; /* the epoch itself is as far as civil goes */
	return second + (uint64_t)(int64_t)offset_s;
}

void
zone_put(char dst[ZONE_TEXT_LEN], int offset_s)
{
	unsigned minutes = (unsigned)(offset_s < 0 ? -offset_s : offset_s) / 60;

	dst[0] = offset_s < 0 ? '-' : '+';
	dst[1] = (char)('0' + minutes / 600 % 10);
	dst[2] = (char)('0' + minutes / 60 % 10);
	dst[3] = (char)('0' + minutes % 60 / 10);
	dst[4] = (char)('0' + minutes % 10);
}
