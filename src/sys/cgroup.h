/*
 * cgroup: how much of the machine is ours: CPU quota and memory limit, v2 or
 * v1, the strictest from our own group up to what we can see of the root.
 */
#ifndef SYS_CGROUP_H
#define SYS_CGROUP_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct cgroup {
	unsigned cpus;       /* quota, rounded up; 0 when there is none */
	uint64_t memory_max; /* bytes; 0 when there is none */
};

/* Never fails: what cannot be read is no limit. Up to some 50 small reads. */
void cgroup_read(struct cgroup *c);

/* CPUs that this process may run on; at least 1. */
unsigned cgroup_affinity(void);

/*
 * The parsers, pure. cpu.max: "max 100000" is 0 CPUs, "150000 100000" 2.
 * Returns 0 and *cpus, or -E_BAD_VALUE.
 */
int cgroup_parse_cpu_max(struct str text, unsigned *cpus);
/* cpu.cfs_quota_us and cpu.cfs_period_us of v1; a quota of -1 is 0 CPUs. */
int cgroup_parse_quota(struct str quota, struct str period, unsigned *cpus);
/* memory.max ("max" is 0) or memory.limit_in_bytes (absurdly many is 0). */
int cgroup_parse_memory(struct str text, uint64_t *bytes);
/*
 * Our path in /proc/self/cgroup's text, by v1 controller ("cpu", "memory")
 * or by "" for v2, to dst as a NUL-terminated string that begins with "/".
 * 0, -E_NOT_FOUND, -E_TOO_LONG or -E_BAD_VALUE (a path with "..", as shown
 * from within another group's namespace).
 */
int cgroup_parse_path(
    struct str text, struct str controller, char *dst, size_t dst_size);

#endif
