/*
 * hook: the server's hooks by name, for those who call them and for those
 * who only speak of them.
 */
#ifndef BASE_HOOK_H
#define BASE_HOOK_H

enum hook {
	HOOK_NONE,
#define HOOK(name, arguments, n, process, when, waits) HOOK_##name,
#include "base/hooks.def"
#undef HOOK
	HOOK_MAX,
};

/* As the configuration file names it; "" for what is none. */
const char *hook_name(enum hook hook);

#endif
