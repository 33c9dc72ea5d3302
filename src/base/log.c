/*
 * log: a line is put together on the stack, in one pass over the event's
 * format, and handed to log_write whole. Numbers and slices are formatted
 * here and not by printf, because what a %s brings must be escaped.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "base/check.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/escape.h"
#include "base/num.h"
#include "base/zone.h"

#include "base/banned.h"

/* What is kept free for the end of a line: "..." and what closes JSON. */
#define LINE_TAIL 8

struct line {
	char mem[LOG_LINE_MAX];
	size_t len, max; /* max: what may be filled now */
	size_t stamp_len;
	bool cut; /* something did not fit; nothing more is taken */
};

struct row {
	enum log_level level;
	const char *name, *format, *keys;
};

static const struct row rows[EV_MAX] = {
#define EVENT(lvl, event, fmt, key_list) \
	[EV_##event] = { \
		.level = LOG_##lvl, \
		.name = #event, \
		.format = fmt, \
		.keys = key_list, \
	},
#include "base/events.def"
#undef EVENT
};

/* severity: OpenTelemetry's SeverityNumber. */
static const struct {
	const char *name;
	unsigned severity;
} levels[] = {
	[LOG_DEBUG] = { "DEBUG", 5 },
	[LOG_INFO] = { "INFO", 9 },
	[LOG_WARNING] = { "WARNING", 13 },
	[LOG_ERROR] = { "ERROR", 17 },
	[LOG_CRITICAL] = { "CRITICAL", 21 },
};

#define N_LEVELS (sizeof levels / sizeof *levels)

static void
write_nowhere(const char *line, size_t n)
{
	(void)line;
	(void)n;
}

void (*log_write)(const char *line, size_t n) = write_nowhere;

static log_tap *taps[LOG_TAPS_MAX];
static unsigned n_taps;

static _Atomic(int) level_now = LOG_INFO;
static _Atomic(int) format_now = LOG_TEXT;
static _Atomic(int) pid_now;

void
log_set_level(enum log_level level)
{
	atomic_store(&level_now, (int)level);
}

enum log_level
log_get_level(void)
{
	return (enum log_level)atomic_load(&level_now);
}

void
log_set_format(enum log_format format)
{
	atomic_store(&format_now, (int)format);
}

void
log_set_pid(int pid)
{
	atomic_store(&pid_now, pid);
}

void
log_add_tap(log_tap *tap)
{
	for (unsigned i = 0; i < n_taps; i++)
		if (taps[i] == tap)
			return;
	CHECK(n_taps < LOG_TAPS_MAX);
	taps[n_taps++] = tap;
}

int
log_level_from(struct str name)
{
	size_t i;

	for (i = 0; i < N_LEVELS; i++)
		if (str_eq_nocase(name, str_of(levels[i].name)))
			return (int)i;
	return -E_BAD_VALUE;
}

static void
line_start(struct line *l)
{
	l->len = 0;
	l->max = LOG_LINE_MAX - LINE_TAIL;
	l->cut = false;
}

/* Whole or not at all. */
static void
put_raw(struct line *l, const char *p, size_t n)
{
	if (l->cut || n > l->max - l->len) {
		l->cut = true;
		return;
	}
	memcpy(l->mem + l->len, p, n);
	l->len += n;
}

static void
put_z(struct line *l, const char *z)
{
	put_raw(l, z, strlen(z));
}

static void
put_escaped(struct line *l, struct str s, enum escape how)
{
	char one[ESCAPE_MAX];
	size_t n;

	while (s.len > 0 && !l->cut) {
		n = escape_next(&s, how, one);
		put_raw(l, one, n);
	}
}

static void
put_dec(struct line *l, uint64_t v)
{
	char digits[20];

	put_raw(l, digits, num_put_dec(digits, v));
}

/* Past the bound: for what ends a line, which LINE_TAIL has room for. */
static void
put_tail(struct line *l, const char *z)
{
	size_t n = strlen(z);

	memcpy(l->mem + l->len, z, n);
	l->len += n;
}

static void
put_moment(struct line *l, uint64_t second, char between)
{
	struct civil c = civil_from(second);
	char text[64];
	int n;

	n = snprintf(text, sizeof text, "%04d-%02u-%02u%c%02u:%02u:%02u",
	    c.year, c.month, c.day, between, c.hour, c.minute, c.second);
	put_raw(l, text, (size_t)n);
}

/* "2026-01-31 23:59:59 +0100", as the clock on the wall has it. */
static void
put_local_time(struct line *l)
{
	uint64_t second = clock_wall_ms() / 1000;
	int offset_s = zone_offset(second);
	char zone[ZONE_TEXT_LEN];

	put_moment(l, zone_local(second, offset_s), ' ');
	put_raw(l, " ", 1);
	zone_put(zone, offset_s);
	put_raw(l, zone, sizeof zone);
}

/* "2026-01-31T23:59:59.999Z" */
static void
put_utc(struct line *l)
{
	uint64_t ms = clock_wall_ms();
	char text[8];
	int n;

	put_moment(l, ms / 1000, 'T');
	n = snprintf(text, sizeof text, ".%03uZ", (unsigned)(ms % 1000));
	put_raw(l, text, (size_t)n);
}

/* One conversion of an event's format, with its argument. */
struct argument {
	struct str text;    /* when it is text */
	uint64_t magnitude; /* when it is a number */
	bool is_text, negative;
};

static void
set_signed(struct argument *a, int64_t v)
{
	a->negative = v < 0;
	a->magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static void
set_text(struct argument *a, struct str s)
{
	a->is_text = true;
	a->text = s.ptr == NULL ? STR("(none)") : s;
}

/*
 * The conversions that events.def may use; the table's test holds it to
 * them. f stands behind the %; returns where the conversion ends.
 */
static const char *
take_argument(const char *f, va_list *ap, struct argument *a)
{
	static const char slice[] = ".*s";
	int len;

	*a = (struct argument){ .is_text = false };
	if (strncmp(f, slice, sizeof slice - 1) == 0) {
		len = va_arg(*ap, int);
		a->text.ptr = va_arg(*ap, const char *);
		a->text.len = len < 0 ? 0 : (size_t)len;
		set_text(a, a->text);
		return f + sizeof slice - 1;
	}
	switch (*f) {
	case 's':
		set_text(a, str_of(va_arg(*ap, const char *)));
		return f + 1;
	case 'd':
		set_signed(a, va_arg(*ap, int));
		return f + 1;
	case 'u':
		a->magnitude = va_arg(*ap, unsigned);
		return f + 1;
	case 'z':
		a->magnitude = va_arg(*ap, size_t);
		return f + 2;
	case 'l':
		if (f[1] == 'd')
			set_signed(a, va_arg(*ap, long));
		else
			a->magnitude = va_arg(*ap, unsigned long);
		return f + 2;
	default:
		return f;
	}
}

static void
put_argument(struct line *l, const struct argument *a, enum escape how)
{
	if (a->is_text) {
		put_escaped(l, a->text, how);
		return;
	}
	if (a->negative)
		put_raw(l, "-", 1);
	put_dec(l, a->magnitude);
}

static void
put_sentence(struct line *l, const char *format, va_list ap, enum escape how)
{
	struct argument a;
	const char *f;
	va_list args;

	va_copy(args, ap);
	for (f = format; *f != '\0';) {
		size_t n = strcspn(f, "%");

		put_escaped(l, (struct str){ f, n }, how);
		f += n;
		if (*f == '\0')
			break;
		if (f[1] == '%') {
			put_raw(l, "%", 1);
			f += 2;
			continue;
		}
		f = take_argument(f + 1, &args, &a);
		put_argument(l, &a, how);
	}
	va_end(args);
}

/* The start of a text line, up to the sentence. */
static void
put_text_start(struct line *l, enum log_level level)
{
	int pid = atomic_load(&pid_now);

	put_raw(l, "[", 1);
	put_local_time(l);
	put_z(l, "] [");
	put_dec(l, pid < 0 ? 0 : (uint64_t)pid);
	put_z(l, "] [");
	put_z(l, levels[level].name);
	put_z(l, "] ");
	l->stamp_len = l->len;
}

static void
put_text_end(struct line *l)
{
	put_tail(l, l->cut ? "...\n" : "\n");
}

static bool
give_taps(enum log_level level, enum event event, struct str text)
{
	bool taken = false;

	for (unsigned i = 0; i < n_taps; i++)
		taken = taps[i](level, event, text) || taken;
	return taken;
}

/* Gives a text line to whoever wants it; true: it is written there. */
static bool
give_line(const struct line *l, enum log_level level, enum event event)
{
	return give_taps(level, event,
	    (struct str){ l->mem + l->stamp_len,
		l->len - l->stamp_len - 1 /* the newline */ });
}

/*
 * A JSON line whose sentence is open. The sentence gets half the line, so
 * that the keys behind it fit; each ends a cut string for itself.
 */
static void
put_json_start(struct line *l, enum log_level level, const char *name)
{
	int pid = atomic_load(&pid_now);

	put_z(l, "{\"timestamp\":\"");
	put_utc(l);
	put_z(l, "\",\"severity_text\":\"");
	put_z(l, levels[level].name);
	put_z(l, "\",\"severity_number\":");
	put_dec(l, levels[level].severity);
	put_z(l, ",\"process.pid\":");
	put_dec(l, pid < 0 ? 0 : (uint64_t)pid);
	if (name != NULL) {
		put_z(l, ",\"event_name\":\"");
		put_z(l, name);
		put_z(l, "\"");
	}
	put_z(l, ",\"body\":\"");
	l->max = LOG_LINE_MAX / 2;
}

/* Ends a string that may have been cut, and makes room for what follows. */
static void
put_string_end(struct line *l)
{
	put_tail(l, l->cut ? "...\"" : "\"");
	l->cut = false;
	l->max = LOG_LINE_MAX - 2 * LINE_TAIL;
	if (l->len > l->max)
		l->max = l->len;
}

/* ,"key": as a whole or not at all; tells which. */
static bool
put_key(struct line *l, struct str key)
{
	/* Room for the key and for a number or the end of a cut string. */
	if (l->max - l->len < key.len + 4 + 24)
		return false;
	put_z(l, ",\"");
	put_raw(l, key.ptr, key.len);
	put_z(l, "\":");
	return true;
}

static void
put_string(struct line *l, struct str s)
{
	put_raw(l, "\"", 1);
	put_escaped(l, s, ESCAPE_JSON);
	put_string_end(l);
}

static void
put_keys(struct line *l, const struct row *row, va_list ap)
{
	struct str keys = str_of(row->keys), key;
	const char *f = row->format;
	struct argument a;
	va_list args;

	va_copy(args, ap);
	while ((f = strchr(f, '%')) != NULL) {
		if (f[1] == '%') {
			f += 2;
			continue;
		}
		f = take_argument(f + 1, &args, &a);
		key = str_cut(&keys, ',');
		if (!put_key(l, key))
			break;
		if (a.is_text)
			put_string(l, a.text);
		else
			put_argument(l, &a, ESCAPE_JSON);
	}
	va_end(args);
}

static void
put_json_end(struct line *l)
{
	put_tail(l, "}\n");
	log_write(l->mem, l->len);
}

/* Makes a text line and gives it to taps; true: it is written there. */
static bool
event_as_text(
    struct line *l, const struct row *row, va_list ap, const char *why)
{
	line_start(l);
	put_text_start(l, row->level);
	put_sentence(l, row->format, ap, ESCAPE_TEXT);
	if (why != NULL) {
		put_z(l, ": ");
		put_z(l, why);
	}
	put_text_end(l);
	return give_line(l, row->level, (enum event)(row - rows));
}

static void
event_as_json(const struct row *row, va_list ap, const char *why)
{
	struct line l;

	line_start(&l);
	put_json_start(&l, row->level, row->name);
	put_sentence(&l, row->format, ap, ESCAPE_JSON);
	put_string_end(&l);
	put_keys(&l, row, ap);
	if (why != NULL && put_key(&l, STR("error")))
		put_string(&l, str_of(why));
	put_json_end(&l);
}

static void
write_event(enum event ev, va_list ap, const char *why)
{
	bool json = atomic_load(&format_now) == LOG_JSON;
	const struct row *row = &rows[ev];
	struct line l;

	if ((int)row->level < atomic_load(&level_now))
		return;
	if (!json || n_taps > 0)
		if (event_as_text(&l, row, ap, why))
			return;
	if (json)
		event_as_json(row, ap, why);
	else
		log_write(l.mem, l.len);
}

void
log_event(enum event ev, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, ev);
	write_event(ev, ap, NULL);
	va_end(ap);
	errno = saved;
}

void
log_errno(enum event ev, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, ev);
	write_event(ev, ap, strerror(saved));
	va_end(ap);
	errno = saved;
}

/* How long text is as a JSON string, or more than max. */
static size_t
json_len(struct str text, size_t max)
{
	char one[ESCAPE_MAX];
	size_t n = 0;

	while (text.len > 0 && n <= max)
		n += escape_next(&text, ESCAPE_JSON, one);
	return n;
}

/* A traceback's end says what happened, its beginning where. */
static void
put_both_ends(struct line *l, struct str text)
{
	size_t max = l->max, room = max - l->len;
	struct str end = str_tail(text, text.len - room * 3 / 8);

	(void)str_cut(&end, '\n');
	l->max = l->len + room / 2;
	put_escaped(l, text, ESCAPE_JSON);
	l->max = max;
	l->cut = false;
	put_z(l, "\\n...\\n");
	put_escaped(l, end, ESCAPE_JSON);
}

static void
write_json_text(enum log_level level, struct str text)
{
	struct line l;

	line_start(&l);
	put_json_start(&l, level, NULL);
	l.max = LOG_LINE_MAX - 2 * LINE_TAIL;
	if (json_len(text, l.max) <= l.max - l.len)
		put_escaped(&l, text, ESCAPE_JSON);
	else
		put_both_ends(&l, text);
	put_string_end(&l);
	put_json_end(&l);
}

/* One line of it; as JSON only for taps. True: it is written there. */
static bool
write_text_line(
    enum log_level level, enum event event, struct str text, bool json)
{
	struct line l;

	line_start(&l);
	put_text_start(&l, level);
	put_escaped(&l, text, ESCAPE_TEXT);
	put_text_end(&l);
	if (event != EV_MAX && give_line(&l, level, event))
		return true;
	if (!json && event != EV_TOLD)
		log_write(l.mem, l.len);
	return false;
}

static void
write_lines(enum log_level level, enum event event, struct str text)
{
	bool json = atomic_load(&format_now) == LOG_JSON, taken = false;
	struct str rest = text;
	int saved = errno;

	if ((int)level < atomic_load(&level_now))
		return;
	if (str_ends(text, STR("\n")))
		rest.len = --text.len;
	if (event == EV_TEXT && str_find(text, '\n') < text.len &&
	    give_taps(level, EV_WHOLE, text)) {
		event = EV_TOLD;
		taken = true;
	}
	while (rest.ptr != NULL && (!json || n_taps > 0))
		taken =
		    write_text_line(level, event, str_cut(&rest, '\n'), json) ||
		    taken;
	if (json && !taken)
		write_json_text(level, text);
	errno = saved;
}

void
log_text(enum log_level level, struct str text)
{
	write_lines(level, EV_TEXT, text);
}

void
log_python(enum log_level level, struct str text)
{
	write_lines(level, EV_PYTHON, text);
}

void
log_again(enum log_level level, struct str text)
{
	write_lines(level, EV_MAX, text);
}
