/*
 * clock: the time as the rest reads it. The pointers are filled by sys
 * (sys/time.h, time_start); until then they answer 0.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds that never go back (CLOCK_MONOTONIC_COARSE, 4 ms grain). */
extern uint64_t (*clock_ms)(void);
/* Milliseconds since the epoch, for log lines and Date. */
extern uint64_t (*clock_wall_ms)(void);

#endif
