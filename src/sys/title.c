/*
 * The process title: the kernel shows the bytes where argv and environ lie,
 * so the environment moves out and the title moves in. Called by main before
 * any thread; title_set by whoever enters a role.
 */
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/str.h"
#include "sys/title.h"

#include "base/banned.h"

static char *room; /* NULL: titles stay as they are */
static size_t room_len;

static size_t
count(char *const *list)
{
	size_t n = 0;

	while (list[n] != NULL)
		n++;
	return n;
}

/* A copy of the strings and their list in one piece; NULL without memory. */
static char **
copy(char *const *list)
{
	size_t n = count(list), bytes = 0, i;
	char **to, *text;

	for (i = 0; i < n; i++)
		bytes += strlen(list[i]) + 1;
	to = malloc((n + 1) * sizeof(*to) + bytes);
	if (to == NULL)
		return NULL;
	text = (char *)(to + n + 1);
	for (i = 0; i < n; i++) {
		size_t len = strlen(list[i]) + 1;

		to[i] = memcpy(text, list[i], len);
		text += len;
	}
	to[n] = NULL;
	return to;
}

/* How far the strings of list continue what ends at end. */
static char *
extend(char *end, char *const *list)
{
	for (; *list != NULL && *list == end; list++)
		end = *list + strlen(*list) + 1;
	return end;
}

char **
title_start(int argc, char **argv)
{
	char **args, **env, *end;

	if (argc < 1)
		return argv;
	args = copy(argv);
	env = environ == NULL ? NULL : copy(environ);
	if (args == NULL || (environ != NULL && env == NULL)) {
		free(args);
		free(env);
		return argv;
	}
	end = extend(argv[0], argv);
	if (environ != NULL) {
		end = extend(end, environ);
		environ = env;
	}
	room = argv[0];
	room_len = (size_t)(end - argv[0]);
	return args;
}

void
title_set(const char *title)
{
	struct str t = str_of(title);

	/* Cut to 15 bytes by the kernel; cannot fail otherwise. */
	(void)prctl(PR_SET_NAME, title, 0, 0, 0);
	if (room_len == 0)
		return;
	t = str_head(t, room_len - 1);
	memcpy(room, t.ptr, t.len);
	/* All of the rest, so that nothing of the old shows behind a NUL. */
	memset(room + t.len, 0, room_len - t.len);
}
