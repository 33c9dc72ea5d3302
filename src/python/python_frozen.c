/*
 * python_frozen: looking things up in the tables that build/freeze.py made.
 */
#include "python/python_frozen.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/banned.h"

/* Directory of the time zones among the files. */
#define ZONES "tzdata/zoneinfo/"
/* The longest name that IANA has is 32 long. */
#define ZONE_LEN_MAX 64

/* As memcmp, the shorter first. Both tables are sorted so. */
static int
compare(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

static struct str
name_at(unsigned offset)
{
	return str_of(python_frozen_names + offset);
}

const struct python_frozen_file *
python_frozen_find_file(struct str name)
{
	unsigned low = 0, high = python_frozen_n_files;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		const struct python_frozen_file *f = &python_frozen_files[mid];
		int order = compare(name, name_at(f->name));

		if (order == 0)
			return f;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct python_frozen_source *
python_frozen_find_source(struct str name)
{
	unsigned low = 0, high = python_frozen_n_sources;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		const struct python_frozen_source *s =
		    &python_frozen_sources[mid];
		int order = compare(name, name_at(s->name));

		if (order == 0)
			return s;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const unsigned char *
greencorn_tz(const char *name, size_t *len)
{
	char path[sizeof(ZONES) + ZONE_LEN_MAX];
	const struct python_frozen_file *f;
	size_t n = strnlen(name, ZONE_LEN_MAX + 1);

	if (n == 0 || n > ZONE_LEN_MAX)
		return NULL;
	memcpy(path, ZONES, sizeof(ZONES) - 1);
	memcpy(path + sizeof(ZONES) - 1, name, n);
	f = python_frozen_find_file(
	    (struct str){ path, sizeof(ZONES) - 1 + n });
	/* zone.tab and its like lie there too. */
	if (f == NULL || f->len < 4 ||
	    memcmp(python_frozen_data + f->offset, "TZif", 4) != 0)
		return NULL;
	*len = f->len;
	return python_frozen_data + f->offset;
}

/* A blob starts on a page of its own, but may share its last one. */
static void
drop(const unsigned char *start, const unsigned char *end)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t begin = ((size_t)start + page - 1) / page * page;
	size_t stop = (size_t)end / page * page;

	if (begin < stop)
		(void)madvise((void *)begin, stop - begin, MADV_DONTNEED);
}

void
python_frozen_drop(void)
{
	drop(python_frozen_code, python_frozen_code_end);
	drop(python_frozen_texts, python_frozen_texts_end);
	drop(python_frozen_data, python_frozen_data_end);
}
