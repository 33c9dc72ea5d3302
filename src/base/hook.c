/* hook: names from the table. */
#include "base/hook.h"

#include "base/banned.h"

const char *
hook_name(enum hook hook)
{
	static const char *const names[HOOK_MAX] = {
		[HOOK_NONE] = "",
#define HOOK(name, arguments, n, process, when, waits) [HOOK_##name] = #name,
#include "base/hooks.def"
#undef HOOK
	};

	return hook < HOOK_MAX ? names[hook] : "";
}
