/*
 * Log lines out to standard error or a file. Every role, every thread; must
 * neither block for long nor fail loudly, since PID 1 logs through it too.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "sys/fd.h"
#include "sys/log_file.h"
#include "sys/log_out.h"

#include "base/banned.h"

/*
 * A pipe that polls as writable takes this much without blocking, also when
 * somebody has left it in blocking mode (POSIX's PIPE_BUF on Linux).
 */
#define AT_ONCE 4096

static _Atomic int out_fd = STDERR_FILENO;
static char file_path[PATH_MAX]; /* empty: standard error */
static bool captured;

static atomic_uint_fast64_t dropped;
static atomic_uint_fast64_t told; /* of those, already said in a line */
static atomic_bool stuck;         /* the reader failed to read before */

static bool
writable(void)
{
	struct pollfd p = { .fd = atomic_load(&out_fd), .events = POLLOUT };
	int n;

	n = poll(&p, 1, atomic_load(&stuck) ? 0 : LOG_OUT_WAIT_MS);
	if (n == 0)
		atomic_store(&stuck, true);
	/* What poll itself cannot say, write will: it is tried. */
	return n != 0;
}

/* Whether all of it went out. */
static bool
put(const char *p, size_t n)
{
	ssize_t did;

	while (n > 0) {
		if (!writable())
			return false;
		did = write(atomic_load(&out_fd), p, n < AT_ONCE ? n : AT_ONCE);
		if (did < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (did < 0 && errno == EAGAIN && atomic_load(&stuck))
			return false;
		if (did > 0) {
			p += did;
			n -= (size_t)did;
		}
	}
	atomic_store(&stuck, false);
	return true;
}

static void
say_dropped(void)
{
	char line[64];
	uint_fast64_t all = atomic_load(&dropped), old = atomic_load(&told);
	int n;

	/* Of several threads that come here one says it. */
	if (all == old || !atomic_compare_exchange_strong(&told, &old, all))
		return;
	n = snprintf(line, sizeof(line), "(%ju log lines were lost)\n",
	    (uintmax_t)(all - old));
	/* Stuck again: the next line that goes out brings it up anew. */
	if (n > 0 && !put(line, (size_t)n))
		atomic_store(&told, old);
}

static void
write_line(const char *line, size_t n)
{
	int saved = errno;

	if (put(line, n))
		say_dropped();
	else
		atomic_fetch_add(&dropped, 1);
	errno = saved;
}

void
log_out_start(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	log_write = write_line;
	/* Cannot fail for a signal that exists. */
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

uint64_t
log_out_dropped(void)
{
	return atomic_load(&dropped);
}

/* The whole of it, with a slash between, at dst (PATH_MAX). */
static int
join(char *dst, const char *dir, const char *path)
{
	int n;

	n = snprintf(dst, PATH_MAX, "%s%s%s", path[0] == '/' ? "" : dir,
	    path[0] == '/' || dir[0] == '\0' ? "" : "/", path);
	return n < 0 || n >= PATH_MAX ? -E_TOO_LONG : 0;
}

int
log_out_open(const char *dir, const char *path)
{
	int old = atomic_load(&out_fd), fd = STDERR_FILENO, rc;
	char whole[PATH_MAX] = "";

	if (strcmp(path, "-") != 0) {
		rc = join(whole, dir, path);
		if (rc < 0)
			return rc;
		fd = log_file_open(whole);
		if (fd < 0)
			return fd;
	}
	memcpy(file_path, whole, sizeof(file_path));
	atomic_store(&out_fd, fd);
	if (old > STDERR_FILENO)
		fd_close(old);
	return 0;
}

int
log_out_fd(void)
{
	return atomic_load(&out_fd);
}

static void
capture(void)
{
	int fd = atomic_load(&out_fd);

	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
}

void
log_out_capture(void)
{
	captured = file_path[0] != '\0';
	if (captured)
		capture();
}

int
log_out_reopen(void)
{
	int rc;

	if (file_path[0] == '\0')
		return 0;
	rc = log_file_reopen(atomic_load(&out_fd), file_path);
	if (rc == 0 && captured)
		capture();
	return rc;
}
