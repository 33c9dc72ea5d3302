/*
 * pid_file: a process's number in a file.
 */
#ifndef SYS_PID_FILE_H
#define SYS_PID_FILE_H

#include <stdbool.h>
#include <sys/types.h>

/* The pid in the file at path; 0: none, or, if own, it is somebody else's. */
pid_t pid_file_read(const char *path, bool own);

/* The caller's pid, in a new file in place of any other. 0 or -E_SYSTEM. */
int pid_file_write(const char *path, mode_t mode);

#endif
