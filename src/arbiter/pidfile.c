/*
 * pidfile: the arbiter's pid in a file, by Gunicorn's rules: a file that
 * names a living process of others is refused, any other is replaced; it is
 * removed at the end by whoever is named in it. Run by the arbiter.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "sys/pid_file.h"

#include "arbiter/arbiter_state.h"
#include "base/banned.h"

#define MODE 0644
#define BESIDE ".2" /* as Gunicorn, while the old one serves */

/*
 * In a container numbers come again: a file of its last life may name our
 * init, or a process that we have started.
 */
static bool
is_somebody_else(struct arbiter *a, pid_t pid)
{
	if (pid <= 0 || pid == getpid() || pid == getppid() ||
	    generation_by_template(a, pid) != NULL ||
	    workers_by_pid(a, pid) != NULL)
		return false;
	return kill(pid, 0) == 0 || errno == EPERM;
}

/*
 * The setting, relative to chdir, with a mark while another serves beside us.
 * 0, or -E_TOO_LONG.
 */
static int
path_of(const struct arbiter *a, const struct config *cfg,
    char dst[ARBITER_PATH_MAX])
{
	bool relative = cfg->pidfile[0] != '/' && cfg->chdir[0] != '\0';
	int n = snprintf(dst, ARBITER_PATH_MAX, "%s%s%s%s",
	    relative ? cfg->chdir : "", relative ? "/" : "", cfg->pidfile,
	    a->old_pid != 0 ? BESIDE : "");

	return n >= ARBITER_PATH_MAX ? -E_TOO_LONG : 0;
}

int
pidfile_prepare(struct arbiter *a, const struct config *cfg)
{
	char path[ARBITER_PATH_MAX] = "";
	pid_t pid;

	a->pidfile_changes = false;
	if (cfg->pidfile[0] != '\0' && path_of(a, cfg, path) < 0) {
		log_event(EV_ARBITER_PIDFILE_REASON, cfg->pidfile,
		    error_text(-E_TOO_LONG));
		return -E_TOO_LONG;
	}
	if (strcmp(path, a->pidfile) == 0)
		return 0;
	if (path[0] != '\0') {
		pid = pid_file_read(path, false);
		if (is_somebody_else(a, pid)) {
			log_event(EV_ARBITER_RUNNING, (int)pid, path);
			return -E_IN_USE;
		}
		if (pid_file_write(path, MODE) < 0) {
			log_errno(EV_ARBITER_PIDFILE, path);
			return -E_SYSTEM;
		}
	}
	memcpy(a->next_pidfile, path, sizeof(path));
	a->pidfile_changes = true;
	return 0;
}

static void
remove_ours(const char *path)
{
	if (path[0] != '\0' && pid_file_read(path, false) == getpid())
		(void)unlink(path);
}

void
pidfile_settle(struct arbiter *a)
{
	if (!a->pidfile_changes)
		return;
	a->pidfile_changes = false;
	remove_ours(a->pidfile);
	memcpy(a->pidfile, a->next_pidfile, sizeof(a->pidfile));
}

void
pidfile_undo(struct arbiter *a)
{
	if (a->pidfile_changes)
		remove_ours(a->next_pidfile);
	a->pidfile_changes = false;
}

void
pidfile_promote(struct arbiter *a)
{
	char path[ARBITER_PATH_MAX];

	if (a->pidfile[0] == '\0')
		return;
	memcpy(path, a->pidfile, sizeof(path));
	path[strlen(path) - strlen(BESIDE)] = '\0';
	if (rename(a->pidfile, path) < 0)
		log_errno(EV_ARBITER_PIDFILE, path);
	else
		memcpy(a->pidfile, path, sizeof(path));
}

void
pidfile_remove(struct arbiter *a)
{
	pidfile_undo(a);
	remove_ours(a->pidfile);
	a->pidfile[0] = '\0';
}
