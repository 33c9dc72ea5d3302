/*
 * python_finish: the interpreter's end.
 */
#ifndef PYTHON_PYTHON_FINISH_H
#define PYTHON_PYTHON_FINISH_H

/*
 * Joins Python's threads, runs what atexit registered and ends the
 * interpreter. Needs the GIL; no Python call may follow. May never return,
 * when a library's handler does not: the caller bounds it.
 */
void python_finish(void);

#endif
