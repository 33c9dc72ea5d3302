/*
 * init_become: see init_become.h. Run by PID 1; a memfd holds the request.
 */
#include "init/init_become.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include "init/init_state.h"

#include "base/banned.h"

#define REQUEST_MAX ((off_t)8 << 20) /* more than exec(2) takes */

static int request = -1;

void
init_become_offer(void)
{
	char text[64];
	struct stat st;

	request = memfd_create("become", MFD_CLOEXEC);
	if (request < 0 || fstat(request, &st) < 0)
		return;
	/* With its inode: who inherits the variable has another file there. */
	(void)snprintf(
	    text, sizeof(text), "%d:%ju", request, (uintmax_t)st.st_ino);
	(void)setenv(INIT_BECOME_VARIABLE, text, 1);
}

/* The request's texts, the caller's to free; NULL when there is none. */
static char *
read_request(size_t *len)
{
	struct stat st;
	char *mem;

	if (request < 0 || fstat(request, &st) < 0 || st.st_size < 2 ||
	    st.st_size > REQUEST_MAX)
		return NULL;
	*len = (size_t)st.st_size;
	/* Read, not mapped: somebody who still has it could make it shorter. */
	mem = malloc(*len);
	if (mem != NULL && pread(request, mem, *len, 0) == (ssize_t)*len &&
	    mem[*len - 1] == '\0')
		return mem;
	free(mem);
	return NULL;
}

/* The n texts at *at, as exec(2) takes them; NULL without memory. */
static char **
take(char **at, const char *end, size_t n)
{
	char **all = calloc(n + 1, sizeof(*all));

	for (size_t i = 0; all != NULL && i < n && *at < end; i++) {
		all[i] = *at;
		*at += strlen(*at) + 1;
	}
	return all;
}

static size_t
count(const char *at, const char *end)
{
	size_t n = 0;

	for (; at < end; at += strlen(at) + 1)
		n++;
	return n;
}

/* Takes the request apart and executes it; returns when that cannot be. */
static void
execute(char *at, const char *end)
{
	char **head = take(&at, end, 3), **argv = NULL, **env = NULL;
	uint64_t argc = 0;

	if (head != NULL && head[2] != NULL &&
	    num_dec(str_of(head[2]), count(at, end), &argc) == 0)
		argv = take(&at, end, (size_t)argc);
	if (argv != NULL)
		env = take(&at, end, count(at, end));
	if (env != NULL && chdir(head[1]) == 0)
		(void)execve(head[0], argv, env);
	log_errno(EV_INIT_BECOME, env != NULL ? head[0] : "a program");
	free(env);
	free(argv);
	free(head);
}

void
init_become(void)
{
	size_t len = 0;
	char *request_text = read_request(&len);

	if (request_text == NULL)
		return;
	init_tty_return();
	execute(request_text, request_text + len);
	free(request_text);
}
