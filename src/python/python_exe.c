/*
 * python_exe: candidates are tried in an order, and a file is believed only
 * when its first page is the one that we have in memory. AT_EXECFN is right
 * except for scripts (it names the script), argv[0] except when the caller
 * lies, /proc/self/exe resolves links and may not be there.
 */
#include "python/python_exe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/str.h"

#include "base/banned.h"

#define PAGE 4096

/* The linker's name for where our ELF header lies; never written to. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

static bool
is_us(const char *path)
{
	char page[PAGE];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return false;
	do
		n = pread(fd, page, sizeof page, 0);
	while (n < 0 && errno == EINTR);
	close(fd);
	return n == (ssize_t)sizeof page &&
	    memcmp(page, __ehdr_start, sizeof page) == 0;
}

/* Writes path to out, made absolute, with exactly one slash before it. */
static bool
absolute(const char *path, char out[PATH_MAX])
{
	char here[PATH_MAX];
	int n;

	if (*path == '/') {
		while (path[1] == '/')
			path++;
		n = snprintf(out, PATH_MAX, "%s", path);
	} else {
		if (getcwd(here, sizeof here) == NULL || *here != '/')
			return false;
		while (path[0] == '.' && path[1] == '/')
			for (path++; *path == '/'; path++)
				;
		n = snprintf(out, PATH_MAX, "%s/%s", here[1] ? here : "", path);
	}
	return n > 0 && n < PATH_MAX;
}

static bool
try(const char *path, char out[PATH_MAX])
{
	return path != NULL && *path != '\0' && absolute(path, out) &&
	    is_us(out);
}

/* As a shell would have found it. */
static bool
try_search_path(const char *name, char out[PATH_MAX])
{
	const char *env = getenv("PATH");
	struct str rest = str_of(env);
	char path[PATH_MAX];

	while (rest.ptr != NULL) {
		struct str folder = str_cut(&rest, ':');
		int n;

		if (folder.len == 0)
			folder = STR(".");
		n = snprintf(
		    path, sizeof path, "%.*s/%s", STR_ARG(folder), name);
		if (n > 0 && (size_t)n < sizeof path && try(path, out))
			return true;
	}
	return false;
}

static bool
try_proc(char out[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);

	if (n <= 0)
		return false;
	out[n] = '\0';
	return *out == '/' && is_us(out);
}

static bool
find(const char *argv0, char out[PATH_MAX])
{
	/* The kernel keeps the pointer in an integer. */
	if (try((const char *)getauxval(AT_EXECFN), out))
		return true;
	if (strchr(argv0, '/') != NULL) {
		if (try(argv0, out))
			return true;
	} else if (*argv0 != '\0' && try_search_path(argv0, out)) {
		return true;
	}
	return try_proc(out);
}

/* python, python3, python3.N */
static bool
is_python_name(const char *name)
{
	struct str s = str_of(name);

	if (!str_starts(s, STR("python")))
		return false;
	s = str_tail(s, 6);
	if (s.len == 0)
		return true;
	if (*s.ptr != '3')
		return false;
	s = str_tail(s, 1);
	return s.len == 0 ||
	    (*s.ptr == '.' && strspn(s.ptr + 1, "0123456789") == s.len - 1 &&
		s.len > 1);
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

bool
python_exe_is_python(const char *argv0)
{
	return (argv0[0] == '/' && argv0[1] == '/') ||
	    is_python_name(last_part(argv0));
}

/*
 * Makes of path, which is us, one that starts Python, in place: unchanged
 * when its name does so, python3 beside it, or a second slash before it.
 */
static void
mark(char path[PATH_MAX])
{
	const char *name = last_part(path);
	char link[PATH_MAX];
	size_t len = strlen(path);
	int n;

	if (*path == '\0' || is_python_name(name))
		return;
	n = snprintf(
	    link, sizeof link, "%.*spython3", (int)(name - path), path);
	if (n > 0 && (size_t)n < sizeof link && is_us(link)) {
		memcpy(path, link, (size_t)n + 1);
	} else if (len + 2 <= PATH_MAX) {
		memmove(path + 1, path, len + 1);
	} else {
		*path = '\0';
	}
}

/* Is there a pyvenv.cfg beside the file, or a folder above it? */
static bool
in_environment(const char *path)
{
	static const char *const places[] = { "pyvenv.cfg", "../pyvenv.cfg" };
	int folder = (int)(last_part(path) - path);
	char file[PATH_MAX];
	size_t i;

	for (i = 0; i < 2; i++) {
		int n = snprintf(
		    file, sizeof file, "%.*s%s", folder, path, places[i]);

		if (n > 0 && (size_t)n < sizeof file && access(file, R_OK) == 0)
			return true;
	}
	return false;
}

void
python_exe_find(const char *argv0, struct python_exe *exe)
{
	char resolved[PATH_MAX];

	*exe = (struct python_exe){ .python = "" };
	if (!find(argv0, exe->python)) {
		*exe->python = '\0';
		return;
	}
	if (in_environment(exe->python) &&
	    realpath(exe->python, resolved) != NULL) {
		memcpy(exe->base, resolved, sizeof exe->base);
		mark(exe->base);
	}
	mark(exe->python);
	if (*exe->base == '\0')
		memcpy(exe->base, exe->python, sizeof exe->base);
}
