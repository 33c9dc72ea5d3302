/*
 * Settings from any bytes: as GUNICORN_CMD_ARGS, divided into words and read
 * as a command line; and, as they are, as an address, a network and a list.
 * What is accepted must freeze.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "config/config.h"
#include "config/config_bind.h"
#include "config/config_list.h"
#include "config/config_net.h"
#include "config/config_words.h"

#define WORDS_MAX 64
#define MEM_LEN ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_line(char *line)
{
	static uint64_t mem[MEM_LEN / sizeof(uint64_t)];
	struct config_draft *d = config_draft_create();
	struct config_problem p = { .text = "" };
	char *words[WORDS_MAX] = { line };
	int n = 1, rc;

	CHECK(d != NULL);
	while (n < WORDS_MAX && config_words_next(&line, &words[n]) > 0)
		n++;
	rc = config_args_read(d, n, words, CONFIG_SOURCE_ARGS, &p);
	CHECK(rc >= 0 || p.text[0] != '\0');
	CHECK(memchr(p.text, '\n', strlen(p.text)) == NULL);
	if (rc == CONFIG_ARGS_SERVE &&
	    config_freeze(d, mem, MEM_LEN, &p) < 0)
		CHECK(p.text[0] != '\0');
	config_draft_destroy(d);
}

static void
check_values(struct str s)
{
	struct config_bind bind;
	struct config_net net;
	struct config_nets nets = { 1, &net };
	struct buf items;
	struct str rest;

	if (config_bind_parse(s, &bind) == 0)
		CHECK(bind.host.len <= s.len);
	if (config_net_parse(s, &net) == 0)
		CHECK(net.bits <= 128);
	else
		net = (struct config_net){ .bits = 0 };
	(void)config_net_has(&nets, s);
	buf_init(&items, 1 << 20);
	(void)config_list_read(s, true, &items);
	(void)config_list_read_map(s, &items);
	for (rest = buf_str(&items); rest.len > 0;)
		(void)config_list_next(&rest);
	buf_finish(&items);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);

	CHECK(line != NULL);
	if (size > 0)
		memcpy(line, data, size);
	line[size] = '\0';
	check_values((struct str){ line, size });
	check_line(line);
	free(line);
	return 0;
}
