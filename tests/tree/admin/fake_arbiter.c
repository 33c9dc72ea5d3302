/*
 * fake_arbiter: the admin process and `health` without a server. Stamps the
 * board like an arbiter; signals change what it says:
 *
 *   USR1  a worker is ready        USR2  no worker is ready any more
 *   HUP   stopping                 ALRM  the stamps end
 *   TERM  the end
 *
 * Port 9000 in the container; "health ARGS" asks instead of serving.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/clock.h"
#include "base/log.h"
#include "board/board.h"
#include "role/heritage.h"
#include "sys/log_out.h"
#include "sys/signals.h"
#include "sys/sock.h"
#include "sys/sys_time.h"

#include "base/banned.h"

pid_t greencorn_fork(unsigned long flags);
pid_t
greencorn_fork(unsigned long flags)
{
	(void)flags;
	return fork();
}

static bool stamping = true;

static void
obey(struct board *b, int sig)
{
	switch (sig) {
	case SIGUSR1:
		atomic_store(&b->phase, BOARD_SERVING);
		atomic_store(&b->n_ready, 1);
		break;
	case SIGUSR2:
		atomic_store(&b->n_ready, 0);
		break;
	case SIGHUP:
		atomic_store(&b->phase, BOARD_STOPPING);
		break;
	case SIGALRM:
		stamping = false;
		atomic_store(&b->arbiter_ms, clock_ms() - ADMIN_STALE_MS - 1);
		break;
	case SIGTERM:
		exit(0);
	default:
		break;
	}
}

static int
listen_at(uint16_t port)
{
	struct sock_addr a;
	int fd;

	if (sock_numeric(&a, STR("0.0.0.0"), port) < 0)
		return -1;
	fd = sock_stream(&a);
	if (fd < 0 || sock_set_reuse_addr(fd) < 0 || sock_bind(fd, &a) < 0 ||
	    sock_listen(fd, 64) < 0)
		return -1;
	return fd;
}

static int
serve(void)
{
	struct heritage h = { .link = -1, .arbiter_pid = getpid() };
	struct signals_event ev;
	int fd;

	signals_block(NULL);
	fd = signals_fd();
	h.board = board_create();
	h.admin_listener = listen_at(9000);
	if (fd < 0 || h.board == NULL || h.admin_listener < 0)
		return 9;
	h.row = board_take_row(h.board, 2, 0);
	atomic_store(&h.board->arbiter_ms, clock_ms());
	if (fork() == 0)
		_exit(admin_run(&h));
	log_text(LOG_INFO, STR("listening"));
	for (;;) {
		if (stamping)
			atomic_store(&h.board->arbiter_ms, clock_ms());
		if (signals_wait(fd, &ev, 500) > 0) {
			obey(h.board, ev.sig);
			log_text(LOG_INFO, str_of(signals_name(ev.sig)));
		}
	}
}

int
main(int argc, char **argv)
{
	time_start();
	log_out_start();
	if (argc > 1 && strcmp(argv[1], "health") == 0)
		return admin_health_main(argc - 1, argv + 1);
	return serve();
}
