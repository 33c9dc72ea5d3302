/*
 * dirty_value: typed values (dirty_tlv.h) from and to Python's objects. Part
 * of the module _greencorn_dirty; what it does gunicorn.dirty.protocol does in
 * Python, for interpreters that do not have this module. Needs the GIL.
 */
#ifndef DIRTY_DIRTY_VALUE_H
#define DIRTY_DIRTY_VALUE_H

#include <Python.h>

#include "dirty/dirty_frame.h"

/* Bytes from this length on are passed on, and received, where they lie. */
#define DIRTY_VALUE_LARGE ((size_t)16 << 10)

/*
 * New: a list of buffers, a head and value (NULL: nothing) together. NULL with
 * DirtyProtocolError set for what cannot be said.
 */
PyObject *dirty_value_pack(enum dirty_format format, enum dirty_type type,
    uint64_t id, PyObject *value);

/* Bytes that were received where they will stay, left out of a payload. */
struct dirty_hole {
	size_t at;       /* in what was received otherwise */
	PyObject *bytes; /* strong */
	size_t filled;
};

/*
 * New: the value that s is, all of it; holes in their order, whose bytes it
 * shares. NULL with DirtyProtocolError set.
 */
PyObject *dirty_value_unpack(
    struct str s, const struct dirty_hole *holes, size_t n_holes);

/* DirtyProtocolError(text), or what kept it from being made. */
void dirty_value_error(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
