#include "files/file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "files/file.h"

/* Names of types. A FUSE file system has "fuse." before its own. */
static const char *const networks[] = {"nfs",           "nfs4",      "cifs",      "smb3",       "smbfs",     "afs",
				       "coda",          "ncpfs",     "glusterfs", "sshfs",      "s3fs",      "rclone",
				       "goofys",        "gcsfuse",   "blobfuse2", "blobfuse",   "mfs",       "moosefs",
				       "davfs",         "curlftpfs", "juicefs",   "JuiceFS",    "seaweedfs", "mount-s3",
				       "mountpoint-s3", "lizardfs",  "httpfs",    "gvfsd-fuse", "portal"};
static const char *const unsure[] = {"fuse", "fuseblk", "9p", "virtiofs", "vboxsf", "prl_fs", "vmhgfs"};

static bool
has(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

enum file_system_locks
file_system_type_locks(const char *type)
{
	bool is_fuse = strncmp(type, "fuse.", 5) == 0;

	if (has(networks, sizeof(networks) / sizeof(*networks), is_fuse ? type + 5 : type))
		return LOCKS_FAIL;
	return is_fuse || has(unsure, sizeof(unsure) / sizeof(*unsure), type) ? LOCKS_UNSURE : LOCKS_LOCAL;
}

/* The file systems of one machine that are common: they need no look at the mounts. */
static bool
is_usual(long magic)
{
	static const long usual[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,  BTRFS_SUPER_MAGIC,
				     TMPFS_MAGIC,      F2FS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC};

	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (usual[i] == magic)
			return true;
	return false;
}

/* Stores the type of the mount ID in NAME. False: no mount has that number. */
static bool
find_type(FILE *mounts, unsigned long long id, char name[FILE_SYSTEM_NAME])
{
	char *line = NULL, *end;
	size_t room = 0;
	bool found = false;

	while (!found && getline(&line, &room, mounts) > 0) {
		/* "36 35 98:0 /root /point options optional... - type source options"; blanks in names are \040 */
		const char *type = strstr(line, " - ");

		found = type && strtoull(line, &end, 10) == id && *end == ' ' && sscanf(type, " - %63s", name) == 1;
	}
	free(line);
	return found;
}

enum file_system_locks
file_system_locks(int fd, char name[FILE_SYSTEM_NAME])
{
	struct statfs st;
	struct statx x;
	FILE *mounts;
	bool found;

	*name = '\0';
	if (fstatfs(fd, &st) < 0)
		return LOCKS_UNKNOWN;
	if (is_usual((long)st.f_type))
		return LOCKS_LOCAL;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &x) < 0)
		return LOCKS_UNKNOWN;
	errno = ENOSYS; /* Linux before 5.8 does not tell the mount */
	if (!(x.stx_mask & STATX_MNT_ID))
		return LOCKS_UNKNOWN;
	mounts = fopen("/proc/self/mountinfo", "re");
	if (!mounts)
		return LOCKS_UNKNOWN;
	found = find_type(mounts, x.stx_mnt_id, name);
	fclose(mounts);
	errno = ENOENT;
	return found ? file_system_type_locks(name) : LOCKS_UNKNOWN;
}
