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

extern void _Py_DumpTraceback(int fd, PyThreadState *thread);

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

static void
put_title(struct str what)
{
	char pid[20];

	put(log_out_fd(), what);
	put(log_out_fd(), STR(" (pid:"));
	put(log_out_fd(),
	    (struct str){ pid, num_put_dec(pid, (uint64_t)getpid()) });
	put(log_out_fd(), STR("):\n"));
}

void
python_stacks_write(void)
{
	int saved = errno;

	put_title(STR("Stacks of all Python threads"));
	python_stacks_dump(log_out_fd());
	errno = saved;
}

void
python_stacks_write_one(void *thread)
{
	int saved = errno;

	put_title(STR("Stack of its thread"));
	_Py_DumpTraceback(log_out_fd(), thread);
	errno = saved;
}
