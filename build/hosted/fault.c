/*
 * fault: the n-th allocation, or the n-th system call, of our code fails, in
 * the process and while a test says so. A stand-in between our objects and
 * libc: in the program greencorn-fault, fault.syms gives the names that our
 * objects ask for a "fault_" in front, and here is what they then find.
 * Python's own allocations can be made to fail as well.
 *
 * The test writes to a file that FAULT_CONTROL names and that every process
 * maps: which kind of call in which process, and which of them from now on.
 */
#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum kind {
	NOTHING,
	ALLOCATION,
	CALL,
	PYTHON,
};

/* tests/tree/fault has the same in Python. */
struct control {
	_Atomic int32_t kind;  /* of call that is counted */
	_Atomic int32_t pid;   /* in which process */
	_Atomic int64_t at;    /* the one that fails, from 1 */
	_Atomic int64_t count; /* how many there were */
	_Atomic int32_t hits;  /* how many failed: 0 or 1 */
	_Atomic int32_t error; /* errno instead of the usual one; 0: that */
	_Atomic int64_t live;  /* allocations less frees since pid was set */
	char name[32];         /* of what failed */
};

static struct control *control;

__attribute__((constructor)) static void
start(void)
{
	const char *path = getenv("FAULT_CONTROL");
	void *mem;
	int fd;

	if (path == NULL)
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	mem = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (fd < 0 || mem == MAP_FAILED) {
		perror("FAULT_CONTROL");
		abort();
	}
	close(fd);
	control = mem;
}

static int
is_watched(void)
{
	return control != NULL && atomic_load(&control->pid) == getpid();
}

static int
fails(enum kind kind, const char *name)
{
	if (control == NULL || atomic_load(&control->kind) != (int)kind ||
	    !is_watched())
		return 0;
	if (atomic_fetch_add(&control->count, 1) + 1 !=
	    atomic_load(&control->at))
		return 0;
	atomic_fetch_add(&control->hits, 1);
	strncpy(control->name, name, sizeof(control->name) - 1);
	return 1;
}

static int
call_fails(const char *name, int error)
{
	int asked;

	if (!fails(CALL, name))
		return 0;
	asked = atomic_load(&control->error);
	errno = asked != 0 ? asked : error;
	return 1;
}

/* --- memory --- */

static void
note(int64_t n)
{
	if (is_watched())
		atomic_fetch_add(&control->live, n);
}

static void *
noted(void *p)
{
	if (p != NULL)
		note(1);
	return p;
}

void *fault_malloc(size_t n);
void *
fault_malloc(size_t n)
{
	return fails(ALLOCATION, "malloc") ? NULL : noted(malloc(n));
}

void *fault_calloc(size_t n, size_t size);
void *
fault_calloc(size_t n, size_t size)
{
	return fails(ALLOCATION, "calloc") ? NULL : noted(calloc(n, size));
}

void *fault_realloc(void *p, size_t n);
void *
fault_realloc(void *p, size_t n)
{
	if (fails(ALLOCATION, "realloc"))
		return NULL;
	return p == NULL ? noted(realloc(p, n)) : realloc(p, n);
}

char *fault_strdup(const char *s);
char *
fault_strdup(const char *s)
{
	return fails(ALLOCATION, "strdup") ? NULL : noted(strdup(s));
}

void fault_free(void *p);
void
fault_free(void *p)
{
	if (p != NULL)
		note(-1);
	free(p);
}

/* --- system calls --- */

#define STAND_IN(type, name, params, args, error) \
	type fault_##name params; \
	type fault_##name params \
	{ \
		if (call_fails(#name, error)) \
			return (type)-1; \
		return name args; \
	}

STAND_IN(int, accept4, (int fd, struct sockaddr *a, socklen_t *n, int flags),
    (fd, a, n, flags), ENFILE)
STAND_IN(ssize_t, recv, (int fd, void *p, size_t n, int flags),
    (fd, p, n, flags), ECONNRESET)
STAND_IN(ssize_t, send, (int fd, const void *p, size_t n, int flags),
    (fd, p, n, flags), EPIPE)
STAND_IN(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags),
    (fd, m, flags), ECONNRESET)
STAND_IN(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags),
    (fd, m, flags), EPIPE)
STAND_IN(ssize_t, sendfile, (int out, int in, off_t *at, size_t n),
    (out, in, at, n), EIO)
STAND_IN(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), EIO)
STAND_IN(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), EIO)
STAND_IN(ssize_t, pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at),
    EIO)
STAND_IN(int, fstat, (int fd, struct stat *st), (fd, st), EIO)
STAND_IN(int, poll, (struct pollfd *p, nfds_t n, int ms), (p, n, ms), EINTR)
STAND_IN(int, epoll_wait, (int fd, struct epoll_event *e, int n, int ms),
    (fd, e, n, ms), EINTR)
STAND_IN(int, epoll_ctl, (int fd, int op, int of, struct epoll_event *e),
    (fd, op, of, e), ENOMEM)
STAND_IN(int, epoll_create1, (int flags), (flags), EMFILE)
STAND_IN(int, eventfd, (unsigned n, int flags), (n, flags), EMFILE)
STAND_IN(int, timerfd_create, (int clock, int flags), (clock, flags), EMFILE)
STAND_IN(int, timerfd_settime,
    (int fd, int flags, const struct itimerspec *t, struct itimerspec *old),
    (fd, flags, t, old), ENOMEM)
STAND_IN(int, shutdown, (int fd, int how), (fd, how), ENOTCONN)
STAND_IN(int, setsockopt,
    (int fd, int level, int name, const void *p, socklen_t n),
    (fd, level, name, p, n), ENOBUFS)
STAND_IN(int, getsockopt, (int fd, int level, int name, void *p, socklen_t *n),
    (fd, level, name, p, n), ENOBUFS)
STAND_IN(int, getsockname, (int fd, struct sockaddr *a, socklen_t *n),
    (fd, a, n), ENOBUFS)
STAND_IN(void *, mmap,
    (void *p, size_t n, int prot, int flags, int fd, off_t at),
    (p, n, prot, flags, fd, at), ENOMEM)
STAND_IN(int, dup2, (int a, int b), (a, b), EMFILE)
STAND_IN(int, dup3, (int a, int b, int flags), (a, b, flags), EMFILE)

int fault_open(const char *path, int flags, int mode);
int
fault_open(const char *path, int flags, int mode)
{
	return call_fails("open", EMFILE) ? -1 : open(path, flags, mode);
}

int fault_fcntl(int fd, int what, long arg);
int
fault_fcntl(int fd, int what, long arg)
{
	return call_fails("fcntl", EINVAL) ? -1 : fcntl(fd, what, arg);
}

/* The descriptor is gone all the same, as in Linux. */
int fault_close(int fd);
int
fault_close(int fd)
{
	int rc = close(fd);

	return call_fails("close", EIO) ? -1 : rc;
}

/* --- Python's memory --- */

#define N_DOMAINS 3

static PyMemAllocatorEx real[N_DOMAINS];

static void *
python_malloc(void *ctx, size_t n)
{
	PyMemAllocatorEx *a = ctx;

	return fails(PYTHON, "malloc") ? NULL : a->malloc(a->ctx, n);
}

static void *
python_calloc(void *ctx, size_t n, size_t size)
{
	PyMemAllocatorEx *a = ctx;

	return fails(PYTHON, "calloc") ? NULL : a->calloc(a->ctx, n, size);
}

static void *
python_realloc(void *ctx, void *p, size_t n)
{
	PyMemAllocatorEx *a = ctx;

	return fails(PYTHON, "realloc") ? NULL : a->realloc(a->ctx, p, n);
}

static void
python_free(void *ctx, void *p)
{
	PyMemAllocatorEx *a = ctx;

	a->free(a->ctx, p);
}

PyStatus fault_Py_InitializeFromConfig(const PyConfig *config);
PyStatus
fault_Py_InitializeFromConfig(const PyConfig *config)
{
	static const PyMemAllocatorDomain domains[N_DOMAINS] = {
		PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ };
	PyStatus status = Py_InitializeFromConfig(config);

	for (int i = 0; i < N_DOMAINS && control != NULL; i++) {
		PyMemAllocatorEx ours = { &real[i], python_malloc,
			python_calloc, python_realloc, python_free };

		PyMem_GetAllocator(domains[i], &real[i]);
		PyMem_SetAllocator(domains[i], &ours);
	}
	return status;
}
