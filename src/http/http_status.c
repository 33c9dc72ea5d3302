/*
 * http_status: http_status.def as a table that is indexed by the code.
 */
#include "http/http_status.h"

#include "base/banned.h"

#define FIRST 100
#define LAST 511

static const struct str reasons[LAST - FIRST + 1] = {
#define STATUS(code, reason) [(code)-FIRST] = { (reason), sizeof(reason) - 1 },
#include "http/http_status.def"
#undef STATUS
};

struct str
http_status_reason(unsigned status)
{
	if (status < FIRST || status > LAST || reasons[status - FIRST].len == 0)
		return STR("Unknown");
	return reasons[status - FIRST];
}
