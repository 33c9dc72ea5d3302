/*
 * thread: threads of ours, which run no application.
 */
#ifndef SYS_THREAD_H
#define SYS_THREAD_H

#include <pthread.h>
#include <stddef.h>

/*
 * Runs body(arg) in a thread with a stack of that size. Signals are left to
 * the process's other threads. The caller joins or detaches *thread. 0 or
 * -E_SYSTEM.
 */
int thread_start(
    pthread_t *thread, size_t stack, void *(*body)(void *arg), void *arg);

#endif
