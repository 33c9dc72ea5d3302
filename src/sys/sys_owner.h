/*
 * sys_owner: whose a process is, or a file: user and group by name or number.
 */
#ifndef SYS_SYS_OWNER_H
#define SYS_SYS_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

struct owner {
	uid_t uid;     /* (uid_t)-1: as it is */
	gid_t gid;     /* (gid_t)-1: as it is */
	char name[64]; /* of the user; empty where only its number is known */
};

/*
 * user and group as settings have them; empty: not wished for. A user without
 * a group brings its own, where it has one. 0, or -E_NOT_FOUND.
 */
int owner_find(struct owner *o, const char *user, const char *group);

/* Is it anything but what this process is? */
bool owner_differs(const struct owner *o);

/* A file that root has made is o's, too; other kinds stay. 0 or -E_SYSTEM. */
int owner_give(const struct owner *o, const char *path);

/*
 * This process becomes o's, with no further groups or, with all_groups, those
 * that the user has, for good. 0 or -E_SYSTEM.
 */
int owner_become(const struct owner *o, bool all_groups);

#endif
