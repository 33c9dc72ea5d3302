/*
 * python_stacks: where every Python thread of this process stands.
 */
#ifndef PYTHON_PYTHON_STACKS_H
#define PYTHON_PYTHON_STACKS_H

/*
 * Writes the stacks of all Python threads to fd: file, line and function of
 * each frame, newest first. Needs no GIL and takes no lock, so that it works
 * when a thread is stuck in C with the GIL held; what it reads may change
 * meanwhile, so a frame may be wrong. Async-signal-safe.
 */
void python_stacks_dump(int fd);

/* The same to standard error, under a line that says what follows. */
void python_stacks_write(void);

/* The same of one thread, a PyThreadState; without its C frames. */
void python_stacks_write_one(void *thread);

#endif
