/* Random numbers of the kernel; without them, the clock's. */
#include "sys/sys_random.h"

#include <sys/random.h>

#include "sys/sys_time.h"

#include "base/banned.h"

uint32_t
sys_random(uint32_t max)
{
	uint64_t n;

	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) != (ssize_t)sizeof(n))
		n = time_us();
	return (uint32_t)(n % ((uint64_t)max + 1));
}
