/*
 * The dirty arbiter's pid in a file beside the named address, where that is
 * one: /tmp/gunicorn_dirty_PID.pid. Whom a file of before names is told to
 * end, if it is a dirty arbiter of ours that has lost its arbiter. Run by the
 * dirty arbiter, at its start and end.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/num.h"
#include "dirty/dirty_state.h"
#include "sys/fd.h"
#include "sys/pid_file.h"

#include "base/banned.h"

#define TEXT_MAX 512
#define MODE 0600
#define WAIT_STEP_MS 20
#define WAIT_STEPS 50
#define PPID_FIELD 4 /* of /proc/PID/stat */

/* What /proc says, as far as it fits; empty when it is not of our user. */
static struct str
content(const char *path, char text[TEXT_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat st;
	ssize_t n = 0;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid())
		n = fd_read(fd, text, TEXT_MAX);
	fd_close(fd);
	return (struct str){ text, n > 0 ? (size_t)n : 0 };
}

/* A dirty arbiter by its title; with arguments that is all that it says. */
static bool
is_dirty_arbiter(pid_t pid)
{
	const struct str word = STR("dirty-arbiter");
	char path[64], text[TEXT_MAX];
	struct str s;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	for (s = content(path, text); s.len >= word.len; s = str_tail(s, 1))
		if (str_starts(s, word))
			return true;
	return false;
}

static pid_t
parent_of(pid_t pid)
{
	char path[64], text[TEXT_MAX];
	struct str s;
	uint64_t ppid;
	size_t end;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	s = content(path, text);
	/* Its name may hold anything, but ends with the last parenthesis. */
	for (end = s.len; end > 0 && s.ptr[end - 1] != ')';)
		end--;
	s = str_tail(s, end);
	for (unsigned field = 2; field < PPID_FIELD; field++)
		(void)str_cut(&s, ' ');
	if (num_dec(str_cut(&s, ' '), INT32_MAX, &ppid) < 0)
		return 0;
	return (pid_t)ppid;
}

/* One whose arbiter is gone; the one that we replace has ours. */
static bool
is_orphan(pid_t pid)
{
	return pid > 1 && pid != getpid() && is_dirty_arbiter(pid) &&
	    parent_of(pid) != getppid();
}

static void
end_orphan(pid_t pid)
{
	const struct timespec step = { .tv_nsec = WAIT_STEP_MS * 1000000 };

	log_event(EV_DIRTY_ORPHAN, (int)pid);
	if (kill(pid, SIGTERM) < 0)
		return;
	for (unsigned i = 0; i < WAIT_STEPS && kill(pid, 0) == 0; i++)
		nanosleep(&step, NULL);
}

/* ".sock" becomes ".pid"; false: the address is no file. */
static bool
path_of(const struct dirty_router *r, char dst[HERITAGE_ADDRESS_MAX])
{
	struct str address = str_of(r->h->dirty_address);
	struct str end = STR(".sock");

	if (address.len <= end.len || address.ptr[0] != '/' ||
	    !str_eq(str_tail(address, address.len - end.len), end))
		return false;
	snprintf(dst, HERITAGE_ADDRESS_MAX, "%.*s.pid",
	    STR_ARG(str_head(address, address.len - end.len)));
	return true;
}

void
dirty_pidfile_begin(const struct dirty_router *r)
{
	char path[HERITAGE_ADDRESS_MAX];
	pid_t before;

	if (!path_of(r, path))
		return;
	before = pid_file_read(path, true);
	if (is_orphan(before))
		end_orphan(before);
	if (pid_file_write(path, MODE) < 0)
		log_errno(EV_DIRTY_PIDFILE, path);
}

void
dirty_pidfile_end(const struct dirty_router *r)
{
	char path[HERITAGE_ADDRESS_MAX];

	if (path_of(r, path) && pid_file_read(path, true) == getpid())
		(void)unlink(path);
}
