/*
 * python_stacks: CPython's own dump for fatal errors (what faulthandler
 * writes), which neither allocates nor locks. Run in the handler of SIGABRT.
 */
#include <Python.h>

#include "python/python_stacks.h"

#include <errno.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"
#include "sys/log_out.h"

#include "base/banned.h"

/* Declared in CPython's internal headers only; stable since 3.4. */
extern const char *_Py_DumpTracebackThreads(
    int fd, PyInterpreterState *interp, PyThreadState *current);

static void
put(int fd, struct str s)
{
	ssize_t n;

	while (s.len > 0) {
		n = write(fd, s.ptr, s.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nobody reads: there is no other place */
		s = str_tail(s, (size_t)n);
	}
}

void
python_stacks_dump(int fd)
{
	const char *problem;

	/* NULL: the main interpreter, and whichever thread this is. */
	problem = _Py_DumpTracebackThreads(fd, NULL, NULL);
	if (problem != NULL) {
		put(fd, str_of(problem));
		put(fd, STR("\n"));
	}
}

void
python_stacks_write(void)
{
	char pid[20];
	int saved = errno;

	put(log_out_fd(), STR("Stacks of all Python threads (pid:"));
	put(log_out_fd(),
	    (struct str){ pid, num_put_dec(pid, (uint64_t)getpid()) });
	put(log_out_fd(), STR("):\n"));
	python_stacks_dump(log_out_fd());
	errno = saved;
}
