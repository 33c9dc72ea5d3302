/*
 * Limits of our control group. Read by the arbiter at start and reload;
 * whatever is missing, unreadable or odd means "no limit".
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/num.h"
#include "sys/cgroup.h"

#include "base/banned.h"

#define ROOT "/sys/fs/cgroup"
#define TEXT_MAX 4096
#define PATH_LEN 512
#define DEPTH_MAX 16

/* More than any machine has: v1's way of saying "none". */
#define MEMORY_NONE (UINT64_C(1) << 60)

/* Cuts the line end and blanks off. */
static struct str
line(struct str s)
{
	while (s.len > 0 && (s.ptr[s.len - 1] == '\n'))
		s.len--;
	return str_trim(s);
}

static int
cpus_of(struct str quota, struct str period, unsigned *cpus)
{
	uint64_t q, p;

	if (num_dec(quota, UINT32_MAX * UINT64_C(1000), &q) < 0 ||
	    num_dec(period, UINT32_MAX, &p) < 0 || q == 0 || p == 0)
		return -E_BAD_VALUE;
	q = (q + p - 1) / p;
	if (q > UINT16_MAX)
		return -E_BAD_VALUE;
	*cpus = (unsigned)q;
	return 0;
}

int
cgroup_parse_cpu_max(struct str text, unsigned *cpus)
{
	struct str rest = line(text);
	struct str quota = str_cut(&rest, ' ');

	if (str_eq(quota, STR("max"))) {
		*cpus = 0;
		return 0;
	}
	return cpus_of(quota, rest, cpus);
}

int
cgroup_parse_quota(struct str quota, struct str period, unsigned *cpus)
{
	if (str_eq(line(quota), STR("-1"))) {
		*cpus = 0;
		return 0;
	}
	return cpus_of(line(quota), line(period), cpus);
}

int
cgroup_parse_memory(struct str text, uint64_t *bytes)
{
	struct str s = line(text);
	uint64_t n;

	if (str_eq(s, STR("max"))) {
		*bytes = 0;
		return 0;
	}
	if (num_dec(s, UINT64_MAX, &n) < 0)
		return -E_BAD_VALUE;
	*bytes = n >= MEMORY_NONE ? 0 : n;
	return 0;
}

/* Whether the comma-separated list names the controller. */
static bool
lists(struct str list, struct str controller)
{
	while (list.ptr != NULL)
		if (str_eq(str_cut(&list, ','), controller))
			return true;
	return false;
}

static int
take_path(struct str path, char *dst, size_t dst_size)
{
	struct str rest = path;

	if (!str_starts(path, STR("/")))
		return -E_BAD_VALUE;
	while (rest.ptr != NULL)
		if (str_eq(str_cut(&rest, '/'), STR("..")))
			return -E_BAD_VALUE;
	return str_to_z(path, dst, dst_size);
}

int
cgroup_parse_path(
    struct str text, struct str controller, char *dst, size_t dst_size)
{
	struct str row, id;

	/* Rows are "4:cpu,cpuacct:/path", of v2 "0::/path". */
	while (text.ptr != NULL) {
		row = str_cut(&text, '\n');
		id = str_cut(&row, ':');
		if (id.len == 0 || row.ptr == NULL)
			continue;
		if (lists(str_cut(&row, ':'), controller) && row.ptr != NULL)
			return take_path(row, dst, dst_size);
	}
	return -E_NOT_FOUND;
}

/* A small file's text; ptr NULL when it cannot be had. */
static struct str
read_file(const char *path, char *mem)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return (struct str){ NULL, 0 };
	do
		n = read(fd, mem, TEXT_MAX);
	while (n < 0 && errno == EINTR);
	(void)close(fd);
	if (n < 0)
		return (struct str){ NULL, 0 };
	return (struct str){ mem, (size_t)n };
}

/* One kind of limit: where it lies, and how one group's is read. */
struct limit {
	const char *controller; /* of v1; "" for v2 */
	const char *mounts[2];  /* below ROOT, tried in turn */
	int (*read)(const char *dir, uint64_t *value);
};

static struct str
read_in(const char *dir, const char *name, char *mem)
{
	char path[PATH_LEN + 64];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return (struct str){ NULL, 0 };
	return read_file(path, mem);
}

static int
read_cpu_max(const char *dir, uint64_t *value)
{
	char mem[TEXT_MAX];
	unsigned cpus;
	int rc = cgroup_parse_cpu_max(read_in(dir, "cpu.max", mem), &cpus);

	if (rc == 0)
		*value = cpus;
	return rc;
}

static int
read_quota(const char *dir, uint64_t *value)
{
	char quota[TEXT_MAX], period[TEXT_MAX];
	unsigned cpus;
	int rc;

	rc = cgroup_parse_quota(read_in(dir, "cpu.cfs_quota_us", quota),
	    read_in(dir, "cpu.cfs_period_us", period), &cpus);
	if (rc == 0)
		*value = cpus;
	return rc;
}

static int
read_memory_max(const char *dir, uint64_t *value)
{
	char mem[TEXT_MAX];

	return cgroup_parse_memory(read_in(dir, "memory.max", mem), value);
}

static int
read_memory_limit(const char *dir, uint64_t *value)
{
	char mem[TEXT_MAX];
	struct str text = read_in(dir, "memory.limit_in_bytes", mem);

	return cgroup_parse_memory(text, value);
}

static const struct limit cpu_limits[] = {
	{ "", { ROOT, ROOT "/unified" }, read_cpu_max },
	{ "cpu", { ROOT "/cpu", ROOT "/cpu,cpuacct" }, read_quota },
};
static const struct limit memory_limits[] = {
	{ "", { ROOT, ROOT "/unified" }, read_memory_max },
	{ "memory", { ROOT "/memory", NULL }, read_memory_limit },
};

/* Cuts the last name off a path below a mount; false at the mount itself. */
static bool
go_up(char *dir, size_t mount_len)
{
	char *slash = strrchr(dir, '/');

	if (slash == NULL || (size_t)(slash - dir) < mount_len)
		return false;
	*slash = '\0';
	return true;
}

/* The strictest from our group up to the mount; 0 for none. */
static uint64_t
strictest(const struct limit *l, const char *mount, const char *group)
{
	char dir[PATH_LEN];
	uint64_t least = 0, v = 0;
	int n, depth;

	n = snprintf(dir, sizeof(dir), "%s%s", mount,
	    strcmp(group, "/") == 0 ? "" : group);
	if (n < 0 || (size_t)n >= sizeof(dir))
		return 0;
	for (depth = 0; depth < DEPTH_MAX; depth++) {
		/* A container may see the host's path, and only its root. */
		if (l->read(dir, &v) == 0 && v != 0 &&
		    (least == 0 || v < least))
			least = v;
		if (!go_up(dir, strlen(mount)))
			break;
	}
	return least;
}

static uint64_t
limit_of(const struct limit *limits, struct str proc)
{
	char group[PATH_LEN / 2];
	uint64_t least = 0, v;
	int i, m;

	for (i = 0; i < 2; i++) {
		if (cgroup_parse_path(proc, str_of(limits[i].controller), group,
			sizeof(group)) < 0)
			memcpy(group, "/", 2);
		for (m = 0; m < 2 && limits[i].mounts[m] != NULL; m++) {
			v = strictest(&limits[i], limits[i].mounts[m], group);
			if (v != 0 && (least == 0 || v < least))
				least = v;
		}
	}
	return least;
}

void
cgroup_read(struct cgroup *c)
{
	char mem[TEXT_MAX];
	struct str proc = read_file("/proc/self/cgroup", mem);

	c->cpus = (unsigned)limit_of(cpu_limits, proc);
	c->memory_max = limit_of(memory_limits, proc);
}

unsigned
cgroup_affinity(void)
{
	/* As many as Linux can be built for: a smaller set is refused. */
	cpu_set_t *set = CPU_ALLOC(8192);
	size_t size = CPU_ALLOC_SIZE(8192);
	int n = 0;

	if (set == NULL)
		return 1;
	CPU_ZERO_S(size, set);
	if (sched_getaffinity(0, size, set) == 0)
		n = CPU_COUNT_S(size, set);
	CPU_FREE(set);
	return n < 1 ? 1 : (unsigned)n;
}
