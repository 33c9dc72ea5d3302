/* python_finish: the interpreter's end, whose errors nobody can act on. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "python/python_finish.h"

#include "base/banned.h"

void
python_finish(void)
{
	(void)Py_FinalizeEx();
}
