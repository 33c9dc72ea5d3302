/*
 * civil: a moment as year, month, day … in UTC, without libc's time zones
 * (which read files and take locks).
 */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include <stdint.h>

struct civil {
	int year;            /* 1970 and later */
	unsigned month, day; /* 1..12, 1..31 */
	unsigned hour, minute, second;
	unsigned weekday; /* 0 = Sunday */
};

/* seconds since the epoch, before the year 10000 (later ones are cut). */
struct civil civil_from(uint64_t seconds);

#endif
