/*
 * arbiter_control_request: any bytes are a command or get a reason, and an id
 * that is given back is JSON within its bound.
 */
#include <stddef.h>
#include <stdint.h>

#include "arbiter/arbiter_control_request.h"
#include "base/check.h"
#include "base/error.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct control_request r;
	int rc;

	if (n > CONTROL_REQUEST_MAX)
		return 0;
	rc = control_request_read((struct str){ (const char *)data, n }, &r);
	CHECK(strlen(r.id) > 0 && strlen(r.id) < sizeof(r.id));
	CHECK(strlen(r.error) < sizeof(r.error));
	CHECK((rc == 0) == (r.error[0] == '\0'));
	CHECK(rc < 0 || r.name <= CONTROL_HELP);
	return 0;
}
