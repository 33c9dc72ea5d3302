/*
 * Signals by name and by descriptor. All supervising roles; no handlers.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/error.h"
#include "base/num.h"
#include "sys/signals.h"

#include "base/banned.h"

#define N_REALTIME 65

#define ROW(name) [SIG##name] = "SIG" #name
static const char *const names[32] = {
	ROW(HUP),
	ROW(INT),
	ROW(QUIT),
	ROW(ILL),
	ROW(TRAP),
	ROW(ABRT),
	ROW(BUS),
	ROW(FPE),
	ROW(KILL),
	ROW(USR1),
	ROW(SEGV),
	ROW(USR2),
	ROW(PIPE),
	ROW(ALRM),
	ROW(TERM),
	ROW(STKFLT),
	ROW(CHLD),
	ROW(CONT),
	ROW(STOP),
	ROW(TSTP),
	ROW(TTIN),
	ROW(TTOU),
	ROW(URG),
	ROW(XCPU),
	ROW(XFSZ),
	ROW(VTALRM),
	ROW(PROF),
	ROW(WINCH),
	ROW(IO),
	ROW(PWR),
	ROW(SYS),
};
#undef ROW

static const int faults[] = {
	SIGSEGV,
	SIGBUS,
	SIGFPE,
	SIGILL,
	SIGTRAP,
	SIGSYS,
	SIGABRT,
};
#define N_FAULTS (sizeof(faults) / sizeof(faults[0]))

const char *
signals_name(int sig)
{
	/* 65 names of 14 bytes at most; two threads write the same bytes. */
	static char realtime[N_REALTIME][16];

	if (sig > 0 && sig < 32)
		return names[sig] == NULL ? "SIG?" : names[sig];
	if (sig < SIGRTMIN || sig > SIGRTMAX || sig >= N_REALTIME)
		return "SIG?";
	(void)snprintf(realtime[sig], sizeof(realtime[sig]), "SIGRTMIN+%d",
	    sig - SIGRTMIN);
	return realtime[sig];
}

int
signals_from(struct str name)
{
	uint64_t n;
	int sig;

	if (num_dec(name, 64, &n) == 0)
		return n == 0 ? -E_BAD_VALUE : (int)n;
	if (name.len > 3 && str_eq_nocase(str_head(name, 3), STR("SIG")))
		name = str_tail(name, 3);
	for (sig = 1; sig < N_REALTIME; sig++) {
		struct str known = str_tail(str_of(signals_name(sig)), 3);

		if (!str_eq(known, STR("?")) && str_eq_nocase(name, known))
			return sig;
	}
	return -E_BAD_VALUE;
}

static void
all_but_faults(sigset_t *set)
{
	size_t i;

	(void)sigfillset(set);
	for (i = 0; i < N_FAULTS; i++)
		(void)sigdelset(set, faults[i]);
}

void
signals_block(struct signals_saved *saved)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;

	/* Neither call can fail with arguments such as these. */
	all_but_faults(&set);
	(void)sigprocmask(
	    SIG_SETMASK, &set, saved == NULL ? NULL : &saved->mask);
	(void)sigaction(SIGPIPE, &ignore, saved == NULL ? NULL : &saved->pipe);
}

void
signals_restore(const struct signals_saved *saved)
{
	(void)sigaction(SIGPIPE, &saved->pipe, NULL);
	(void)sigprocmask(SIG_SETMASK, &saved->mask, NULL);
}

void
signals_default_in_child(void)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	int sig;

	/* Fails for KILL, STOP and libc's own: those need nothing. */
	for (sig = 1; sig < N_REALTIME; sig++)
		if (sig != SIGPIPE)
			(void)sigaction(sig, &standard, NULL);
}

void
signals_unblock(void)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void
signals_reset_in_child(void)
{
	signals_default_in_child();
	signals_unblock();
}

/* What each signal's handler is, when it is ours. */
static void (*taken[32])(int, siginfo_t *, void *);

void
signals_take(int sig, const struct sigaction *act)
{
	CHECK(sig > 0 && sig < 32 && sigaction(sig, act, NULL) == 0);
	/* A union: also of those without SA_SIGINFO. */
	taken[sig] = act->sa_sigaction;
}

void
signals_give_back(void)
{
	struct sigaction now, standard = { .sa_handler = SIG_DFL };

	for (int sig = 1; sig < 32; sig++)
		if (taken[sig] != NULL && sigaction(sig, NULL, &now) == 0 &&
		    now.sa_sigaction == taken[sig])
			(void)sigaction(sig, &standard, NULL);
}

int
signals_fd(void)
{
	sigset_t set;
	int fd;

	all_but_faults(&set);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? -E_SYSTEM : fd;
}

int
signals_read(int fd, struct signals_event *ev)
{
	struct signalfd_siginfo info;
	ssize_t n;

	do
		n = read(fd, &info, sizeof(info));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -E_SYSTEM;
	if (n != sizeof(info))
		return -E_SYSTEM;
	*ev = (struct signals_event){
		.sig = (int)info.ssi_signo,
		.code = info.ssi_code,
		.pid = (pid_t)info.ssi_pid,
		.value = info.ssi_code == SI_QUEUE ? info.ssi_int : 0,
	};
	return 1;
}

/* sigtimedwait: for whoever could not get a descriptor. */
static int
wait_without_fd(struct signals_event *ev, int timeout_ms)
{
	struct timespec t = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000L,
	};
	sigset_t set;
	siginfo_t info;

	all_but_faults(&set);
	if (sigtimedwait(&set, &info, &t) < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -E_SYSTEM;
	*ev = (struct signals_event){
		.sig = info.si_signo,
		.code = info.si_code,
		.pid = info.si_code == SI_KERNEL ? 0 : info.si_pid,
		.value = info.si_code == SI_QUEUE ? info.si_value.sival_int : 0,
	};
	return 1;
}

int
signals_wait(int fd, struct signals_event *ev, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int rc;

	if (fd < 0)
		return wait_without_fd(ev, timeout_ms);
	rc = signals_read(fd, ev);
	if (rc != 0)
		return rc;
	if (poll(&p, 1, timeout_ms) < 0 && errno != EINTR)
		return -E_SYSTEM;
	return signals_read(fd, ev);
}

bool
signals_by_terminal(const struct signals_event *ev)
{
	return ev->code == SI_KERNEL ||
	    (ev->code == SI_QUEUE && ev->value == SIGNALS_TERMINAL);
}
