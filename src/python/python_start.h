/*
 * python_start: bringing the interpreter to life, as the server needs it or
 * as the command `python` needs it. Both have the same library, search path
 * (rootfs/python/greencorn/_paths.py) and patches, and UTF-8 mode.
 *
 * At most one of the two is called, once in a process's life and from its
 * main thread, after title_start. Built-in modules of others are announced
 * (PyImport_AppendInittab) before it.
 */
#ifndef PYTHON_PYTHON_START_H
#define PYTHON_PYTHON_START_H

/*
 * For the template: starts Python and returns with the GIL held, site and
 * sitecustomize done, PYTHON* variables honoured. Parses no arguments: argv,
 * as the kernel gave it, is what applications see as sys.argv; argv[0] helps
 * to find sys.executable. Touches no signal: SIGPIPE and SIGINT are as the
 * caller has them. The working directory is not put first on sys.path: that
 * is the configuration's matter (chdir, pythonpath).
 * 0, or -E_PYTHON when Python cannot start; why is then in the log.
 */
int python_start_server(int argc, char **argv);

/*
 * Called after a chdir: the new working directory's site-packages counts
 * from now on, as the first one's does. Needs the GIL. 0, or -E_PYTHON with
 * the exception set.
 */
int python_start_moved(void);

/*
 * The complete command line of CPython, argv[0] being "python"; argv0 is
 * the kernel's own, which helps to find sys.executable. Runs until the
 * program ends and returns its exit status, the interpreter being gone; may
 * also exit by itself (`--version`, a signal's default action).
 */
int python_start_command(const char *argv0, int argc, char **argv);

#endif
