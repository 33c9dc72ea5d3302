/*
 * access_format: steps of text and atom in turns. Nothing is allocated for a
 * line, and nothing asks the kernel. Run by workers.
 */
#include "telemetry/access_format.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/escape.h"
#include "base/scan.h"
#include "telemetry/access_atoms.h"

#include "base/banned.h"

#define FORMAT_MEMORY_MAX ((size_t)1 << 20)
#define LINE_TAIL 8 /* kept free for "...", a quote, a brace, a newline */

struct access_format {
	struct arena arena; /* all of it */
	struct access_step *steps;
	unsigned n;
	struct str *environ; /* names, and an empty one behind them */
	unsigned n_environ;
	int pid;
	bool json, times, answers;
};

/* --- making steps --- */

/* With ACCESS_LINE_SHORT bytes behind it, for access_line_before. */
static struct str
joined(struct arena *a, const struct str *parts, size_t n)
{
	size_t len = 0;
	char *p;

	for (size_t i = 0; i < n; i++)
		len += parts[i].len;
	p = arena_alloc(a, len + ACCESS_LINE_SHORT);
	if (p == NULL)
		return (struct str){ NULL, 0 };
	memset(p + len, 0, ACCESS_LINE_SHORT);
	len = 0;
	for (size_t i = 0; i < n; i++) {
		if (parts[i].len > 0)
			memcpy(p + len, parts[i].ptr, parts[i].len);
		len += parts[i].len;
	}
	return (struct str){ p, len };
}

/* The name within a key: only what needs no escape. */
static struct str
key_name(struct arena *a, struct str name)
{
	char *p = arena_alloc(a, name.len + 1);

	for (size_t i = 0; p != NULL && i < name.len; i++) {
		p[i] = name.ptr[i];
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
		if (scan_quotable((struct str){ p + i, 1 }) == 0)
			p[i] = '_';
	}
	return (struct str){ p, name.len };
}

/* ,"key":" before the value. 0 or -E_NOMEM. */
static int
set_key(struct access_format *f, struct access_step *s,
    const struct access_atom *what)
{
	struct str parts[] = { STR(",\""), str_of(what->key),
		key_name(&f->arena, what->name),
		what->number ? STR("\":") : STR("\":\"") };

	s->after = what->number ? STR("") : STR("\"");
	if (parts[2].ptr == NULL)
		return -E_NOMEM;
	s->before = joined(&f->arena, parts, sizeof(parts) / sizeof(parts[0]));
	return s->before.ptr == NULL ? -E_NOMEM : 0;
}

/* Is there a key of that name already? As for %(b)s and %(B)s. */
static bool
has_key(const struct access_format *f, struct str key)
{
	for (unsigned i = 0; i < f->n; i++)
		if (str_eq(f->steps[i].before, key))
			return true;
	return false;
}

static int
set_atom(struct access_format *f, struct access_step *s,
    const struct config_atom *atom, struct access_atom *what)
{
	s->width = atom->width;
	s->left = atom->left;
	if (access_atoms_set(&f->arena, s, atom, what) < 0)
		return -E_NOMEM;
	f->times |= what->times;
	f->answers |= what->answers;
	if (s->variable.len > 0)
		f->environ[f->n_environ++] = s->variable;
	return 0;
}

/* A part of the format as a step of JSON, which has no text between. */
static int
add_key(struct access_format *f, const struct config_atom *atom)
{
	struct access_step *s = &f->steps[f->n];
	struct access_atom what;
	int rc;

	if (atom->letter == '\0')
		return 0;
	rc = set_atom(f, s, atom, &what);
	if (rc == 0 && what.key != NULL)
		rc = set_key(f, s, &what);
	if (rc == 0 && what.key != NULL && !has_key(f, s->before))
		f->n++;
	else
		*s = (struct access_step){ .put = NULL };
	return rc;
}

/* Text is what stands before the atom that follows it. */
static int
add_part(struct access_format *f, const struct config_atom *atom)
{
	struct access_step *s = &f->steps[f->n];
	struct access_atom what;

	if (atom->letter == '\0') {
		if (s->before.len > 0)
			s = &f->steps[++f->n];
		s->before = joined(&f->arena, &atom->text, 1);
		return s->before.ptr == NULL ? -E_NOMEM : 0;
	}
	f->n++;
	if (s->before.ptr == NULL)
		s->before = joined(&f->arena, NULL, 0);
	return s->before.ptr == NULL ? -E_NOMEM : set_atom(f, s, atom, &what);
}

static unsigned
count_parts(struct str format)
{
	struct config_atom atom;
	unsigned n = 0;

	while (config_atoms_next(&format, &atom) > 0)
		n++;
	return n;
}

static int
make_steps(struct access_format *f, struct str format)
{
	unsigned n = count_parts(format) + 1;
	size_t size = n * sizeof(f->steps[0]);
	struct config_atom atom;
	int rc = 0;

	f->steps = arena_alloc(&f->arena, size);
	f->environ = arena_alloc(&f->arena, n * sizeof(f->environ[0]));
	format = arena_str(&f->arena, format);
	if (f->steps == NULL || f->environ == NULL || format.ptr == NULL)
		return -E_NOMEM;
	memset(f->steps, 0, size);
	memset(f->environ, 0, n * sizeof(f->environ[0]));
	while (rc == 0 && config_atoms_next(&format, &atom) > 0)
		rc = f->json ? add_key(f, &atom) : add_part(f, &atom);
	if (f->steps[f->n].before.len > 0)
		f->n++; /* text behind the last atom */
	return rc;
}

struct access_format *
access_format_create(struct str format, bool json, int pid)
{
	struct access_format *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	arena_init(&f->arena, FORMAT_MEMORY_MAX);
	f->json = json;
	f->pid = pid;
	if (make_steps(f, format) == 0)
		return f;
	access_format_destroy(f);
	return NULL;
}

void
access_format_destroy(struct access_format *f)
{
	if (f == NULL)
		return;
	arena_finish(&f->arena);
	free(f);
}

bool
access_format_times(const struct access_format *f)
{
	return f->times;
}

bool
access_format_answers(const struct access_format *f)
{
	return f->answers;
}

const struct str *
access_format_environ(const struct access_format *f)
{
	return f->n_environ > 0 ? f->environ : NULL;
}

/* --- a line --- */

/* Blanks before or behind what has been written since start. */
static void
pad(struct access_line *l, char *start, const struct access_step *s)
{
	size_t len = (size_t)(l->p - start), n;

	if (l->cut || len >= s->width)
		return;
	n = s->width - len;
	if (n > access_line_room(l)) {
		l->cut = true;
		return;
	}
	if (!s->left)
		memmove(start + n, start, len);
	memset(s->left ? l->p : start, ' ', n);
	l->p += n;
}

static void
put_text_step(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	char *start;

	access_line_before(l, s->before);
	start = l->p;
	if (s->put != NULL && !s->put(l, s, r))
		access_line_raw(l, STR("-"));
	if (s->width > 0)
		pad(l, start, s);
}

static void
put_json_step(struct access_line *l, const struct access_step *s,
    const struct access_record *r)
{
	char *start = l->p;
	bool number = s->after.len == 0;

	access_line_before(l, s->before);
	if (l->cut) /* no key, or no number, is cut in two */
		return;
	if (!s->put(l, s, r) || (l->cut && number)) {
		l->p = start;
		return;
	}
	if (l->cut) {
		memcpy(l->p, "...", 3);
		l->p += 3;
	}
	memcpy(l->p, s->after.ptr, s->after.len);
	l->p += s->after.len;
}

static void
put_json_start(struct access_line *l)
{
	uint64_t ms = clock_wall_ms();
	char fraction[4] = { '.', (char)('0' + ms % 1000 / 100),
		(char)('0' + ms % 100 / 10), (char)('0' + ms % 10) };

	access_line_raw(l, STR("{\"timestamp\":\""));
	access_line_raw(l,
	    (struct str){ access_line_moment(ms / 1000)->iso, ACCESS_ISO_LEN });
	access_line_raw(l, (struct str){ fraction, sizeof(fraction) });
	access_line_raw(l,
	    STR("Z\",\"severity_text\":\"INFO\",\"severity_number\":9,"
		"\"event_name\":\"ACCESS\""));
}

/* LINE_TAIL has room for it. The length of it all. */
static size_t
put_end(struct access_line *l, const char *start)
{
	struct str tail = l->json ? STR("}\n")
	    : l->cut              ? STR("...\n")
				  : STR("\n");

	memcpy(l->p, tail.ptr, tail.len);
	return (size_t)(l->p - start) + tail.len;
}

size_t
access_format_line(const struct access_format *f, const struct request *req,
    uint64_t spent_us, char *dst)
{
	struct access_line l = { dst, dst + ACCESS_LINE_MAX - LINE_TAIL,
		f->json, false };
	const struct access_record r = { req, spent_us, f->pid };

	if (f->json)
		put_json_start(&l);
	for (unsigned i = 0; i < f->n && !l.cut; i++) {
		if (f->json)
			put_json_step(&l, &f->steps[i], &r);
		else
			put_text_step(&l, &f->steps[i], &r);
	}
	return put_end(&l, dst);
}

size_t
access_format_text(const struct access_format *f, struct str *text, char *dst)
{
	struct access_line l = { dst, dst + ACCESS_LINE_MAX - LINE_TAIL,
		f->json, false };
	struct str one = *text, end;
	char piece[ESCAPE_MAX];

	if (f->json) {
		text->ptr = NULL;
		put_json_start(&l);
		access_line_raw(&l, STR(",\"body\":\""));
	} else {
		one = str_cut(text, '\n');
	}
	while (one.len > 0 && !l.cut) {
		size_t n = escape_next(
		    &one, f->json ? ESCAPE_JSON : ESCAPE_TEXT, piece);

		access_line_raw(&l, (struct str){ piece, n });
	}
	if (f->json) {
		end = l.cut ? STR("...\"") : STR("\"");
		memcpy(l.p, end.ptr, end.len);
		l.p += end.len;
	}
	return put_end(&l, dst);
}
