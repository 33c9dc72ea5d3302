/*
 * dirty_reader: the type _greencorn_dirty.Reader: what comes over a link, as
 * Python's objects. Needs the GIL.
 */
#ifndef DIRTY_DIRTY_READER_H
#define DIRTY_DIRTY_READER_H

#include <Python.h>

/* New: the type, for the module; NULL with an error set. */
PyObject *dirty_reader_type(void);

#endif
