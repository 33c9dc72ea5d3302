/*
 * check: what cannot be, unless we have a bug. Stays on in release builds.
 * Never used on anything that a peer, a file or a user sent.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

/* Says where and what, then ends the process with SIGABRT. */
_Noreturn void check_failed(const char *file, int line, const char *what);

#define CHECK(cond) ((cond) ? (void)0 : check_failed(__FILE__, __LINE__, #cond))

#endif
