/*
 * Dirty messages as Python's objects, from any bytes: the first one says
 * whether they are a payload or come over a link. What can be read can be
 * written, and is then the same again; what cannot is a DirtyProtocolError.
 */
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "dirty/dirty_reader.h"
#include "dirty/dirty_value.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __lsan_is_turned_off(void);

/* Python keeps much to its end, which does not come here. */
int
__lsan_is_turned_off(void)
{
	return 1;
}

static PyObject *reader_type, *protocol_error, *nothing;

static void
add_path(PyConfig *config, const wchar_t *path)
{
	CHECK(!PyStatus_Exception(
	    PyWideStringList_Append(&config->module_search_paths, path)));
}

/* PYTHONHOME: the library's; gunicorn.dirty.errors is in rootfs. */
static void
start(void)
{
	const char *home = getenv("PYTHONHOME");
	wchar_t library[512];
	PyPreConfig before;
	PyConfig config;
	PyObject *errors;

	CHECK(home != NULL);
	PyPreConfig_InitIsolatedConfig(&before);
	before.allocator = PYMEM_ALLOCATOR_MALLOC;
	CHECK(!PyStatus_Exception(Py_PreInitialize(&before)));
	PyConfig_InitIsolatedConfig(&config);
	config.site_import = 0;
	config.install_signal_handlers = 0;
	config.module_search_paths_set = 1;
	swprintf(library, 512, L"%hs/lib/python%d.%d", home, PY_MAJOR_VERSION,
	    PY_MINOR_VERSION);
	add_path(&config, library);
	add_path(&config, L"rootfs/python");
	CHECK(!PyStatus_Exception(Py_InitializeFromConfig(&config)));
	PyConfig_Clear(&config);
	reader_type = dirty_reader_type();
	errors = PyImport_ImportModule("gunicorn.dirty.errors");
	CHECK(reader_type != NULL && errors != NULL);
	protocol_error = PyObject_GetAttrString(errors, "DirtyProtocolError");
	nothing = PyBytes_FromStringAndSize(NULL, 0);
	CHECK(protocol_error != NULL && nothing != NULL);
}

/* New: the message, head and all; NULL: it nests too deeply to be said. */
static PyObject *
packed(PyObject *value)
{
	PyObject *pieces, *joined;

	pieces = dirty_value_pack(DIRTY_LINKED, DIRTY_RESPONSE, 7, value);
	if (pieces == NULL) {
		CHECK(PyErr_ExceptionMatches(protocol_error));
		PyErr_Clear();
		return NULL;
	}
	joined = PyObject_CallMethod(nothing, "join", "O", pieces);
	CHECK(joined != NULL);
	Py_DECREF(pieces);
	return joined;
}

static void
check_value(struct str s)
{
	PyObject *value, *said, *again, *said_again; /* new */

	value = dirty_value_unpack(s, NULL, 0);
	if (value == NULL) {
		CHECK(PyErr_ExceptionMatches(protocol_error));
		PyErr_Clear();
		return;
	}
	said = packed(value);
	Py_DECREF(value);
	if (said == NULL)
		return;
	again = dirty_value_unpack(
	    (struct str){ PyBytes_AS_STRING(said) + DIRTY_HEAD_MAX,
		(size_t)PyBytes_GET_SIZE(said) - DIRTY_HEAD_MAX },
	    NULL, 0);
	CHECK(again != NULL);
	said_again = packed(again);
	CHECK(said_again != NULL);
	CHECK(PyObject_RichCompareBool(said, said_again, Py_EQ) == 1);
	Py_DECREF(said_again);
	Py_DECREF(again);
	Py_DECREF(said);
}

static void
check_end(void)
{
	CHECK(PyErr_ExceptionMatches(protocol_error) ||
	    PyErr_ExceptionMatches(PyExc_EOFError) ||
	    PyErr_ExceptionMatches(PyExc_OSError));
	PyErr_Clear();
}

static void
check_link(struct str s)
{
	PyObject *reader, *got; /* new */
	int ends[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	CHECK(send(ends[1], s.ptr, s.len, MSG_DONTWAIT) == (ssize_t)s.len);
	CHECK(shutdown(ends[1], SHUT_WR) == 0);
	reader = PyObject_CallFunction(reader_type, "i", ends[0]);
	CHECK(reader != NULL);
	while ((got = PyObject_CallMethod(reader, "read", NULL)) != NULL)
		Py_DECREF(got);
	check_end();
	Py_DECREF(reader);
	close(ends[0]);
	close(ends[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	struct str s = { (const char *)data + 1, size - 1 };

	if (!started)
		start();
	started = true;
	if (size < 2)
		return 0;
	if ((data[0] & 1) != 0)
		check_value(s);
	else
		check_link(s);
	return 0;
}
