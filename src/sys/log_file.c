/*
 * log_file: the kernel's part of log files. Every role.
 */
#include "sys/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/fd.h"

#include "base/banned.h"

#define FILE_MODE 0644

int
log_file_open(const char *path)
{
	int fd;

	/* O_NONBLOCK: a FIFO that nobody reads must not hold us up. */
	fd = open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	    FILE_MODE);
	return fd < 0 ? -E_SYSTEM : fd;
}

int
log_file_reopen(int fd, const char *path)
{
	int new_fd = log_file_open(path), rc;

	if (new_fd < 0)
		return new_fd;
	rc = dup3(new_fd, fd, O_CLOEXEC);
	fd_close(new_fd);
	return rc < 0 ? -E_SYSTEM : 0;
}

/* The front of lines that goes in one piece: up to a line's end if it can. */
static struct str
piece_of(struct str lines)
{
	const char *end;

	if (lines.len <= PIPE_BUF)
		return lines;
	end = memrchr(lines.ptr, '\n', PIPE_BUF);
	if (end == NULL)
		return str_head(lines, PIPE_BUF);
	return str_head(lines, (size_t)(end - lines.ptr) + 1);
}

static bool
is_writable(int fd, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	/* What poll itself cannot say, write will: it is tried. */
	return poll(&p, 1, wait_ms) != 0;
}

ssize_t
log_file_write(int fd, struct str lines, int wait_ms)
{
	struct stat st;
	bool in_one = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	size_t sum = 0;
	ssize_t n;

	while (lines.len > 0) {
		struct str piece = in_one ? lines : piece_of(lines);

		if (!in_one && !is_writable(fd, wait_ms))
			break;
		n = write(fd, piece.ptr, piece.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return sum > 0 ? (ssize_t)sum : -E_SYSTEM;
		sum += (size_t)n;
		lines = str_tail(lines, (size_t)n);
	}
	return (ssize_t)sum;
}
