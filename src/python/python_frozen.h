/*
 * python: interpreter life. Everything that knows Python's API and no HTTP:
 * start, import path, the GIL, errors, forks, loading the application.
 *
 * python_frozen: what rides in the binary: Python's library as code objects,
 * its sources, and files (time zones, CA certificates, pip, package data).
 * build/freeze.py writes the tables; nothing here allocates.
 */
#ifndef PYTHON_PYTHON_FROZEN_H
#define PYTHON_PYTHON_FROZEN_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stddef.h>

#include "base/str.h"

/* Names are offsets into python_frozen_names, where they end with a NUL. */
struct python_frozen_source {
	unsigned name; /* of the module */
	unsigned group;
	unsigned start; /* within the group, once that is unpacked */
	unsigned len;
};

struct python_frozen_group { /* an xz stream in python_frozen_texts */
	unsigned offset;
	unsigned len;
};

struct python_frozen_file {
	unsigned name;   /* as below the virtual library folder */
	unsigned offset; /* into python_frozen_data */
	unsigned len;
};

/* Sources and files are sorted by the bytes of their names. */
extern const struct _frozen python_frozen_modules[];
extern const struct python_frozen_source python_frozen_sources[];
extern const unsigned python_frozen_n_sources;
extern const struct python_frozen_group python_frozen_groups[];
extern const unsigned python_frozen_n_groups;
extern const struct python_frozen_file python_frozen_files[];
extern const unsigned python_frozen_n_files;

#define PYTHON_FROZEN_BLOB extern __attribute__((visibility("hidden")))
PYTHON_FROZEN_BLOB const unsigned char python_frozen_code[];
PYTHON_FROZEN_BLOB const unsigned char python_frozen_code_end[];
PYTHON_FROZEN_BLOB const unsigned char python_frozen_texts[];
PYTHON_FROZEN_BLOB const unsigned char python_frozen_texts_end[];
PYTHON_FROZEN_BLOB const unsigned char python_frozen_data[];
PYTHON_FROZEN_BLOB const unsigned char python_frozen_data_end[];
PYTHON_FROZEN_BLOB const char python_frozen_names[];

/* The row of that name, or NULL. */
const struct python_frozen_file *python_frozen_find_file(struct str name);
const struct python_frozen_source *python_frozen_find_source(struct str name);

/*
 * The TZif data of a zone such as "Europe/Berlin", and its length; or NULL.
 * libc asks here when the image has no file for TZ: before Python's start
 * and in any thread.
 */
__attribute__((visibility("hidden"))) const unsigned char *
greencorn_tz(const char *name, size_t *len);

/*
 * Gives the pages of the library back to the kernel, which reads them again
 * when they are touched. Called when imports are done. Cannot fail in a way
 * that matters.
 */
void python_frozen_drop(void);

/* Python's view of all this: the built-in module _greencorn_frozen. */
PyObject *python_frozen_module(void);

#endif
