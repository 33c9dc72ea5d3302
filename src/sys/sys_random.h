/*
 * sys_random: numbers that nobody else draws: each process its own.
 */
#ifndef SYS_SYS_RANDOM_H
#define SYS_SYS_RANDOM_H

#include <stdint.h>

/* Any number from 0 to max. */
uint32_t sys_random(uint32_t max);

#endif
