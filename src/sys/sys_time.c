/*
 * The clocks, by clock_gettime. Every role; no state but the two pointers.
 */
#include <sys/prctl.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/zone.h"
#include "sys/sys_time.h"

#include "base/banned.h"

#define ZONE_YEARS 10
#define ZONE_STEP_S 604800 /* no two changes lie closer together */

static uint64_t
in_ms(clockid_t id)
{
	struct timespec t;

	/* Fails for an unknown clock only, and these are as old as the API. */
	CHECK(clock_gettime(id, &t) == 0);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t
monotonic_ms(void)
{
	return in_ms(CLOCK_MONOTONIC_COARSE);
}

static uint64_t
wall_ms(void)
{
	return in_ms(CLOCK_REALTIME_COARSE);
}

void
time_start(void)
{
	clock_ms = monotonic_ms;
	clock_wall_ms = wall_ms;
}

/* What libc says of that second. */
static int
offset_at(time_t second)
{
	struct tm tm;

	return localtime_r(&second, &tm) == NULL ? 0 : (int)tm.tm_gmtoff;
}

/* The first second that has another offset than low; high is one. */
static time_t
change_between(time_t low, time_t high)
{
	int offset = offset_at(low);

	while (high - low > 1) {
		time_t mid = low + (high - low) / 2;

		if (offset_at(mid) == offset)
			low = mid;
		else
			high = mid;
	}
	return high;
}

void
time_zone_start(void)
{
	time_t at = time(NULL), end = at + ZONE_YEARS * 366L * 86400;
	struct zone_change changes[ZONE_CHANGES_MAX];
	int offset = offset_at(at);
	unsigned n = 0;

	changes[n++] = (struct zone_change){ 0, offset };
	for (; at < end && n < ZONE_CHANGES_MAX; at += ZONE_STEP_S) {
		int next = offset_at(at + ZONE_STEP_S);

		if (next == offset)
			continue;
		changes[n++] = (struct zone_change){
			(uint64_t)change_between(at, at + ZONE_STEP_S), next
		};
		offset = next;
	}
	zone_set(changes, n);
}

void
time_exact_waits(void)
{
	/* Refused: it is as it was. */
	(void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
}

uint64_t
time_us(void)
{
	struct timespec t;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}
