/* Users and groups. Asked by the arbiter and by workers, at their start. */
#include "sys/sys_owner.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/num.h"
#include "base/str.h"

#include "base/banned.h"

#define AS_IT_IS ((uid_t)-1)

static int
find_user(struct owner *o, const char *user)
{
	const struct passwd *entry;
	uint64_t id;

	if (num_dec(str_of(user), UINT32_MAX - 1, &id) == 0) {
		o->uid = (uid_t)id;
		entry = getpwuid(o->uid);
	} else {
		entry = getpwnam(user);
		if (entry == NULL)
			return -E_NOT_FOUND;
		o->uid = entry->pw_uid;
	}
	if (entry == NULL)
		return 0;
	o->gid = entry->pw_gid;
	snprintf(o->name, sizeof(o->name), "%s", entry->pw_name);
	return 0;
}

static int
find_group(struct owner *o, const char *group)
{
	const struct group *entry;
	uint64_t id;

	if (num_dec(str_of(group), UINT32_MAX - 1, &id) == 0) {
		o->gid = (gid_t)id;
		return 0;
	}
	entry = getgrnam(group);
	if (entry == NULL)
		return -E_NOT_FOUND;
	o->gid = entry->gr_gid;
	return 0;
}

int
owner_find(struct owner *o, const char *user, const char *group)
{
	int rc = 0;

	*o = (struct owner){ .uid = AS_IT_IS, .gid = AS_IT_IS };
	if (user[0] != '\0')
		rc = find_user(o, user);
	if (rc == 0 && group[0] != '\0')
		rc = find_group(o, group);
	return rc;
}

bool
owner_differs(const struct owner *o)
{
	return (o->uid != AS_IT_IS && o->uid != geteuid()) ||
	    (o->gid != AS_IT_IS && o->gid != getegid());
}

int
owner_give(const struct owner *o, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return -E_SYSTEM;
	if (!S_ISREG(st.st_mode) && !S_ISSOCK(st.st_mode))
		return 0;
	return lchown(path, o->uid, o->gid) < 0 ? -E_SYSTEM : 0;
}

static int
become_groups(const struct owner *o, bool all)
{
	if (all && o->name[0] != '\0' && o->gid != AS_IT_IS)
		return initgroups(o->name, o->gid);
	return setgroups(0, NULL);
}

int
owner_become(const struct owner *o, bool all_groups)
{
	if (become_groups(o, all_groups) < 0)
		return -E_SYSTEM;
	if (o->gid != AS_IT_IS && setresgid(o->gid, o->gid, o->gid) < 0)
		return -E_SYSTEM;
	if (o->uid != AS_IT_IS && setresuid(o->uid, o->uid, o->uid) < 0)
		return -E_SYSTEM;
	return 0;
}
