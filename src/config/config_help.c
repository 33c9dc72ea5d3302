/*
 * config_help: --help, written from the table.
 */
#include <string.h>

#include "config/config_table.h"

#include "base/banned.h"

#define WIDTH 79
#define INDENT 6

/* Where the next word goes. */
struct pen {
	FILE *out;
	size_t column;
};

/* Breaks text at spaces, each line indented. */
static void
put_wrapped(struct pen *pen, struct str text)
{
	while (text.ptr != NULL) {
		struct str word = str_cut(&text, ' ');

		if (pen->column > 0 && pen->column + 1 + word.len > WIDTH) {
			fputc('\n', pen->out);
			pen->column = 0;
		}
		pen->column += (size_t)fprintf(pen->out, "%*s%.*s",
		    pen->column == 0 ? INDENT : 1, "", STR_ARG(word));
	}
}

static const char *
placeholder(const struct config_row *row)
{
	static const char *const names[] = {
		[CONFIG_UINT] = " N",
		[CONFIG_MODE] = " MODE",
		[CONFIG_BOOL] = "",
		[CONFIG_MS] = " SECONDS",
		[CONFIG_SIZE] = " BYTES",
		[CONFIG_BIND] = " ADDRESS",
		[CONFIG_BINDS] = " ADDRESS",
		[CONFIG_SYSLOG] = " ADDRESS",
		[CONFIG_STATSD] = " ADDRESS",
		[CONFIG_PAIRS] = " KEY=VALUE",
		[CONFIG_NETS] = " NETWORKS",
		[CONFIG_APPS] = " MODULE:CLASS",
		[CONFIG_MAP] = "",
	};

	if (row->type == CONFIG_CHOICE && config_table_alone(row).ptr != NULL)
		return "[=VALUE]";
	if ((size_t)row->type >= sizeof(names) / sizeof(names[0]) ||
	    names[row->type] == NULL)
		return " VALUE";
	return names[row->type];
}

static const char *
effect(const struct config_row *row)
{
	static const char *const words[] = {
		[CONFIG_RELOAD] = "",
		[CONFIG_START] = " (a reload does not change it)",
		[CONFIG_NOT_YET] = " (not acted on yet)",
		[CONFIG_LATER] = " (in a later version)",
		[CONFIG_NEEDLESS] = " (without effect)",
	};

	return words[row->effect];
}

/* "one of: drop refuse dangerous; later: …" */
static void
put_choices(struct pen *pen, const struct config_row *row)
{
	struct str later = str_of(row->choices), now;

	now = str_trim(str_cut(&later, '|'));
	put_wrapped(pen, STR("One of:"));
	put_wrapped(pen, now);
	if (later.ptr != NULL) {
		put_wrapped(pen, STR("- in a later version:"));
		put_wrapped(pen, str_trim(later));
	}
}

/* The flags, or, where there are none, the name by which files set it. */
static void
put_row(FILE *out, const struct config_row *row)
{
	struct str flags = str_of(row->flags);
	struct pen pen = { out, 0 };
	bool negative;

	fputs("  ", out);
	if (flags.len == 0)
		fprintf(out, "%s", row->name);
	while (flags.len > 0) {
		struct str flag = config_table_flag(&flags, &negative);

		fprintf(out, "%.*s%s%s", STR_ARG(flag), placeholder(row),
		    flags.len > 0 ? ", " : "");
	}
	fprintf(out, "%s\n", effect(row));
	put_wrapped(&pen, str_of(row->help));
	if (row->choices != NULL)
		put_choices(&pen, row);
	fputc('\n', out);
	if (row->type == CONFIG_HOOK)
		return;
	pen.column = 0;
	put_wrapped(&pen, str_of(row->name));
	put_wrapped(&pen, STR("="));
	put_wrapped(&pen,
	    str_of(row->default_text[0] == '\0' ? "unset" : row->default_text));
	fputc('\n', out);
}

void
config_help_print(FILE *out)
{
	const char *section = "";

	for (unsigned i = 0; i < config_table_n; i++) {
		const struct config_row *row = &config_table[i];

		if (strcmp(section, row->section) != 0)
			fprintf(out, "\n%s:\n", row->section);
		section = row->section;
		put_row(out, row);
	}
	fputs("\n"
	      "  -h, --help       this text\n"
	      "  -v, --version    greencorn's version\n"
	      "\nEach setting is also read, the later the stronger, from "
	      "gunicorn.conf.py, from\nGUNICORN_<SETTING>, from a file of its "
	      "name in GREENCORN_CONFIG_DIR, from\nGREENCORN_<SETTING> or the "
	      "file that GREENCORN_<SETTING>_FILE names, and from\n"
	      "GUNICORN_CMD_ARGS. Lists there have a comma or newline between "
	      "items, or are\nJSON.\n",
	    out);
}
