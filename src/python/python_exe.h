/*
 * python_exe: which file is the program that runs? Without /proc too, and
 * without resolving links, which virtual environments live by.
 */
#ifndef PYTHON_PYTHON_EXE_H
#define PYTHON_PYTHON_EXE_H

#include <limits.h>
#include <stdbool.h>

struct python_exe {
	/*
	 * What starts Python when it is executed: sys.executable. An absolute
	 * path; "" when the file cannot be found. Where its name alone would
	 * start the server, it is a link python3 beside it, or else the path
	 * with a doubled first slash.
	 */
	char python[PATH_MAX];
	/* The same for the installation that a virtual environment is of:
	   links resolved. Equal to python outside of one. */
	char base[PATH_MAX];
};

/*
 * Is argv0 the mark or the name of a Python: a doubled first slash, or a
 * last part of python, python3 or python3.N?
 */
bool python_exe_is_python(const char *argv0);

/* Never fails; see the fields. argv0 as the kernel gave it to main. */
void python_exe_find(const char *argv0, struct python_exe *exe);

#endif
