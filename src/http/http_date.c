/*
 * http_date: IMF-fixdate, put together by hand: it is made once a second on
 * the path of every answer, and libc would ask for locales and time zones.
 */
#include "http/http_date.h"

#include "base/civil.h"
#include "base/clock.h"

#include "base/banned.h"

static void
put2(char *dst, unsigned v)
{
	dst[0] = (char)('0' + v / 10);
	dst[1] = (char)('0' + v % 10);
}

void
http_date_put(char dst[HTTP_DATE_LEN], uint64_t seconds)
{
	static const char weekdays[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil c = civil_from(seconds);

	memcpy(dst, "Day, 00 Mon 0000 00:00:00 GMT", HTTP_DATE_LEN);
	memcpy(dst, weekdays + c.weekday * 3, 3);
	put2(dst + 5, c.day);
	memcpy(dst + 8, months + (c.month - 1) * 3, 3);
	put2(dst + 12, (unsigned)c.year / 100);
	put2(dst + 14, (unsigned)c.year % 100);
	put2(dst + 17, c.hour);
	put2(dst + 20, c.minute);
	put2(dst + 23, c.second);
}

struct str
http_date_now(void)
{
	static _Thread_local struct {
		char text[HTTP_DATE_LEN];
		uint64_t second;
		bool made;
	} last;
	uint64_t second = clock_wall_ms() / 1000;

	if (!last.made || second != last.second) {
		http_date_put(last.text, second);
		last.second = second;
		last.made = true;
	}
	return (struct str){ last.text, HTTP_DATE_LEN };
}
