/* Names, blocking, reading, and telling keys of a terminal from the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "sys/signals.h"

static void
names(void **state)
{
	int sig;

	(void)state;
	assert_string_equal("SIGTERM", signals_name(SIGTERM));
	assert_string_equal("SIGRTMIN+0", signals_name(SIGRTMIN));
	assert_string_equal("SIGRTMIN+3", signals_name(SIGRTMIN + 3));
	assert_string_equal("SIG?", signals_name(0));
	assert_string_equal("SIG?", signals_name(-1));
	assert_string_equal("SIG?", signals_name(4711));
	for (sig = 1; sig < 32; sig++)
		assert_int_equal(sig, signals_from(str_of(signals_name(sig))));
	for (sig = SIGRTMIN; sig <= SIGRTMAX; sig++)
		assert_int_equal(sig, signals_from(str_of(signals_name(sig))));
}

static void
from_text(void **state)
{
	(void)state;
	assert_int_equal(SIGTERM, signals_from(STR("TERM")));
	assert_int_equal(SIGTERM, signals_from(STR("sigterm")));
	assert_int_equal(15, signals_from(STR("15")));
	assert_int_equal(-E_BAD_VALUE, signals_from(STR("0")));
	assert_int_equal(-E_BAD_VALUE, signals_from(STR("65")));
	assert_int_equal(-E_BAD_VALUE, signals_from(STR("")));
	assert_int_equal(-E_BAD_VALUE, signals_from(STR("SIG")));
	assert_int_equal(-E_BAD_VALUE, signals_from(STR("SIG?")));
	assert_int_equal(-E_BAD_VALUE, signals_from(STR("?")));
	assert_int_equal(-E_BAD_VALUE, signals_from(STR("TERMINATE")));
}

/* Reads what was just sent to this process, by descriptor or without. */
static void
read_sent(int fd)
{
	union sigval mark = { .sival_int = SIGNALS_TERMINAL };
	struct signals_event ev;

	assert_int_equal(0, signals_wait(fd, &ev, 10));
	assert_int_equal(0, kill(getpid(), SIGUSR1));
	assert_int_equal(1, signals_wait(fd, &ev, 1000));
	assert_int_equal(SIGUSR1, ev.sig);
	assert_int_equal(getpid(), ev.pid);
	assert_false(signals_by_terminal(&ev));

	assert_int_equal(0, sigqueue(getpid(), SIGINT, mark));
	assert_int_equal(1, signals_wait(fd, &ev, 1000));
	assert_int_equal(SIGINT, ev.sig);
	assert_true(signals_by_terminal(&ev));
	assert_int_equal(0, signals_wait(fd, &ev, 0));
}

static void
reading(void **state)
{
	struct signals_saved saved;
	struct signals_event ev;
	int fd;

	(void)state;
	signals_block(&saved);
	fd = signals_fd();
	assert_true(fd >= 0);
	assert_int_equal(0, signals_read(fd, &ev));
	read_sent(fd);
	read_sent(-1);
	assert_int_equal(0, close(fd));
	assert_int_equal(-E_SYSTEM, signals_wait(fd, &ev, 0));
	signals_restore(&saved);
}

static void
kernels_are_the_terminals(void **state)
{
	struct signals_event ev = { .sig = SIGINT, .code = SI_KERNEL };

	(void)state;
	assert_true(signals_by_terminal(&ev));
	ev.code = SI_USER;
	assert_false(signals_by_terminal(&ev));
	ev.code = SI_QUEUE;
	assert_false(signals_by_terminal(&ev));
	/* a value counts only where one can be */
	ev = (struct signals_event){ SIGINT, SI_USER, 1, SIGNALS_TERMINAL };
	assert_false(signals_by_terminal(&ev));
}

static void
blocking_and_back(void **state)
{
	struct signals_saved saved;
	struct sigaction pipe;
	sigset_t now;

	(void)state;
	signals_block(&saved);
	assert_int_equal(0, sigprocmask(SIG_BLOCK, NULL, &now));
	assert_true(sigismember(&now, SIGTERM));
	assert_true(sigismember(&now, SIGRTMAX));
	assert_false(sigismember(&now, SIGSEGV));
	assert_int_equal(0, sigaction(SIGPIPE, NULL, &pipe));
	assert_true(pipe.sa_handler == SIG_IGN);

	signals_restore(&saved);
	assert_int_equal(0, sigprocmask(SIG_BLOCK, NULL, &now));
	assert_false(sigismember(&now, SIGTERM));
	assert_int_equal(0, sigaction(SIGPIPE, NULL, &pipe));
	assert_true(pipe.sa_handler == SIG_DFL);
}

/* In the child: 0 when everything is as a fresh role wants it. */
static int
fresh(void)
{
	struct sigaction term, pipe;
	sigset_t now;

	signals_block(NULL);
	(void)signal(SIGTERM, SIG_IGN);
	signals_reset_in_child();
	if (sigprocmask(SIG_BLOCK, NULL, &now) < 0 ||
	    sigismember(&now, SIGTERM))
		return 1;
	if (sigaction(SIGTERM, NULL, &term) < 0 || term.sa_handler != SIG_DFL)
		return 2;
	if (sigaction(SIGPIPE, NULL, &pipe) < 0 || pipe.sa_handler != SIG_IGN)
		return 3;
	return 0;
}

static void
reset(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fresh());
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_int_equal(0, status);
}

static void
on_signal(int sig)
{
	(void)sig;
}

static void
on_others(int sig)
{
	(void)sig;
}

/* What the application has set meanwhile is the application's. */
static int
given_back(void)
{
	struct sigaction ours = { .sa_handler = on_signal }, now;
	struct sigaction theirs = { .sa_handler = on_others };

	signals_take(SIGTERM, &ours);
	signals_take(SIGHUP, &ours);
	if (sigaction(SIGHUP, &theirs, NULL) < 0)
		return 1;
	signals_give_back();
	if (sigaction(SIGTERM, NULL, &now) < 0 || now.sa_handler != SIG_DFL)
		return 2;
	if (sigaction(SIGHUP, NULL, &now) < 0 || now.sa_handler != on_others)
		return 3;
	return 0;
}

static void
giving_back(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(given_back());
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_int_equal(0, status);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(from_text),
		cmocka_unit_test(reading),
		cmocka_unit_test(kernels_are_the_terminals),
		cmocka_unit_test(blocking_and_back),
		cmocka_unit_test(reset),
		cmocka_unit_test(giving_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
