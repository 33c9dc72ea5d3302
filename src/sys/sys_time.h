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

#endif
