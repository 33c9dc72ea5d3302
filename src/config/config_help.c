/*
 * config_help: --help, written from the table.
 */
#include <string.h>

#include "config/config_table.h"
#include "base/banned.h"

#define WIDTH 79
#define INDENT 6

/* Breaks text at spaces, each line indented. */
static void
put_wrapped(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (column > 0 && column + 1 + n > WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		column += (size_t)fprintf(
		    out, "%*s%.*s", column == 0 ? INDENT : 1, "", (int)n, text);
		text += n + (text[n] == ' ');
	}
	fputc('\n', out);
}

static const char *
placeholder(const struct config_row *row)
{
	switch (row->type) {
	case CONFIG_BOOL:
		return "";
	case CONFIG_MS:
		return " SECONDS";
	case CONFIG_SIZE:
		return " BYTES";
	case CONFIG_UINT:
		return " N";
	default:
		return " VALUE";
	}
}

static void
put_row(FILE *out, const struct config_row *row)
{
	struct str flags = str_of(row->flags);
	const char *between = "  ";

	while (flags.len > 0) {
		struct str flag = str_cut(&flags, ' ');

		fprintf(out, "%s%.*s", between, STR_ARG(flag));
		between = ", ";
	}
	fprintf(out, "%s%s\n",
	    row->flags[0] == '\0' ? "  APP_MODULE" : placeholder(row),
	    row->acts ? "" : "   (not acted on yet)");
	put_wrapped(out, row->help);
	fprintf(out, "%*s%s [%s]\n", INDENT, "", row->name, row->default_text);
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
	fputs("\nEach setting is also read from GREENCORN_<SETTING>, from the "
	      "file that\nGREENCORN_<SETTING>_FILE names, from "
	      "GUNICORN_<SETTING>, from GUNICORN_CMD_ARGS\nand from "
	      "gunicorn.conf.py.\n",
	    out);
}
