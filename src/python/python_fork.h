/*
 * python_fork: a fork of a process with an interpreter, as os.fork does it.
 */
#ifndef PYTHON_PYTHON_FORK_H
#define PYTHON_PYTHON_FORK_H

#include <sys/types.h>

/*
 * With extra clone flags (CLONE_PARENT or 0). The pid, 0 in the child, or
 * -E_SYSTEM with errno set. Needs the GIL, which both sides then hold. What
 * os.register_at_fork registered is run, sys.stdout and sys.stderr are
 * flushed. Python threads that run at the moment, and will not exist in the
 * child, are named in a warning.
 */
pid_t python_fork(unsigned long flags);

#endif
