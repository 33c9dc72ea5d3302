/*
 * wsgi: applications in Python, requests that came over no wire. Each test
 * says what the application is, and what the client then has.
 */
#include "../python/interpreter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "config/config.h"
#include "fake_client.h"
#include "gateway/wsgi.h"

static int
prepare(void **state)
{
	static const struct config config = { .workers = 2, .threads = 1 };

	if (interpreter_start(state) < 0)
		return -1;
	interpreter_run("import io, os, sys\n"
	    "from wsgiref.validate import validator\n"
	    "seen = []\n"
	    "class Closing:\n"
	    "    def __init__(self, items): self.items = iter(items)\n"
	    "    def __iter__(self): return self\n"
	    "    def __next__(self): return next(self.items)\n"
	    "    def close(self): seen.append('closed')\n"
	    "def simple(body):\n"
	    "    def app(environ, start_response):\n"
	    "        start_response('200 OK',"
	    " [('Content-Type', 'text/plain')])\n"
	    "        return body(environ)\n"
	    "    return app\n");
	return wsgi_start(&config);
}

/* Calls the app that source defines; what it answered is in f->out. */
static int
serve(struct fake_client *f, const char *source)
{
	PyObject *dict, *app, *seen;
	int rc;

	interpreter_clear_log();
	interpreter_run(source);
	dict = PyModule_GetDict(PyImport_AddModule("__main__"));
	seen = PyDict_GetItemString(dict, "seen");
	PyList_SetSlice(seen, 0, PyList_GET_SIZE(seen), NULL);
	app = PyDict_GetItemString(dict, "app");
	rc = wsgi_ops.start(app, f->req);
	assert_null(PyErr_Occurred());
	return rc;
}

/* The list of what the application noted, as its repr. */
static void
assert_seen(const char *expected)
{
	PyObject *dict = PyModule_GetDict(PyImport_AddModule("__main__"));
	PyObject *text = PyObject_Repr(PyDict_GetItemString(dict, "seen"));

	assert_string_equal(PyUnicode_AsUTF8(text), expected);
	Py_DECREF(text);
}

static void
assert_has(const struct fake_client *f, const char *text)
{
	if (strstr(f->out, text) == NULL)
		fail_msg("no \"%s\" in:\n%s\nlog: %s", text, f->out, logged);
}

static const char *
body_of(const struct fake_client *f)
{
	const char *at = strstr(f->out, "\n\n");

	return at == NULL ? "<no answer>" : at + 2;
}

static void
one_part_goes_out_with_its_length(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "app = validator(simple("
	    "lambda e: [b'hello']))"), 0);
	assert_has(f, "200 OK\n");
	assert_has(f, "Content-Type: text/plain\n");
	assert_string_equal(body_of(f), "hello");
	assert_true(f->ended && !f->was_reset);
	fake_destroy(f);
	f = fake_create();
	assert_int_equal(serve(f, "app = simple(lambda e: [b'hello'])"), 0);
	assert_has(f, "Content-Length: 5\n");
	assert_int_equal(f->bodies, 1);
	fake_destroy(f);
}

static void
short_answers_go_out_whole(void **state)
{
	static const struct {
		const char *app, *body;
		unsigned wholes;
	} rows[] = {
		{ "app = simple(lambda e: [b'hello'])", "hello", 1 },
		{ "app = simple(lambda e: (b'a', b'', b'bc'))", "abc", 1 },
		{ "app = simple(lambda e: [])", "", 1 },
		{ "app = simple(lambda e: iter([b'x']))", "x", 0 },
		{ "def app(e, s):\n    s('200 OK', [('Content-Length', '3')])"
		    "\n    return [b'12345']", "123", 0 },
		{ "def app(e, s):\n    s('200 OK', [])(b'1')\n"
		    "    return [b'2']", "12", 0 },
	};
	struct fake_client *f;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		f = fake_create();
		f->whole = true;
		assert_int_equal(serve(f, rows[i].app), 0);
		assert_string_equal(body_of(f), rows[i].body);
		assert_int_equal(f->wholes, rows[i].wholes);
		assert_true(f->ended && !f->was_reset);
		fake_destroy(f);
	}
	f = fake_create();
	f->whole = true;
	assert_int_equal(serve(f, "class L(list):\n"
	    "    def close(self): seen.append(len(self))\n"
	    "app = simple(lambda e: L([b'x']))"), 0);
	assert_seen("[1]");
	fake_destroy(f);
}

/* What is kept of them must never be taken for what they are now. */
static void
headers_are_what_they_are_now(void **state)
{
	struct fake_client *f;
	char text[64];

	(void)state;
	interpreter_run("L = ['X-A', '0']\n"
	    "class T(tuple):\n    pass\n"
	    "class S(str):\n    pass\n"
	    "const = [('X-C', 'c'), ('X-D', 'd')]\n"
	    "n = 0\n");
	for (unsigned i = 1; i < 40; i++) {
		f = fake_create();
		assert_int_equal(serve(f, "def app(e, s):\n"
		    "    global n\n    n += 1\n"
		    "    L[1] = str(n)\n"
		    "    const[1] = (S('X-D'), S('d%d' % n))\n"
		    "    s('%d OK' % (200 + n), [L, T(('X-B', 'b%d' % n)),"
		    " ('X-E', 'e')] + const + [('X-F', 'f%d' % n)])\n"
		    "    return []"), 0);
		(void)snprintf(text, sizeof text, "%u OK\nX-A: %u\nX-B: b%u\n"
		    "X-E: e\nX-C: c\nX-D: d%u\nX-F: f%u\n", 200 + i, i, i,
		    i, i);
		assert_has(f, text);
		fake_destroy(f);
	}
}

static void
bad_headers_leave_the_first_ones(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "def app(e, s):\n"
	    "    s('200 OK', [('X-A', 'kept')])\n"
	    "    for bad in [('X B', 'v')], [('X', 'a\\nb')], [('X', 1)],"
	    " [('X',)], 5, [('X', '\\u1234')]:\n"
	    "        try: raise KeyError\n"
	    "        except KeyError:\n"
	    "            try: s('500 Bad', bad, sys.exc_info())\n"
	    "            except (TypeError, ValueError): seen.append(1)\n"
	    "    return [b'x']"), 0);
	assert_seen("[1, 1, 1, 1, 1, 1]");
	assert_has(f, "200 OK\nX-A: kept\n");
	fake_destroy(f);
}

/* Sends n fields named by the bits of set, with values of round's. */
static struct fake_client *
ask_with_fields(unsigned set, unsigned round)
{
	static const struct str names[] = {
		STR("Accept"), STR("User-Agent"), STR("Cookie"),
		STR("X-Unknown"), STR("Accept"), STR("Authorization"),
	};
	static char values[6][16];
	struct fake_client *f = fake_create();

	for (unsigned i = 0; i < 6; i++) {
		if ((set >> i & 1) == 0)
			continue;
		(void)snprintf(values[i], sizeof values[i], "v%u", round);
		fake_add_field(f, names[i], str_of(values[i]));
	}
	(void)snprintf(values[0] + 8, 8, "/%u", round % 3);
	f->req->target = str_of(values[0] + 8);
	return f;
}

/* More sets of fields than there are templates, in changing order. */
static void
environs_have_their_own_fields_only(void **state)
{
	struct fake_client *f;
	unsigned set, value;
	char text[256];
	int n;

	(void)state;
	for (unsigned i = 0; i < 600; i++) {
		set = i % 7 == 0 ? i / 7 % 64 : i % 3 == 0 ? 47 : 7;
		value = i % 5;
		f = ask_with_fields(set, value);
		assert_int_equal(serve(f, "def app(e, s):\n"
		    "    s('200 OK', [])\n"
		    "    text = ' '.join('%s=%s' % (k, e.pop(k)) for k in"
		    " sorted(e) if k.startswith('HTTP_')) + ' ' +"
		    " e['RAW_URI']\n"
		    "    e['mine'] = e['wsgi.input'] = None\n"
		    "    e.update((str(i), i) for i in range(len(text)))\n"
		    "    assert len(e) > 20 + len(text)\n"
		    "    return [text.encode()]"), 0);
		n = 0;
		if (set & 1 && set & 16)
			n += snprintf(text + n, sizeof text - (size_t)n,
			    "HTTP_ACCEPT=v%u,v%u ", value, value);
		else if (set & 17)
			n += snprintf(text + n, sizeof text - (size_t)n,
			    "HTTP_ACCEPT=v%u ", value);
		if (set & 32)
			n += snprintf(text + n, sizeof text - (size_t)n,
			    "HTTP_AUTHORIZATION=v%u ", value);
		if (set & 4)
			n += snprintf(text + n, sizeof text - (size_t)n,
			    "HTTP_COOKIE=v%u ", value);
		if (set & 2)
			n += snprintf(text + n, sizeof text - (size_t)n,
			    "HTTP_USER_AGENT=v%u ", value);
		if (set & 8)
			n += snprintf(text + n, sizeof text - (size_t)n,
			    "HTTP_X_UNKNOWN=v%u ", value);
		(void)snprintf(text + n, sizeof text - (size_t)n, "%s/%u",
		    n == 0 ? " " : "", value % 3);
		assert_string_equal(body_of(f), text);
		fake_destroy(f);
	}
}

static void
kept_objects_are_replaced_in_every_template(void **state)
{
	struct fake_client *f;

	(void)state;
	interpreter_run("kept = []");
	for (unsigned i = 0; i < 40; i++) {
		f = ask_with_fields(1 + i % 3, 0);
		assert_int_equal(serve(f, "def app(e, s):\n"
		    "    mine = (e['wsgi.input'], e['wsgi.early_hints'])\n"
		    "    assert all(a is not b for k in kept for a, b in"
		    " zip(k, mine))\n"
		    "    kept.append(mine)\n"
		    "    s('200 OK', [])\n"
		    "    return [mine[0].read()]"), 0);
		assert_has(f, "200 OK");
		fake_destroy(f);
	}
	f = fake_create();
	assert_int_equal(serve(f, "def app(e, s):\n"
	    "    for i, h in kept:\n"
	    "        try: i.read()\n"
	    "        except ValueError: seen.append(1)\n"
	    "        try: h([])\n"
	    "        except RuntimeError: seen.append(2)\n"
	    "    s('200 OK', [])\n"
	    "    return [b'%d' % sum(seen)]"), 0);
	assert_string_equal(body_of(f), "120");
	fake_destroy(f);
}

/* The same port after a unix socket: what was there last counts. */
static void
ports_follow_the_socket(void **state)
{
	static const char *const expected[] = {
		"4711 127.0.0.1 8000", "- example.org 80",
	};
	struct fake_client *f;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		f = fake_create();
		if (i % 2 == 1) {
			f->req->peer = (struct endpoint){ STR(""), 0 };
			f->req->local = (struct endpoint){ STR("/s"), 0 };
		}
		assert_int_equal(serve(f, "def app(e, s):\n"
		    "    s('200 OK', [])\n"
		    "    return [' '.join((e.get('REMOTE_PORT', '-'),"
		    " e['SERVER_NAME'], e['SERVER_PORT'])).encode()]"), 0);
		assert_string_equal(body_of(f), expected[i % 2]);
		fake_destroy(f);
	}
}

static void
parts_of_a_list_go_out_as_one(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f,
	    "app = simple(lambda e: (b'one ', b'', b'two'))"), 0);
	assert_has(f, "Content-Length: 7\n");
	assert_string_equal(body_of(f), "one two");
	assert_int_equal(f->bodies, 1);
	fake_destroy(f);
}

static void
an_empty_answer_has_length_zero(void **state)
{
	static const char *const apps[] = {
		"app = simple(lambda e: [])", "app = simple(lambda e: [b''])",
		"app = simple(lambda e: iter([]))",
		"app = simple(lambda e: (b'' for i in range(3)))",
	};

	(void)state;
	for (size_t i = 0; i < sizeof apps / sizeof *apps; i++) {
		struct fake_client *f = fake_create();

		assert_int_equal(serve(f, apps[i]), 0);
		assert_has(f, "Content-Length: 0\n");
		assert_string_equal(body_of(f), "");
		assert_true(f->ended);
		fake_destroy(f);
	}
}

static void
no_length_is_said_where_there_is_no_body(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	f->req->method = STR("HEAD");
	assert_int_equal(serve(f, "app = simple(lambda e: [b'hello'])"), 0);
	assert_null(strstr(f->out, "Content-Length"));
	assert_string_equal(body_of(f), "");
	fake_destroy(f);
	f = fake_create();
	assert_int_equal(serve(f, "def app(e, s):\n"
	    "    s('304 Not Modified', [])\n    return []"), 0);
	assert_null(strstr(f->out, "Content-Length"));
	fake_destroy(f);
}

static void
generators_stream_and_are_closed(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "app = validator(simple("
	    "lambda e: Closing([b'a', b'', b'bc'])))"), 0);
	assert_null(strstr(f->out, "Content-Length"));
	assert_string_equal(body_of(f), "abc");
	assert_int_equal(f->bodies, 2);
	assert_seen("['closed']");
	fake_destroy(f);
}

static void
start_response_may_be_called_by_the_first_step(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "def app(e, s):\n"
	    "    s('200 OK', [])\n    yield b'late'"), 0);
	assert_string_equal(body_of(f), "late");
	fake_destroy(f);
}

static void
write_sends_before_the_result(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "def app(e, s):\n"
	    "    w = s('200 OK', [])\n    w(b'first ')\n"
	    "    return [b'second']"), 0);
	assert_string_equal(body_of(f), "first second");
	fake_destroy(f);
}

static void
a_full_client_is_waited_for(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	f->room = f->room_max = 3;
	assert_int_equal(serve(f, "app = simple(lambda e: [b'0123456789'])"),
	    0);
	assert_string_equal(body_of(f), "0123456789");
	assert_int_equal(f->waits, 3);
	fake_destroy(f);
}

static void
a_client_that_goes_ends_the_iteration(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	f->gone_after = 2;
	assert_int_equal(serve(f, "def parts():\n"
	    "    try:\n"
	    "        for i in range(1000): seen.append(i); yield b'x'\n"
	    "    finally: seen.append('finally')\n"
	    "app = simple(lambda e: parts())"), -E_GONE);
	assert_seen("[0, 1, 2, 'finally']");
	assert_true(f->was_reset && !f->ended);
	assert_string_equal(logged, "");
	fake_destroy(f);
}

static void
an_exception_is_logged_and_answered(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	f->req->target = STR("/the/uri?x");
	assert_int_equal(serve(f, "def app(e, s): 1/0"), -E_PYTHON);
	assert_has(f, "500 Internal Server Error\n");
	assert_true(f->ended);
	assert_non_null(strstr(logged, "Error handling request /the/uri?x"));
	assert_non_null(strstr(logged, "ZeroDivisionError"));
	assert_null(strstr(f->out, "ZeroDivision"));
	fake_destroy(f);
}

static void
an_exception_after_the_head_cuts_the_answer(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "def parts():\n"
	    "    yield b'x'\n    1/0\n"
	    "app = simple(lambda e: Closing(parts()))"), -E_PYTHON);
	assert_int_equal(f->heads, 1);
	assert_true(f->was_reset && !f->ended);
	assert_seen("['closed']");
	fake_destroy(f);
}

static void
an_exception_of_close_is_logged_only(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "class Bad(Closing):\n"
	    "    def close(self): raise ValueError('in close')\n"
	    "app = simple(lambda e: Bad([b'x']))"), -E_PYTHON);
	assert_string_equal(body_of(f), "x");
	assert_true(f->ended && !f->was_reset);
	assert_non_null(strstr(logged, "in close"));
	fake_destroy(f);
}

static void
exits_reach_the_worker(void **state)
{
	static const char *const apps[] = {
		"def app(e, s): raise SystemExit(3)",
		"def app(e, s): raise KeyboardInterrupt",
		"def parts():\n    yield b'x'\n    raise SystemExit\n"
		"app = simple(lambda e: parts())",
	};

	(void)state;
	for (size_t i = 0; i < sizeof apps / sizeof *apps; i++) {
		struct fake_client *f = fake_create();

		assert_int_equal(serve(f, apps[i]), -E_EXIT);
		assert_true(f->ended || f->was_reset);
		fake_destroy(f);
	}
}

static void
exc_info_replaces_the_head_or_is_raised(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "def app(e, s):\n"
	    "    s('200 OK', [('X-Old', '1')])\n"
	    "    try: 1/0\n"
	    "    except ZeroDivisionError:\n"
	    "        s('503 Busy', [('X-New', '1')], sys.exc_info())\n"
	    "    return [b'sorry']"), 0);
	assert_has(f, "503 Busy\nX-New: 1\n");
	assert_null(strstr(f->out, "X-Old"));
	assert_string_equal(body_of(f), "sorry");
	fake_destroy(f);
	f = fake_create();
	assert_int_equal(serve(f, "def app(e, s):\n"
	    "    s('200 OK', [])(b'x')\n"
	    "    try: 1/0\n"
	    "    except ZeroDivisionError:\n"
	    "        s('503 Busy', [], exc_info=sys.exc_info())\n"
	    "    return []"), -E_PYTHON);
	assert_true(f->was_reset);
	assert_non_null(strstr(logged, "ZeroDivisionError"));
	fake_destroy(f);
}

static void
what_may_not_be_said_is_an_error(void **state)
{
	static const struct {
		const char *call; /* in an app that then returns [] */
		const char *text; /* in the log */
	} cases[] = {
		{ "pass", "did not call start_response" },
		{ "s('200 OK', []); s('200 OK', [])",
		    "Response headers already set!" },
		{ "s(b'200 OK', [])", "is not a string" },
		{ "s('OK', [])", "is not three digits" },
		{ "s('099 No', [])", "is not three digits" },
		{ "s('200\\nX: y', [])", "is not three digits" },
		{ "s('200OK', [])", "is not three digits" },
		{ "s('200 OK', [('a', b'b')])", "is not a string" },
		{ "s('200 OK', [(1, 'b')])", "is not a string" },
		{ "s('200 OK', [('a b', 'c')])", "invalid HTTP header name" },
		{ "s('200 OK', [('', 'c')])", "invalid HTTP header name" },
		{ "s('200 OK', [('a', 'b\\r\\nc: d')])",
		    "invalid HTTP header: a control character" },
		{ "s('200 OK', [('a', '\\u20ac')])", "beyond latin-1" },
		{ "s('200 OK', [('a',)])", "a header is a tuple" },
		{ "s('200 OK', [5])", "a header is a tuple" },
		{ "s('200 OK', 5)", "response headers are not a list" },
		{ "s('200 OK')", "start_response() takes" },
		{ "s('200 OK', [], None, 1)", "unexpected arguments" },
		{ "s('200 OK', [], exc=1)", "unexpected arguments" },
		{ "s('200 OK', [('Content-Length', 'x')])",
		    "Content-Length is not a number" },
		{ "s('200 OK', [])('text')", "not bytes but str" },
		{ "s('200 OK', []); return ['text']", "not bytes but str" },
		{ "s('200 OK', []); return iter(['text'])",
		    "not bytes but str" },
		{ "s('200 OK', []); return None", "TypeError" },
	};
	char source[512];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fake_client *f = fake_create();

		snprintf(source, sizeof source,
		    "def app(e, s):\n    %s\n    return []", cases[i].call);
		assert_int_equal(serve(f, source), -E_PYTHON);
		if (strstr(logged, cases[i].text) == NULL)
			fail_msg("%s: %s", cases[i].call, logged);
		assert_has(f, "500 Internal Server Error\n");
		assert_int_equal(f->heads, 1);
		fake_destroy(f);
	}
}

static void
headers_may_be_changed_afterwards(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "def app(e, s):\n"
	    "    h = [('X-A', 'long enough ' + str(len(e)))]\n"
	    "    status = '200 ' + 'O' + 'K' * 30\n"
	    "    s(status, h)\n"
	    "    h.clear(); del status\n"
	    "    junk = ['long enough %d' % i for i in range(100)]\n"
	    "    return [b'x']"), 0);
	assert_has(f, "X-A: long enough ");
	fake_destroy(f);
}

static void
too_many_and_too_few_bytes(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "def app(e, s):\n"
	    "    s('200 OK', [('Content-Length', '3')])\n"
	    "    return [b'abcdef']"), 0);
	assert_string_equal(body_of(f), "abc");
	assert_true(f->ended);
	fake_destroy(f);
	f = fake_create();
	assert_int_equal(serve(f, "def app(e, s):\n"
	    "    s('200 OK', [('Content-Length', '9')])\n"
	    "    return [b'abcdef']"), -E_PROTOCOL);
	assert_true(f->was_reset);
	assert_non_null(strstr(logged, "fewer bytes than its Content-Length"));
	fake_destroy(f);
}

static void
endless_results_end_with_what_is_wanted(void **state)
{
	static const char app[] = "import itertools\n"
	    "def app(e, s):\n"
	    "    s('200 OK', [('Content-Length', '5')])\n"
	    "    return Closing(itertools.repeat(b'ab'))";
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, app), 0);
	assert_string_equal(body_of(f), "ababa");
	assert_true(f->ended);
	assert_seen("['closed']");
	fake_destroy(f);
	f = fake_create();
	f->req->method = STR("HEAD");
	assert_int_equal(serve(f, app), 0);
	assert_string_equal(body_of(f), "");
	assert_true(f->ended);
	assert_seen("['closed']");
	fake_destroy(f);
}

static void
environ_is_what_pep_3333_says(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	f->req->target = STR("/p%C3%A9?a=b");
	f->req->path_info = STR("/p\xc3\xa9");
	f->req->query = STR("a=b");
	fake_add_field(f, STR("Host"), STR("example.org"));
	fake_add_field(f, STR("content-type"), STR("text/x"));
	fake_add_field(f, STR("Content-Length"), STR("0"));
	fake_add_field(f, STR("X-Thing"), STR("one"));
	fake_add_field(f, STR("x-thing"), STR("tw\xf6"));
	fake_add_field(f, STR("Cookie"), STR("a=1"));
	fake_add_field(f, STR("Cookie"), STR("b=2"));
	assert_int_equal(serve(f, "expected = {\n"
	    "    'REQUEST_METHOD': 'GET', 'SCRIPT_NAME': '',\n"
	    "    'PATH_INFO': '/p\\xc3\\xa9', 'QUERY_STRING': 'a=b',\n"
	    "    'RAW_URI': '/p%C3%A9?a=b',\n"
	    "    'SERVER_NAME': '127.0.0.1', 'SERVER_PORT': '8000',\n"
	    "    'SERVER_PROTOCOL': 'HTTP/1.1',\n"
	    "    'REMOTE_ADDR': '192.0.2.7', 'REMOTE_PORT': '4711',\n"
	    "    'HTTP_HOST': 'example.org', 'CONTENT_TYPE': 'text/x',\n"
	    "    'CONTENT_LENGTH': '0', 'HTTP_X_THING': 'one,tw\\xf6',\n"
	    "    'HTTP_COOKIE': 'a=1; b=2', 'wsgi.url_scheme': 'http',\n"
	    "    'wsgi.version': (1, 0), 'wsgi.run_once': False,\n"
	    "    'wsgi.input_terminated': True,\n"
	    "    'wsgi.multithread': False, 'wsgi.multiprocess': True,\n"
	    "}\n"
	    "objects = {'wsgi.input', 'wsgi.errors', 'wsgi.file_wrapper',\n"
	    "    'wsgi.early_hints', 'gunicorn.socket', 'SERVER_SOFTWARE'}\n"
	    "def check(e):\n"
	    "    assert type(e) is dict\n"
	    "    for k, v in expected.items(): assert e[k] == v, (k, e[k])\n"
	    "    assert set(e) == set(expected) | objects, set(e)\n"
	    "    assert e['SERVER_SOFTWARE'].startswith('greencorn/')\n"
	    "    return [b'ok']\n"
	    "app = validator(simple(check))"), 0);
	assert_string_equal(body_of(f), "ok");
	fake_destroy(f);
}

static void
each_request_has_an_environ_of_its_own(void **state)
{
	static const char app[] = "def look(e):\n"
	    "    seen.extend([e['PATH_INFO'], e['REMOTE_ADDR'],\n"
	    "        e.get('REMOTE_PORT'), e['SERVER_NAME'],\n"
	    "        e['SERVER_PORT'], e['SERVER_PROTOCOL'],\n"
	    "        e.get('HTTP_A'), 'mine' in e])\n"
	    "    e['PATH_INFO'] = e['mine'] = 'changed'\n"
	    "    return []\n"
	    "app = simple(look)";
	struct fake_client *f = fake_create();

	(void)state;
	fake_add_field(f, STR("A"), STR("1"));
	assert_int_equal(serve(f, app), 0);
	assert_seen("['/', '192.0.2.7', '4711', '127.0.0.1', '8000', "
	    "'HTTP/1.1', '1', False]");
	fake_destroy(f);
	f = fake_create();
	f->req->peer = (struct endpoint){ STR(""), 0 };
	f->req->local = (struct endpoint){ STR("/run/x.sock"), 0 };
	f->req->host = STR("[2001:db8::1]:81");
	f->req->version = HTTP_1_0;
	assert_int_equal(serve(f, app), 0);
	assert_seen("['/', '', None, '[2001:db8::1]', '81', 'HTTP/1.0', "
	    "None, False]");
	fake_destroy(f);
	f = fake_create();
	assert_int_equal(serve(f, app), 0);
	assert_seen("['/', '192.0.2.7', '4711', '127.0.0.1', '8000', "
	    "'HTTP/1.1', None, False]");
	fake_destroy(f);
}

static void
script_name_is_taken_off_the_path(void **state)
{
	static const char app[] = "app = simple(lambda e: seen.append("
	    "(e['SCRIPT_NAME'], e['PATH_INFO'])) or [])";
	struct fake_client *f = fake_create();

	(void)state;
	f->req->path_info = STR("/sub/page");
	fake_add_field(f, STR("SCRIPT_NAME"), STR("/sub"));
	assert_int_equal(serve(f, app), 0);
	assert_seen("[('/sub', '/page')]");
	fake_destroy(f);
	f = fake_create();
	fake_add_field(f, STR("script_name"), STR("/sub"));
	assert_int_equal(serve(f, app), -E_PYTHON);
	assert_has(f, "500 ");
	fake_destroy(f);
}

static void
bodies_are_read_in_every_way(void **state)
{
	static const struct {
		const char *calls, *seen;
	} cases[] = {
		{ "i.read()", "[b'line 1\\nline two\\n\\nlast']" },
		{ "i.read(-1)", "[b'line 1\\nline two\\n\\nlast']" },
		{ "i.read(None)", "[b'line 1\\nline two\\n\\nlast']" },
		{ "i.read(3), i.read(0), i.read(10 ** 12), i.read()",
		    "[b'lin', b'', b'e 1\\nline two\\n\\nlast', b'']" },
		{ "i.readline(), i.readline(4), i.readline()",
		    "[b'line 1\\n', b'line', b' two\\n']" },
		{ "*i.readlines(), i.readline()",
		    "[b'line 1\\n', b'line two\\n', b'\\n', b'last', b'']" },
		{ "*i.readlines(8), i.read()",
		    "[b'line 1\\n', b'line two\\n', b'\\nlast']" },
		{ "*i, i.read()",
		    "[b'line 1\\n', b'line two\\n', b'\\n', b'last', b'']" },
	};
	static const size_t pieces[] = { 1, 7, 100 };
	const struct str body = STR("line 1\nline two\n\nlast");
	char source[512];

	(void)state;
	for (size_t i = 0; i < 6 * sizeof cases / sizeof *cases; i++) {
		struct fake_client *f = fake_create();
		size_t at = i / 6;

		fake_set_body(f, body, i % 2 ? (int64_t)body.len : -1);
		f->piece = pieces[i % 3];
		snprintf(source, sizeof source, "def read(e):\n"
		    "    i = e['wsgi.input']\n"
		    "    seen.extend([%s])\n    return []\n"
		    "app = simple(read)", cases[at].calls);
		assert_int_equal(serve(f, source), 0);
		assert_seen(cases[at].seen);
		assert_true(at == 4 || f->credit == body.len);
		fake_destroy(f);
	}
}

static void
large_bodies_flow_through_a_small_ring(void **state)
{
	static char body[200000];
	struct fake_client *f = fake_create();

	(void)state;
	memset(body, 'a', sizeof body);
	fake_set_body(f, (struct str){ body, sizeof body }, sizeof body);
	f->piece = 50;
	assert_int_equal(serve(f, "app = simple(lambda e: "
	    "[e['wsgi.input'].read()])"), 0);
	assert_has(f, "Content-Length: 200000\n");
	assert_int_equal(strlen(body_of(f)), sizeof body);
	fake_destroy(f);
}

static void
a_body_that_breaks_off_is_an_error(void **state)
{
	static const struct {
		enum request_end why;
		const char *error;
	} cases[] = {
		{ REQUEST_GONE, "ConnectionResetError" },
		{ REQUEST_BODY_TIMEOUT, "TimeoutError" },
		{ REQUEST_BAD_BODY, "OSError" },
		{ REQUEST_TOO_LARGE, "OSError" },
		{ REQUEST_DRAIN, "OSError" },
	};
	char source[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fake_client *f = fake_create();

		fake_set_body(f, STR("abc"), 100);
		f->ends = cases[i].why;
		interpreter_run("def read(e):\n"
		    "    try: e['wsgi.input'].read()\n"
		    "    except OSError as x:\n"
		    "        seen.append(type(x).__name__)\n"
		    "        raise\n");
		serve(f, "app = simple(read)");
		snprintf(source, sizeof source, "['%s']", cases[i].error);
		assert_seen(source);
		assert_true(f->was_reset);
		fake_destroy(f);
	}
}

static void
what_is_kept_is_of_no_use_later(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "kept = {}\n"
	    "def app(e, s):\n"
	    "    kept.update(e=e, s=s, w=s('200 OK', []),\n"
	    "        i=e['wsgi.input'], h=e['wsgi.early_hints'])\n"
	    "    return [b'x']"), 0);
	fake_destroy(f);
	f = fake_create();
	assert_int_equal(serve(f, "def fails(f, *a):\n"
	    "    try: f(*a)\n"
	    "    except Exception as x: seen.append(type(x).__name__)\n"
	    "def look(e):\n"
	    "    fails(kept['s'], '200 OK', [])\n"
	    "    fails(kept['w'], b'x')\n"
	    "    fails(kept['h'], [])\n"
	    "    fails(kept['i'].read)\n"
	    "    seen.append(e['wsgi.input'] is kept['i'])\n"
	    "    return []\n"
	    "app = simple(look)"), 0);
	assert_seen("['RuntimeError', 'RuntimeError', 'RuntimeError', "
	    "'ValueError', False]");
	fake_destroy(f);
	interpreter_run("kept.clear()");
}

static void
close_comes_after_the_request(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "class Late(Closing):\n"
	    "    def close(self):\n"
	    "        for call in (lambda: self.s('200 OK', []),\n"
	    "            lambda: self.e['wsgi.input'].read()):\n"
	    "            try: call()\n"
	    "            except Exception as x:"
	    " seen.append(type(x).__name__)\n"
	    "def app(e, s):\n"
	    "    s('200 OK', [])\n"
	    "    r = Late([b'x']); r.e = e; r.s = s\n"
	    "    return r"), 0);
	assert_seen("['RuntimeError', 'ValueError']");
	fake_destroy(f);
}

static struct fake_client *inner;

/* As a greenlet class does: another request before this one's end. */
static PyObject *
serve_inner(PyObject *self, PyObject *app)
{
	(void)self;
	return PyLong_FromLong(wsgi_ops.start(app, inner->req));
}

static void
calls_within_calls(void **state)
{
	static PyMethodDef method = { "serve_inner", serve_inner, METH_O, NULL };
	PyObject *dict = PyModule_GetDict(PyImport_AddModule("__main__"));
	PyObject *function = PyCFunction_New(&method, NULL);
	struct fake_client *f = fake_create();

	(void)state;
	PyDict_SetItemString(dict, "serve_inner", function);
	Py_DECREF(function);
	inner = fake_create();
	inner->req->path_info = STR("/inner");
	f->req->path_info = STR("/outer");
	assert_int_equal(serve(f,
	    "path = simple(lambda e: [e['PATH_INFO'].encode()])\n"
	    "def app(e, s):\n"
	    "    s('200 OK', [])\n    yield b'a'\n"
	    "    assert serve_inner(path) == 0\n"
	    "    yield e['PATH_INFO'].encode()"), 0);
	assert_string_equal(body_of(f), "a/outer");
	assert_string_equal(body_of(inner), "/inner");
	fake_destroy(inner);
	fake_destroy(f);
}

static void
early_hints(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "def app(e, s):\n"
	    "    e['wsgi.early_hints']([('Link', '</a.css>')])\n"
	    "    w = s('200 OK', [])\n    w(b'x')\n"
	    "    e['wsgi.early_hints']([('Link', 'late')])\n"
	    "    return []"), 0);
	assert_has(f, "103 informational\nLink: </a.css>\n\n200 OK\n");
	assert_null(strstr(f->out, "late"));
	fake_destroy(f);
	f = fake_create();
	assert_int_equal(serve(f, "def app(e, s):\n"
	    "    e['wsgi.early_hints']([('Li nk', 'x')])\n"), -E_PYTHON);
	assert_non_null(strstr(logged, "invalid HTTP header name"));
	fake_destroy(f);
}

static void
files_are_sent(void **state)
{
	static const char open_file[] = "import tempfile\n"
	    "def open_file():\n"
	    "    f = tempfile.TemporaryFile()\n"
	    "    f.write(b'0123456789' * 1000); f.seek(0)\n"
	    "    return f\n"
	    "def send(e):\n"
	    "    f = open_file(); f.read(5)\n"
	    "    return e['wsgi.file_wrapper'](f)\n"
	    "app = simple(send)";

	(void)state;
	for (int how = 0; how < 3; how++) {
		struct fake_client *f = fake_create();

		f->no_file = how == 1;
		if (how == 2)
			f->room = f->room_max = 999;
		assert_int_equal(serve(f, open_file), 0);
		assert_has(f, "Content-Length: 9995\n");
		assert_int_equal(strlen(body_of(f)), 9995);
		assert_memory_equal(body_of(f), "567890", 6);
		assert_true((f->files > 0) == (how != 1));
		assert_true(f->ended);
		fake_destroy(f);
	}
}

static void
what_is_like_a_file_is_read_and_closed(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "class Like:\n"
	    "    parts = [b'abc', b'def', b'']\n"
	    "    def read(self, n): seen.append(n);"
	    " return self.parts.pop(0)\n"
	    "    def close(self): seen.append('closed')\n"
	    "app = simple(lambda e: e['wsgi.file_wrapper'](Like(), 100))"), 0);
	assert_string_equal(body_of(f), "abcdef");
	assert_seen("[100, 100, 100, 'closed']");
	fake_destroy(f);
}

static void
a_file_obeys_content_length(void **state)
{
	struct fake_client *f = fake_create();

	(void)state;
	assert_int_equal(serve(f, "def app(e, s):\n"
	    "    s('200 OK', [('Content-Length', '7')])\n"
	    "    f = open_file()\n"
	    "    return e['wsgi.file_wrapper'](f)"), 0);
	assert_string_equal(body_of(f), "0123456");
	assert_true(f->ended);
	fake_destroy(f);
}

/* Counts the blocks that Python holds, in front of its allocators. */
static struct counted {
	PyMemAllocatorEx real;
	long live;
} counted[2];

static void *
counted_malloc(void *ctx, size_t n)
{
	struct counted *c = ctx;

	c->live++;
	return c->real.malloc(c->real.ctx, n);
}

static void *
counted_calloc(void *ctx, size_t n, size_t size)
{
	struct counted *c = ctx;

	c->live++;
	return c->real.calloc(c->real.ctx, n, size);
}

static void *
counted_realloc(void *ctx, void *p, size_t n)
{
	struct counted *c = ctx;

	c->live += p == NULL;
	return c->real.realloc(c->real.ctx, p, n);
}

static void
counted_free(void *ctx, void *p)
{
	struct counted *c = ctx;

	c->live -= p != NULL;
	c->real.free(c->real.ctx, p);
}

static void
count(PyMemAllocatorDomain domain, struct counted *c)
{
	PyMemAllocatorEx ours = { c, counted_malloc, counted_calloc,
		counted_realloc, counted_free };

	PyMem_GetAllocator(domain, &c->real);
	PyMem_SetAllocator(domain, &ours);
}

static long
blocks(void)
{
	PyGC_Collect();
	return counted[0].live + counted[1].live;
}

static void
requests_leave_nothing_behind(void **state)
{
	PyObject *dict = PyModule_GetDict(PyImport_AddModule("__main__"));
	long before = 0;

	(void)state;
	interpreter_run("def app(e, s):\n"
	    "    s('200 OK', [('X-A', e['RAW_URI'] + 'b')])(b'y')\n"
	    "    e['wsgi.input'].readlines()\n"
	    "    e['itself'] = e\n"
	    "    e['wsgi.file_wrapper'](e['wsgi.input'])\n"
	    "    if e['PATH_INFO'] == '/1': 1/0\n"
	    "    return (b'x' for i in range(3))");
	count(PYMEM_DOMAIN_MEM, &counted[0]);
	count(PYMEM_DOMAIN_OBJ, &counted[1]);
	for (int i = 0; i < 2001; i++) {
		struct fake_client *f = fake_create();

		interpreter_clear_log();
		fake_set_body(f, STR("bo\ndy"), 5);
		fake_add_field(f, STR("X-New"), STR("value"));
		f->req->path_info = i % 2 ? STR("/1") : STR("/2");
		(void)wsgi_ops.start(PyDict_GetItemString(dict, "app"),
		    f->req);
		fake_destroy(f);
		if (i == 1000)
			before = blocks();
	}
	/* Free lists and caches may take a few; a leak takes a thousand. */
	assert_true(blocks() - before < 100);
	for (size_t i = 0; i < 2; i++)
		PyMem_SetAllocator(i == 0 ? PYMEM_DOMAIN_MEM :
		    PYMEM_DOMAIN_OBJ, &counted[i].real);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_part_goes_out_with_its_length),
		cmocka_unit_test(short_answers_go_out_whole),
		cmocka_unit_test(headers_are_what_they_are_now),
		cmocka_unit_test(bad_headers_leave_the_first_ones),
		cmocka_unit_test(environs_have_their_own_fields_only),
		cmocka_unit_test(kept_objects_are_replaced_in_every_template),
		cmocka_unit_test(ports_follow_the_socket),
		cmocka_unit_test(parts_of_a_list_go_out_as_one),
		cmocka_unit_test(an_empty_answer_has_length_zero),
		cmocka_unit_test(no_length_is_said_where_there_is_no_body),
		cmocka_unit_test(generators_stream_and_are_closed),
		cmocka_unit_test(start_response_may_be_called_by_the_first_step),
		cmocka_unit_test(write_sends_before_the_result),
		cmocka_unit_test(a_full_client_is_waited_for),
		cmocka_unit_test(a_client_that_goes_ends_the_iteration),
		cmocka_unit_test(an_exception_is_logged_and_answered),
		cmocka_unit_test(an_exception_after_the_head_cuts_the_answer),
		cmocka_unit_test(an_exception_of_close_is_logged_only),
		cmocka_unit_test(exits_reach_the_worker),
		cmocka_unit_test(exc_info_replaces_the_head_or_is_raised),
		cmocka_unit_test(what_may_not_be_said_is_an_error),
		cmocka_unit_test(headers_may_be_changed_afterwards),
		cmocka_unit_test(too_many_and_too_few_bytes),
		cmocka_unit_test(endless_results_end_with_what_is_wanted),
		cmocka_unit_test(environ_is_what_pep_3333_says),
		cmocka_unit_test(each_request_has_an_environ_of_its_own),
		cmocka_unit_test(script_name_is_taken_off_the_path),
		cmocka_unit_test(bodies_are_read_in_every_way),
		cmocka_unit_test(large_bodies_flow_through_a_small_ring),
		cmocka_unit_test(a_body_that_breaks_off_is_an_error),
		cmocka_unit_test(what_is_kept_is_of_no_use_later),
		cmocka_unit_test(close_comes_after_the_request),
		cmocka_unit_test(calls_within_calls),
		cmocka_unit_test(early_hints),
		cmocka_unit_test(files_are_sent),
		cmocka_unit_test(what_is_like_a_file_is_read_and_closed),
		cmocka_unit_test(a_file_obeys_content_length),
		cmocka_unit_test(requests_leave_nothing_behind),
	};

	return cmocka_run_group_tests(tests, prepare, interpreter_stop);
}
