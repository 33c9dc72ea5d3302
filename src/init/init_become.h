/*
 * init_become: a command that PID 1 has started may ask PID 1 to execute
 * another program in its own place. So a Python program that becomes a server
 * (greencorn._program) has an init that brings the server back.
 */
#ifndef INIT_INIT_BECOME_H
#define INIT_INIT_BECOME_H

/* In the command's environment: where it writes what it asks for. */
#define INIT_BECOME_VARIABLE "_GREENCORN_PID1"

/*
 * Before init_run, by PID 1: makes room for the request. Without (no memory)
 * a command goes on by itself.
 */
void init_become_offer(void);

/*
 * The command has ended well: executes what it has asked for, texts that end
 * in NUL each: path, working directory, number of arguments, arguments,
 * environment. Returns when it asked for nothing, or that cannot be (logged).
 */
void init_become(void);

#endif
