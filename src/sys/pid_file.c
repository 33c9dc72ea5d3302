/*
 * Pid files. Whoever reads one finds the old or the new, never half of it.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/num.h"
#include "sys/fd.h"
#include "sys/pid_file.h"

#include "base/banned.h"

#define TEXT_MAX 32

static bool
is_own(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == geteuid();
}

pid_t
pid_file_read(const char *path, bool own)
{
	char text[TEXT_MAX];
	struct str rest;
	uint64_t pid;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return 0;
	if (!own || is_own(fd))
		n = fd_read(fd, text, sizeof(text));
	fd_close(fd);
	rest = (struct str){ text, n > 0 ? (size_t)n : 0 };
	if (num_dec(str_trim(str_cut(&rest, '\n')), INT32_MAX, &pid) < 0)
		return 0;
	return (pid_t)pid;
}

static int
write_pid(int fd, mode_t mode)
{
	char text[TEXT_MAX];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (fchmod(fd, mode) < 0)
		return -E_SYSTEM;
	return fd_write(fd, (struct str){ text, (size_t)n }) == n ? 0
								  : -E_SYSTEM;
}

int
pid_file_write(const char *path, mode_t mode)
{
	char temporary[PATH_MAX];
	int fd, rc;

	rc = snprintf(
	    temporary, sizeof(temporary), "%s.%d.tmp", path, (int)getpid());
	if (rc >= (int)sizeof(temporary))
		return -E_SYSTEM;
	(void)unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return -E_SYSTEM;
	rc = write_pid(fd, mode);
	fd_close(fd);
	if (rc == 0 && rename(temporary, path) < 0)
		rc = -E_SYSTEM;
	if (rc < 0)
		(void)unlink(temporary);
	return rc;
}
