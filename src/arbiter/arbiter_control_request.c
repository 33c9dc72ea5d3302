/*
 * arbiter_control_request: from bytes to a command. Every error names the
 * command and the way out.
 */
#include "arbiter/arbiter_control_request.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/num.h"

#include "base/banned.h"

#define KEYS_MAX 32
#define MEMORY_MAX ((size_t)256 * 1024)
#define COMMAND_MAX 80
#define PID_LAST 0x7fffffff

enum argument {
	ARG_NONE,
	ARG_COUNT, /* may be left out: 1 */
	ARG_PID,
	ARG_STOP, /* may be left out: graceful */
};

static const struct command {
	const char *text;
	enum control_name name;
	enum argument argument;
	const char *shown; /* behind text, in help */
	const char *help;
} commands[] = {
	{ "show all", CONTROL_SHOW_ALL, ARG_NONE, "",
	    "The arbiter, workers and dirty arbiter" },
	{ "show workers", CONTROL_SHOW_WORKERS, ARG_NONE, "",
	    "Workers and how they are" },
	{ "show dirty", CONTROL_SHOW_DIRTY, ARG_NONE, "",
	    "The dirty arbiter and its applications" },
	{ "show config", CONTROL_SHOW_CONFIG, ARG_NONE, "",
	    "Settings that hold now, secrets masked" },
	{ "show stats", CONTROL_SHOW_STATS, ARG_NONE, "", "Counters" },
	{ "show listeners", CONTROL_SHOW_LISTENERS, ARG_NONE, "",
	    "Sockets that are served" },
	{ "worker add", CONTROL_WORKER_ADD, ARG_COUNT, " [N]",
	    "N workers more (1)" },
	{ "worker remove", CONTROL_WORKER_REMOVE, ARG_COUNT, " [N]",
	    "N workers fewer (1); one stays" },
	{ "worker kill", CONTROL_WORKER_KILL, ARG_PID, " <PID>",
	    "That worker finishes what runs and is replaced" },
	{ "dirty add", CONTROL_DIRTY_ADD, ARG_COUNT, " [N]",
	    "N dirty workers more (1)" },
	{ "dirty remove", CONTROL_DIRTY_REMOVE, ARG_COUNT, " [N]",
	    "N dirty workers fewer (1)" },
	{ "reload", CONTROL_RELOAD, ARG_NONE, "", "Reload, as HUP" },
	{ "reopen", CONTROL_REOPEN, ARG_NONE, "",
	    "Open log files anew, as USR1" },
	{ "shutdown", CONTROL_SHUTDOWN, ARG_STOP, " [graceful|quick]",
	    "Stop, as TERM or INT" },
	{ "help", CONTROL_HELP, ARG_NONE, "", "These lines" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

size_t
control_length(const char head[CONTROL_HEAD])
{
	size_t n = 0;

	for (unsigned i = 0; i < CONTROL_HEAD; i++)
		n = n << 8 | (unsigned char)head[i];
	return n;
}

void
control_put_length(char head[CONTROL_HEAD], size_t n)
{
	for (unsigned i = CONTROL_HEAD; i-- > 0; n >>= 8)
		head[i] = (char)(n & 0xff);
}

static int
refuse(struct control_request *r, int rc, struct str command, const char *why)
{
	snprintf(r->error, sizeof(r->error), "%.*s%s%s",
	    STR_ARG(str_head(command, COMMAND_MAX)),
	    command.len > 0 ? ": " : "", why);
	return rc;
}

/* Without blanks at its ends and with one space between words. */
static size_t
squeeze(struct str text, char dst[COMMAND_MAX])
{
	size_t n = 0;

	text = str_trim(text);
	for (size_t i = 0; i < text.len && n < COMMAND_MAX; i++) {
		bool blank = str_is_blank(text.ptr[i]);

		if (blank && str_is_blank(text.ptr[i - 1]))
			continue;
		dst[n++] = blank ? ' ' : text.ptr[i];
	}
	return n;
}

static const struct command *
find(struct str text, struct str *argument)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		struct str words = str_of(commands[i].text);

		if (!str_starts(text, words) ||
		    (text.len > words.len && text.ptr[words.len] != ' '))
			continue;
		*argument = str_tail(text, words.len + 1);
		return &commands[i];
	}
	return NULL;
}

static int
read_argument(const struct command *c, struct str arg, struct str text,
    struct control_request *r)
{
	uint64_t number = 1, max = CONTROL_WORKERS_MAX;

	if (c->argument == ARG_PID)
		max = PID_LAST;
	if (c->argument == ARG_NONE && arg.len > 0)
		return refuse(r, -E_BAD_VALUE, text, "takes no argument");
	if (c->argument == ARG_STOP) {
		r->quick = str_eq(arg, STR("quick"));
		if (arg.len > 0 && !r->quick && !str_eq(arg, STR("graceful")))
			return refuse(r, -E_BAD_VALUE, text,
			    "is neither graceful nor quick");
		return 0;
	}
	if (c->argument == ARG_PID && arg.len == 0)
		return refuse(r, -E_BAD_VALUE, text,
		    "needs a pid; \"show workers\" lists them");
	if (arg.len > 0 && (num_dec(arg, max, &number) < 0 || number == 0))
		return refuse(r, -E_BAD_VALUE, text,
		    c->argument == ARG_PID
			? "no pid; \"show workers\" lists them"
			: "not a number from 1 to 512");
	r->number = (unsigned)number;
	return 0;
}

static int
read_command(struct str given, struct control_request *r)
{
	char squeezed[COMMAND_MAX];
	struct str text = { squeezed, squeeze(given, squeezed) }, arg;
	const struct command *c;

	if (text.len == 0)
		return refuse(r, -E_BAD_VALUE, STR("command"),
		    "is empty; \"help\" lists what there is");
	c = find(text, &arg);
	if (c == NULL)
		return refuse(r, -E_BAD_VALUE, text,
		    "no such command; \"help\" lists what there is");
	r->name = c->name;
	r->text = c->text;
	return read_argument(c, arg, text, r);
}

/* A number or a text; else null. */
static void
read_id(const struct json *doc, struct control_request *r)
{
	unsigned at = json_get(doc, JSON_ROOT, STR("id"));
	enum json_type type;
	struct str raw;
	const char *quote;

	if (at == JSON_NONE)
		return;
	type = json_type(doc, at);
	raw = json_raw(doc, at);
	if ((type != JSON_NUMBER && type != JSON_STRING) ||
	    raw.len > CONTROL_ID_MAX)
		return;
	quote = type == JSON_STRING ? "\"" : "";
	snprintf(r->id, sizeof(r->id), "%s%.*s%s", quote, STR_ARG(raw), quote);
}

static int
read_object(
    const struct json *doc, struct arena *memory, struct control_request *r)
{
	struct str command;
	unsigned at;

	if (json_type(doc, JSON_ROOT) != JSON_OBJECT)
		return refuse(r, -E_BAD_VALUE, STR("request"),
		    "is no object with \"id\" and \"command\"");
	read_id(doc, r);
	at = json_get(doc, JSON_ROOT, STR("command"));
	if (at == JSON_NONE || json_string(doc, at, memory, &command) < 0)
		return refuse(r, -E_BAD_VALUE, STR("request"),
		    "has no text \"command\"; \"help\" is one");
	return read_command(command, r);
}

int
control_request_read(struct str message, struct control_request *r)
{
	struct arena memory;
	struct json doc;
	int rc;

	*r = (struct control_request){ .id = "null" };
	arena_init(&memory, MEMORY_MAX);
	rc = json_parse(message, KEYS_MAX, &memory, &doc);
	if (rc == 0)
		rc = read_object(&doc, &memory, r);
	else if (rc == -E_NOMEM)
		(void)refuse(r, rc, STR("request"), error_text(rc));
	else
		rc = refuse(r, -E_BAD_VALUE, STR("request"),
		    "is no JSON object with \"id\" and \"command\"");
	arena_finish(&memory);
	return rc;
}

int
control_request_help(struct buf *out)
{
	int rc = buf_put(out, STR("{\"commands\": {"));

	for (size_t i = 0; rc == 0 && i < N_COMMANDS; i++)
		rc = buf_printf(out, "%s\"%s%s\": \"%s\"", i == 0 ? "" : ", ",
		    commands[i].text, commands[i].shown, commands[i].help);
	return rc == 0 ? buf_put(out, STR("}}")) : rc;
}
