/* config_table: the rows, and what each type accepts. */
#include "config/config_table.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/num.h"

#include "base/banned.h"

enum {
	NOT_YET,
	YES
};

const struct config_row config_table[] = {
#define SETTING(name, type, default_, min, max, flags, section, acts, help) \
	{ #name, CONFIG_##type, default_, min, max, flags, section, acts, \
		help, NULL, offsetof(struct config, name) },
#define CHOICE(name, choices, default_, flags, section, acts, help) \
	{ #name, CONFIG_CHOICE, default_, 0, 0, flags, section, acts, help, \
		choices, offsetof(struct config, name) },
#include "config/settings.def"
#undef SETTING
#undef CHOICE
};

const unsigned config_table_n = sizeof(config_table) / sizeof(config_table[0]);

const struct config_row *
config_table_find(struct str name)
{
	for (unsigned i = 0; i < config_table_n; i++)
		if (str_eq_nocase(name, str_of(config_table[i].name)))
			return &config_table[i];
	return NULL;
}

static bool
is_choice(const char *choices, struct str text)
{
	struct str rest = str_of(choices);

	while (rest.ptr != NULL)
		if (str_eq(str_cut(&rest, ' '), text))
			return true;
	return false;
}

static int
parse_number(const struct config_row *row, struct str text, uint64_t *n)
{
	int rc;

	if (row->type == CONFIG_MS)
		rc = num_duration(text, 1000, n);
	else if (row->type == CONFIG_SIZE)
		rc = num_size(text, n);
	else
		rc = num_dec(text, UINT64_MAX, n);
	if (rc < 0 || *n < row->min || *n > row->max)
		return -E_BAD_VALUE;
	return 0;
}

int
config_table_parse(
    const struct config_row *row, struct str text, union config_value *v)
{
	int rc;

	switch (row->type) {
	case CONFIG_UINT:
	case CONFIG_MS:
	case CONFIG_SIZE:
		return parse_number(row, text, &v->number);
	case CONFIG_BOOL:
		rc = num_bool(text);
		v->yes = rc > 0;
		return rc < 0 ? rc : 0;
	case CONFIG_CHOICE:
		v->text = text;
		return is_choice(row->choices, text) ? 0 : -E_BAD_VALUE;
	case CONFIG_TEXT:
	case CONFIG_LIST:
		v->text = text;
		if (text.len > row->max || str_find(text, '\0') < text.len)
			return -E_BAD_VALUE;
		return 0;
	}
	return -E_BAD_VALUE;
}

void
config_table_accepts(const struct config_row *row, char *dst, size_t dst_size)
{
	switch (row->type) {
	case CONFIG_UINT:
		snprintf(dst, dst_size, "a number from %" PRIu64 " to %" PRIu64,
		    row->min, row->max);
		break;
	case CONFIG_MS:
		snprintf(dst, dst_size,
		    "seconds, or a time such as 500ms or "
		    "2m, up to %" PRIu64 " s",
		    row->max / 1000);
		break;
	case CONFIG_SIZE:
		snprintf(dst, dst_size,
		    "bytes, or a size such as 64k or 1m, "
		    "from %" PRIu64 " to %" PRIu64,
		    row->min, row->max);
		break;
	case CONFIG_BOOL:
		snprintf(dst, dst_size, "true or false");
		break;
	case CONFIG_CHOICE:
		snprintf(dst, dst_size, "one of: %s", row->choices);
		break;
	default:
		snprintf(dst, dst_size, "text of at most %" PRIu64 " bytes",
		    row->max);
	}
}
