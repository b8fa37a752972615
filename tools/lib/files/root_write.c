#include "files/root_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "base/trouble.h"
#include "files/file_system.h"
#include "files/machines.h"

/* Between programs that start each other. */
static const char warned[] = "BI_ROOT_WARNED";

void
root_allow_shared(void)
{
	if (setenv("BI_SHARED_ROOT", "1", 1) < 0)
		msg_die_errno(EX_OSERR, "cannot set BI_SHARED_ROOT");
}

static bool
is_set(const char *has, const char *value)
{
	return has && strcmp(has, value) == 0;
}

static void
warn_once(const struct root *root, const char *type, const char *why)
{
	if (is_set(getenv(warned), root->path))
		return;
	msg_warn("the root directory '%s' is on %s%s: use it from one machine at a time (bi-cluster(7))", root->path,
		 type, why);
	(void)setenv(warned, root->path, 1);
}

void
root_open_to_write(struct root *root, const char *dir, bool create)
{
	char type[FILE_SYSTEM_NAME];

	root_open(root, dir, create);
	switch (file_system_locks(root->fd, type)) {
	case LOCKS_LOCAL:
		break;
	case LOCKS_UNKNOWN:
		warn_once(root, "a file system of unknown type: ", trouble_reason(errno));
		break;
	case LOCKS_UNSURE:
		warn_once(root, type, ", whose locks may not exclude programs on other machines");
		break;
	case LOCKS_FAIL:
		if (!is_set(getenv("BI_SHARED_ROOT"), "1"))
			msg_die(EX_CONFIG,
				"the root directory '%s' is on %s, where locks do not protect batches from programs on "
				"other machines: choose a root on a local disk with --root or BI_ROOT, and see "
				"bi-cluster(7) for work on several machines (--shared-root uses this root "
				"nevertheless)",
				root->path, type);
		break;
	}
	machines_note(root, create);
}
