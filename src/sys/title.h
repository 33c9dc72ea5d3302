/*
 * title: the name under which ps and top show this process.
 */
#ifndef SYS_TITLE_H
#define SYS_TITLE_H

/*
 * Once, first thing in main: makes room by moving the environment's strings
 * elsewhere (getenv, setenv and environ work on as ever) and returns a copy
 * of argv, to be used from now on instead of it. Both stay for the process's
 * life. Without memory, argv itself is returned and titles stay as they are.
 */
char **title_start(int argc, char **argv);

/* The title, cut to the room that there is; /proc/self/comm gets its start. */
void title_set(const char *title);

#endif
