/*
 * The clocks, by clock_gettime. Every role; no state but the two pointers.
 */
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "sys/sys_time.h"

#include "base/banned.h"

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

uint64_t
time_us(void)
{
	struct timespec t;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}
