/*
 * civil: the proleptic Gregorian calendar, counted in years that begin in
 * March, so that the leap day is a year's last.
 */
#include "base/civil.h"

#include "base/banned.h"

#define DAY 86400
#define LAST_DAY 2932896 /* 9999-12-31 */
#define DAYS_400_YEARS 146097
#define DAYS_100_YEARS 36524
#define DAYS_4_YEARS 1461
/* From 0000-03-01 to 1970-01-01. */
#define DAYS_TO_EPOCH 719468

static void
set_date(struct civil *c, unsigned days)
{
	unsigned era, day, years, month;

	days += DAYS_TO_EPOCH;
	era = days / DAYS_400_YEARS;
	day = days % DAYS_400_YEARS;
	/* Leap days passed within the era are taken out before dividing. */
	years = (day - day / (DAYS_4_YEARS - 1) + day / DAYS_100_YEARS -
		    day / (DAYS_400_YEARS - 1)) /
	    365;
	day -= years * 365 + years / 4 - years / 100;
	/* Months from March have 31 30 31 30 31 days, and again. */
	month = (5 * day + 2) / 153;
	c->day = day - (153 * month + 2) / 5 + 1;
	c->month = month < 10 ? month + 3 : month - 9;
	c->year = (int)(era * 400 + years + (c->month <= 2));
}

struct civil
civil_from(uint64_t seconds)
{
	uint64_t days = seconds / DAY;
	unsigned left = (unsigned)(seconds % DAY);
	struct civil c;

	if (days > LAST_DAY)
		days = LAST_DAY;
	set_date(&c, (unsigned)days);
	c.hour = left / 3600;
	c.minute = left / 60 % 60;
	c.second = left % 60;
	c.weekday = (unsigned)((days + 4) % 7); /* 1970-01-01: Thursday */
	return c;
}
