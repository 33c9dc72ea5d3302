/*
 * h1_chunk: a state for each place in the grammar, a small function for each
 * state. Data goes through whole; everything else is a few bytes a chunk and
 * is read byte by byte. What is not in the grammar is refused: where two
 * readers of one body could disagree, one of them can be deceived.
 */
#include "proto/h1_chunk.h"

#include "base/num.h"
#include "http/http_field.h"

#include "base/banned.h"

#define DIGITS_MAX 16

enum state {
	SIZE,      /* hex digits */
	BLANK,     /* blanks before a semicolon */
	EXT_START, /* behind a semicolon, blanks allowed */
	EXT_NAME,
	EXT_VALUE_START, /* behind "=" */
	EXT_VALUE,
	EXT_QUOTED,
	EXT_QUOTED_PAIR,
	EXT_END, /* behind a quoted string */
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER_START,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	END_LF,
	N_STATES,
};

static int
bad(struct http_error *err, const char *text)
{
	return http_error_set(err, 400, text);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Goes on to another state; for "return go(st, DATA);". */
static int
go(struct h1_chunk *st, enum state next)
{
	st->state = (uint8_t)next;
	return 0;
}

static int
on_size(struct h1_chunk *st, char c, struct http_error *err)
{
	int digit = num_hex_digit(c);

	if (digit >= 0) {
		/* No size beyond 2^63, so that totals stay signed numbers. */
		if (++st->n_digits > DIGITS_MAX || st->left >> 59 != 0)
			return bad(err, "a chunk's size is too large");
		st->left = st->left << 4 | (unsigned)digit;
		return 0;
	}
	if (st->n_digits == 0)
		return bad(err, "a chunk's size is not a number");
	if (c == '\r')
		return go(st, SIZE_LF);
	if (c == ';')
		return go(st, EXT_START);
	if (is_blank(c))
		return go(st, BLANK);
	return bad(err, "a chunk's size is not a number");
}

static int
on_blank(struct h1_chunk *st, char c, struct http_error *err)
{
	if (is_blank(c))
		return 0;
	if (c == ';')
		return go(st, EXT_START);
	return bad(err, "blanks behind a chunk's size");
}

static int
on_ext_start(struct h1_chunk *st, char c, struct http_error *err)
{
	if (is_blank(c))
		return 0;
	if (http_field_is_tchar(c))
		return go(st, EXT_NAME);
	return bad(err, "a chunk extension without a name");
}

/* What may follow a complete extension. */
static int
on_ext_end(struct h1_chunk *st, char c, struct http_error *err)
{
	if (c == '\r')
		return go(st, SIZE_LF);
	if (c == ';')
		return go(st, EXT_START);
	if (is_blank(c))
		return go(st, BLANK);
	return bad(err, "a chunk extension is malformed");
}

static int
on_ext_name(struct h1_chunk *st, char c, struct http_error *err)
{
	if (http_field_is_tchar(c))
		return 0;
	if (c == '=')
		return go(st, EXT_VALUE_START);
	return on_ext_end(st, c, err);
}

static int
on_ext_value_start(struct h1_chunk *st, char c, struct http_error *err)
{
	if (c == '"')
		return go(st, EXT_QUOTED);
	if (http_field_is_tchar(c))
		return go(st, EXT_VALUE);
	return bad(err, "a chunk extension without a value");
}

static int
on_ext_value(struct h1_chunk *st, char c, struct http_error *err)
{
	if (http_field_is_tchar(c))
		return 0;
	return on_ext_end(st, c, err);
}

static int
on_ext_quoted(struct h1_chunk *st, char c, struct http_error *err)
{
	if (c == '"')
		return go(st, EXT_END);
	if (c == '\\')
		return go(st, EXT_QUOTED_PAIR);
	if (!http_field_is_value((struct str){ &c, 1 }))
		return bad(err, "a control character in a chunk extension");
	return 0;
}

static int
on_ext_quoted_pair(struct h1_chunk *st, char c, struct http_error *err)
{
	if (!http_field_is_value((struct str){ &c, 1 }))
		return bad(err, "a control character in a chunk extension");
	return go(st, EXT_QUOTED);
}

static int
on_size_lf(struct h1_chunk *st, char c, struct http_error *err)
{
	if (c != '\n')
		return bad(err, "a chunk's line does not end in CRLF");
	st->line_len = 0;
	return go(st, st->left > 0 ? DATA : TRAILER_START);
}

static int
on_data_cr(struct h1_chunk *st, char c, struct http_error *err)
{
	if (c != '\r')
		return bad(err, "a chunk is longer than its size");
	return go(st, DATA_LF);
}

static int
on_data_lf(struct h1_chunk *st, char c, struct http_error *err)
{
	if (c != '\n')
		return bad(err, "a chunk is longer than its size");
	st->n_digits = 0;
	st->line_len = 0;
	return go(st, SIZE);
}

static int on_trailer_name(struct h1_chunk *st, char c, struct http_error *err);

static int
on_trailer_start(struct h1_chunk *st, char c, struct http_error *err)
{
	if (c == '\r')
		return go(st, END_LF);
	if (st->n_trailers >= st->rules->n_fields_max)
		return http_error_set(err, 431, "too many trailer fields");
	st->n_trailers++;
	st->name_len = 0;
	st->state = TRAILER_NAME;
	return on_trailer_name(st, c, err);
}

/*
 * RFC 9110, section 6.5.1: what a trailer may not say, because it would come
 * too late for whoever has already acted on the header.
 */
static bool
is_forbidden(const struct h1_chunk *st)
{
	if (st->name_len > H1_CHUNK_NAME_MAX)
		return false;
	switch (http_field_of((struct str){ st->name, st->name_len })) {
	case FIELD_HOST:
	case FIELD_AUTHORIZATION:
	case FIELD_CONNECTION:
	case FIELD_CONTENT_LENGTH:
	case FIELD_CONTENT_TYPE:
	case FIELD_EXPECT:
	case FIELD_TE:
	case FIELD_TRAILER:
	case FIELD_TRANSFER_ENCODING:
	case FIELD_UPGRADE:
		return true;
	default:
		return false;
	}
}

static int
on_trailer_name(struct h1_chunk *st, char c, struct http_error *err)
{
	if (http_field_is_tchar(c)) {
		if (st->name_len < H1_CHUNK_NAME_MAX)
			st->name[st->name_len] = c;
		st->name_len++;
		return 0;
	}
	if (c != ':' || st->name_len == 0)
		return bad(err, "a trailer field's name is not a token");
	if (is_forbidden(st))
		return bad(err, "a trailer field that may not be one");
	return go(st, TRAILER_VALUE);
}

static int
on_trailer_value(struct h1_chunk *st, char c, struct http_error *err)
{
	if (c == '\r')
		return go(st, TRAILER_LF);
	if (!http_field_is_value((struct str){ &c, 1 }))
		return bad(err, "a control character in a trailer field");
	return 0;
}

static int
on_trailer_lf(struct h1_chunk *st, char c, struct http_error *err)
{
	if (c != '\n')
		return bad(err, "a control character in a trailer field");
	st->line_len = 0;
	return go(st, TRAILER_START);
}

static int
on_end_lf(struct h1_chunk *st, char c, struct http_error *err)
{
	if (c != '\n')
		return bad(err, "the trailer does not end in CRLF");
	st->done = true;
	return 0;
}

typedef int step(struct h1_chunk *st, char c, struct http_error *err);

static step *const steps[N_STATES] = {
	[SIZE] = on_size,
	[BLANK] = on_blank,
	[EXT_START] = on_ext_start,
	[EXT_NAME] = on_ext_name,
	[EXT_VALUE_START] = on_ext_value_start,
	[EXT_VALUE] = on_ext_value,
	[EXT_QUOTED] = on_ext_quoted,
	[EXT_QUOTED_PAIR] = on_ext_quoted_pair,
	[EXT_END] = on_ext_end,
	[SIZE_LF] = on_size_lf,
	[DATA_CR] = on_data_cr,
	[DATA_LF] = on_data_lf,
	[TRAILER_START] = on_trailer_start,
	[TRAILER_NAME] = on_trailer_name,
	[TRAILER_VALUE] = on_trailer_value,
	[TRAILER_LF] = on_trailer_lf,
	[END_LF] = on_end_lf,
};

static int
check_trailer_limits(struct h1_chunk *st, struct http_error *err)
{
	size_t max = st->rules->field_max;

	/* line_len counts this byte; two more belong to a CRLF. */
	if (max > 0 && st->line_len + 2 > max)
		return http_error_set(err, 431, "a trailer field is too long");
	if (++st->trailer_len > H1_CHUNK_TRAILER_MAX)
		return http_error_set(err, 431, "the trailer is too long");
	return 0;
}

/* Every byte but those of data counts against the limit of its line. */
static int
check_limits(struct h1_chunk *st, char c, struct http_error *err)
{
	if (c == '\r' || c == '\n')
		return 0;
	st->line_len++;
	if (st->state >= TRAILER_START)
		return check_trailer_limits(st, err);
	if (st->line_len > H1_CHUNK_LINE_MAX)
		return bad(err, "a chunk's line is too long");
	return 0;
}

static int
use_byte(struct h1_chunk *st, char c, struct http_error *err)
{
	int rc = check_limits(st, c, err);

	return rc < 0 ? rc : steps[st->state](st, c, err);
}

static struct str
use_data(struct h1_chunk *st, struct str in, size_t room)
{
	struct str data = str_head(in, room);

	if (data.len > st->left)
		data.len = (size_t)st->left;
	st->left -= data.len;
	st->total += data.len;
	if (st->left == 0)
		st->state = DATA_CR;
	return data;
}

void
h1_chunk_init(
    struct h1_chunk *st, const struct h1_rules *rules, unsigned n_fields)
{
	*st = (struct h1_chunk){
		.rules = rules,
		.state = SIZE,
		.n_trailers = n_fields,
	};
}

ssize_t
h1_chunk_decode(struct h1_chunk *st, struct str in, size_t room,
    struct str *data, struct http_error *err)
{
	size_t i;
	int rc;

	*data = (struct str){ in.ptr, 0 };
	for (i = 0; i < in.len && !st->done; i++) {
		if (st->state == DATA) {
			*data = use_data(st, str_tail(in, i), room);
			return (ssize_t)(i + data->len);
		}
		rc = use_byte(st, in.ptr[i], err);
		if (rc < 0)
			return rc;
	}
	return (ssize_t)i;
}

size_t
h1_chunk_put_head(char dst[H1_CHUNK_HEAD_MAX], uint64_t len)
{
	char digits[DIGITS_MAX];
	size_t n = 0, i;

	do
		digits[n++] = "0123456789abcdef"[len & 15];
	while ((len >>= 4) > 0);
	for (i = 0; i < n; i++)
		dst[i] = digits[n - 1 - i];
	dst[n] = '\r';
	dst[n + 1] = '\n';
	return n + 2;
}
