/*
 * sys_time: fills the clocks of base/clock.h, and the exact clock for what is
 * measured in microseconds.
 */
#ifndef SYS_SYS_TIME_H
#define SYS_SYS_TIME_H

#include <stdint.h>

/* Makes clock_ms and clock_wall_ms tell the time. Calling it again is fine. */
void time_start(void);

/*
 * Reads TZ, or what it stands for, and makes the local time of base/zone.h
 * follow it for some years (later the last change holds on). Called before
 * there are threads.
 */
void time_zone_start(void);

/* Microseconds that never go back (CLOCK_MONOTONIC, exact). */
uint64_t time_us(void);

/*
 * Waits of this thread, and of threads and processes that it starts from now
 * on, end when they should and not up to 50 us later, as is usual so that
 * timers can be served together.
 */
void time_exact_waits(void);

#endif
