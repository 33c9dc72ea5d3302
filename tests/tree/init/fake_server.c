/*
 * fake_server: init with a job that plays the arbiter, for containers. Its
 * arguments are words, each a step, done in turn:
 *
 *   before init, in PID 1:  closed  nodev  full  nofile  once
 *   in the child:           boot  orphans  left  stubborn  mask  stdio
 *                           exit:N  raise:NAME  serve
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/num.h"
#include "init/init.h"
#include "sys/signals.h"

#include "base/banned.h"

#define N_ORPHANS 1000
#define N_AT_ONCE 50

pid_t greencorn_fork(unsigned long flags);

/* The hosted libc's fork; nothing here asks for flags. */
pid_t
greencorn_fork(unsigned long flags)
{
	if (flags != 0) {
		errno = EINVAL;
		return -1;
	}
	return fork();
}

static char **words;

static void
say(const char *what)
{
	(void)!write(1, what, strlen(what));
}

static void
pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	(void)nanosleep(&t, NULL);
}

/* A grandchild that init inherits; returns after the child between is gone. */
static void
orphan(void (*live)(int), int arg)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			live(arg);
		_exit(pid < 0);
	}
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
}

static void
end_with(int status)
{
	_exit(status);
}

static void
make_orphans(void)
{
	static const int statuses[] = { 0, 3, 4, 1, 255 };
	int n;

	for (n = 0; n < N_ORPHANS; n++)
		orphan(end_with, statuses[n % 5]);
	say("orphans made\n");
}

/* A stranger in its own session, which ends when asked, or never. */
static void
stranger(int obeys)
{
	sigset_t term;
	int sig;

	(void)setsid();
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_SETMASK, &term, NULL);
	say("stranger there\n");
	do
		(void)sigwait(&term, &sig);
	while (!obeys);
	say("stranger goes\n");
	_exit(4);
}

static void
show_mask(void)
{
	sigset_t mask;
	struct sigaction pipe;

	(void)sigprocmask(SIG_SETMASK, NULL, &mask);
	(void)sigaction(SIGPIPE, NULL, &pipe);
	printf("mask: TERM %d INT %d CHLD %d SEGV %d, PIPE %s\n",
	    sigismember(&mask, SIGTERM), sigismember(&mask, SIGINT),
	    sigismember(&mask, SIGCHLD), sigismember(&mask, SIGSEGV),
	    pipe.sa_handler == SIG_IGN ? "ignored" : "default");
	printf("group: own %d, foreground %d, leads a session %d\n",
	    getpgrp() == getpid(), tcgetpgrp(0) == getpgrp(),
	    getsid(0) == getpid());
	fflush(stdout);
}

/* 0 when all three are open, reads end and writes do not block. */
static int
try_stdio(void)
{
	char c;
	int fd;

	for (fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return 10 + fd;
	if (read(0, &c, 1) != 0)
		return 20;
	if (write(1, "x", 1) < 0 && errno != EPIPE)
		return 21;
	log_text(LOG_ERROR, STR("a line that nobody reads"));
	return 0;
}

static int
serve(void)
{
	struct signals_event ev;
	int fd = signals_fd();

	say("ready\n");
	for (;;) {
		if (signals_wait(fd, &ev, 60000) <= 0)
			return 9;
		if (ev.sig == SIGCHLD)
			continue;
		printf("got %s %s\n", signals_name(ev.sig),
		    signals_by_terminal(&ev) ? "terminal" : "sent");
		fflush(stdout);
		if (ev.sig == SIGTERM)
			return 0;
		if (ev.sig == SIGQUIT)
			return 7;
	}
}

static int
number(const char *word)
{
	uint64_t n = 0;

	(void)num_dec(str_of(strchr(word, ':') + 1), 255, &n);
	return (int)n;
}

static void
end_by(const char *word)
{
	signals_reset_in_child();
	(void)raise(signals_from(str_of(strchr(word, ':') + 1)));
}

/* The exit status, or -1: go on with the next word. */
static int
step(const char *word)
{
	if (strcmp(word, "boot") == 0) {
		say("booting\n");
		pause_ms(1500);
	} else if (strcmp(word, "orphans") == 0) {
		make_orphans();
	} else if (strcmp(word, "left") == 0) {
		orphan(stranger, 1);
	} else if (strcmp(word, "stubborn") == 0) {
		orphan(stranger, 0);
	} else if (strcmp(word, "mask") == 0) {
		show_mask();
	} else if (strcmp(word, "stdio") == 0) {
		return try_stdio();
	} else if (strncmp(word, "exit:", 5) == 0) {
		return number(word);
	} else if (strncmp(word, "raise:", 6) == 0) {
		end_by(word);
	} else if (strcmp(word, "serve") == 0) {
		return serve();
	}
	return -1;
}

static int
play(void *arg)
{
	char **word;
	int status;

	(void)arg;
	for (word = words; *word != NULL; word++) {
		status = step(*word);
		if (status >= 0)
			return status;
	}
	return 0;
}

static void
fill_disk(void)
{
	int fd = open("/dev/full", O_WRONLY);

	(void)dup2(fd, 1);
	(void)dup2(fd, 2);
}

static void
close_all(void)
{
	(void)close(0);
	(void)close(1);
	(void)close(2);
}

int
main(int argc, char **argv)
{
	struct init_job job = { .start = play };
	struct rlimit three = { 3, 3 };

	for (words = argv + 1; argc > 1 && *words != NULL; words++) {
		if (strcmp(*words, "closed") == 0)
			close_all();
		else if (strcmp(*words, "nodev") == 0 && chroot("/empty") < 0)
			return 99;
		else if (strcmp(*words, "nodev") == 0)
			continue;
		else if (strcmp(*words, "full") == 0)
			fill_disk();
		else if (strcmp(*words, "nofile") == 0)
			(void)setrlimit(RLIMIT_NOFILE, &three);
		else if (strcmp(*words, "once") == 0)
			job.once = true;
		else
			break;
	}
	return init_run(&job);
}
