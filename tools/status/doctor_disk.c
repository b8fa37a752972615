/* Where the root is: room, what the file system can do, and what time it is there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/human.h"
#include "base/lock.h"
#include "base/when.h"
#include "batch/batch.h"
#include "doctor_checks.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "files/file_system.h"
#include "files/machines.h"

enum {
	FULL_BYTES = 1 << 20, /* less than this counts as full */
	LOW_BYTES = 1 << 30,  /* less than this, and less than a twentieth of the disk, is nearly full */
	FULL_INODES = 16,
	LOW_INODES = 1000,
	FUTURE = 60, /* s; a larger difference is neither rounding nor the small error of a synchronized clock */
	SKEW = 5,    /* s between our clock and the file system's */
	TWENTIETH = 20,
};

static const time_t written = 1760000000; /* this program was written later than that */

/* --- space --- */

struct amount {
	double left, all, full, low;
};

/* 2: full, 1: nearly full, 0: enough is left. A file system that does not count its space reports a total of 0. */
static int
shortage_level(const struct amount *a)
{
	if (a->all <= 0)
		return 0;
	if (a->left < a->full)
		return 2;
	return a->left < a->low && a->left < a->all / TWENTIETH;
}

static void
look_at_room(struct doctor *d, int fd, const char *shown)
{
	struct statvfs v;
	struct amount bytes, inodes;
	char room[HUMAN_ROOM];

	if (fstatvfs(fd, &v) < 0)
		return;
	bytes = (struct amount){(double)v.f_bavail * (double)v.f_frsize, (double)v.f_blocks * (double)v.f_frsize,
				FULL_BYTES, LOW_BYTES};
	inodes = (struct amount){(double)v.f_favail, (double)v.f_files, FULL_INODES, LOW_INODES};
	human_bytes(room, bytes.left);
	if (shortage_level(&bytes)) {
		doctor_find(d, DOCTOR_PROBLEM, NULL,
			    shortage_level(&bytes) > 1 ? "the disk of %s is full (%s left)"
						       : "the disk of %s is nearly full (%s left)",
			    shown, room);
		doctor_mend(d, "make room: `bi-clean temp` removes files that killed programs left, and `bi-clean "
			       "batch NAME` removes a batch; then run the stopped commands again");
	}
	if (shortage_level(&inodes)) {
		doctor_find(d, DOCTOR_PROBLEM, NULL,
			    "the disk of %s has %.0f of %.0f inodes left: no more files can be made%s", shown,
			    inodes.left, inodes.all, shortage_level(&inodes) > 1 ? "" : " soon");
		doctor_mend(d, "remove batches that you do not need (`bi-clean batch NAME`), or use a file system with "
			       "more inodes");
	}
	doctor_looked(d, "%s left in %s", room, shown);
}

void
doctor_space(struct doctor *d)
{
	static const char *const folders[] = {".", "temp", "batches", "review", "collected"};
	dev_t seen[sizeof(folders) / sizeof(*folders)];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		int fd = openat(d->root->fd, folders[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		struct stat st;
		bool is_new = fd >= 0 && fstat(fd, &st) == 0;

		for (size_t k = 0; is_new && k < n; k++)
			is_new = seen[k] != st.st_dev;
		if (is_new) {
			seen[n++] = st.st_dev;
			look_at_room(d, fd, i ? folders[i] : d->root->path);
		}
		file_close(fd, 0);
	}
}

/* --- storage --- */

static void
look_at_file_system(struct doctor *d)
{
	char type[FILE_SYSTEM_NAME];
	enum file_system_locks locks = file_system_locks(d->root->fd, type);

	if (locks == LOCKS_LOCAL)
		return;
	if (locks == LOCKS_UNKNOWN) {
		doctor_find(d, DOCTOR_NOTE, NULL, "the type of the file system of %s cannot be read: %s", d->root->path,
			    strerror(errno));
		doctor_mend(d, "check that /proc is mounted");
		return;
	}
	doctor_find(d, locks == LOCKS_FAIL ? DOCTOR_PROBLEM : DOCTOR_NOTE, NULL, "%s is on %s, where locks %s",
		    d->root->path, type,
		    locks == LOCKS_FAIL ? "do not protect batches from programs on other machines"
					: "may not exclude programs on other machines");
	doctor_mend(d, locks == LOCKS_FAIL
			       ? "choose a root on a local disk; bi-cluster(7) is about work on several machines"
			       : "use this root from one machine at a time, or choose a root on a local disk");
}

static void
report_machine(const char *id, const struct machine *m, void *arg)
{
	char at[WHEN_SIZE];
	struct doctor *d = arg;

	doctor_find(d, DOCTOR_PROBLEM, NULL,
		    "the machine %s (%s) uses %s too, last at %s: locks may not exclude its programs", m->name, id,
		    d->root->path, when_print(at, m->started));
	doctor_mend(d,
		    "give each machine a root of its own (bi-cluster(7)); if the root was moved here, remove "
		    "'%s/machines/%s'",
		    d->root->path, id);
}

static void
look_at_machines(struct doctor *d)
{
	if (machines_each_other(d->root, report_machine, d) == 0)
		return;
	doctor_find(d, DOCTOR_NOTE, NULL, "machines cannot be read: %s", strerror(errno));
	doctor_mend(d, "check the permissions of '%s/machines'", d->root->path);
}

/* Files begin in temp/ and are then named elsewhere, which one file system can do in one step. */
static void
look_at_devices(struct doctor *d)
{
	static const char *const folders[] = {"batches", "collected", "review"};
	struct stat temp, st;

	if (fstatat(d->root->fd, "temp", &temp, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		if (fstatat(d->root->fd, folders[i], &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev == temp.st_dev)
			continue;
		doctor_find(d, DOCTOR_PROBLEM, NULL,
			    "temp and %s are on different file systems: files cannot be moved from one to the other",
			    folders[i]);
		doctor_mend(d, "mount one file system for the whole root");
	}
}

static void
look_at_flock(struct doctor *d, int again)
{
	/* AGAIN is a second descriptor of the same file, which is locked. */
	if (lock_try(again, LOCK_ALONE) == 1)
		return;
	doctor_find(d, DOCTOR_PROBLEM, NULL,
		    "locks of whole files (flock) do not exclude other processes: lines may be lost, and `bi-clean "
		    "temp` may remove files that are being written");
	doctor_mend(d, "use a root on another file system");
}

static void
look_at_byte_locks(struct doctor *d, const struct atomic_file *p, int again)
{
	if (lock_bytes_try(p->fd, LOCK_ALONE, 0, 1) == 0 && lock_bytes_held(again, 0, 1, NULL) > 0)
		return;
	doctor_find(
		d, DOCTOR_PROBLEM, NULL,
		"locks of bytes (F_OFD_SETLK) do not exclude other processes: two processes may work on the same item");
	doctor_mend(d, "use a root on another file system, and Linux 3.15 or later");
}

static void
look_at_attributes(struct doctor *d, const struct atomic_file *p)
{
	if (fsetxattr(p->fd, "user.bi.note", "x", 1, 0) == 0 || (errno != EOPNOTSUPP && errno != EPERM))
		return;
	doctor_find(d, DOCTOR_NOTE, NULL,
		    "files have no extended attributes (user.*) here: an interrupted download starts again from the "
		    "beginning");
	doctor_mend(d, "use a root on a file system that has them, such as ext4, XFS or Btrfs");
}

/* FD is a file that was made at the time BEFORE or later. */
static void
look_at_time_of(struct doctor *d, int fd, time_t before)
{
	char room[DOCTOR_SPAN];
	struct stat st;
	double behind, ahead;

	if (fstat(fd, &st) < 0)
		return;
	behind = difftime(before, st.st_mtime);
	ahead = difftime(st.st_mtime, time(NULL));
	if (behind <= SKEW && ahead <= SKEW)
		return;
	doctor_find(d, DOCTOR_PROBLEM, NULL, "the clock of the file system is %s %s this machine's",
		    doctor_span(room, behind > ahead ? behind : ahead), behind > ahead ? "behind" : "ahead of");
	doctor_mend(d, "synchronize both clocks by NTP");
}

/* Tests with a temporary file, which is removed at the end. */
static void
look_at_features(struct doctor *d)
{
	int temp = openat(d->root->fd, "temp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), again;
	time_t before = time(NULL);
	char self[32];
	struct atomic_file p;
	int rc = atomic_file_open(&p, temp >= 0 ? temp : d->root->fd);

	if (rc == 0 && lock_try(p.fd, LOCK_ALONE) < 0) {
		rc = -1;
		file_close(p.fd, 0);
	}
	if (rc < 0) {
		doctor_find(d, DOCTOR_PROBLEM, NULL, "no file can be made and locked in temp: %s", strerror(errno));
		doctor_mend(d, "if the disk is full, make room; otherwise choose a root on another file system");
	}
	if (rc < 0 && temp >= 0)
		close(temp);
	if (rc < 0)
		return;
	if (p.name[0]) {
		doctor_find(d, DOCTOR_NOTE, NULL,
			    "files cannot be made without a name (O_TMPFILE): killed programs leave files in temp");
		doctor_mend(
			d,
			"run `bi-clean temp` now and then, or use a root on a file system such as ext4, XFS or Btrfs");
	}
	snprintf(self, sizeof(self), "/proc/self/fd/%d", p.fd);
	again = open(self, O_RDWR | O_CLOEXEC);
	if (again >= 0) {
		look_at_flock(d, again);
		look_at_byte_locks(d, &p, again);
		close(again);
	}
	look_at_attributes(d, &p);
	look_at_time_of(d, p.fd, before);
	atomic_file_drop(&p);
	file_close(temp, 0);
}

void
doctor_storage(struct doctor *d)
{
	look_at_file_system(d);
	look_at_machines(d);
	look_at_devices(d);
	if (!d->read_only)
		look_at_features(d);
	doctor_looked(d, "the features of the file system");
}

/* --- clock --- */

struct newest {
	const struct doctor *d;
	struct timespec at;
	struct buf name; /* below the root */
	int error;       /* of the first file that cannot be examined */
	struct buf odd;  /* the name of that file */
};

/* Stores the first NAME that cannot be examined, and errno. */
static void
note_error(struct newest *n, const char *name)
{
	if (n->error)
		return;
	n->error = errno;
	buf_str(&n->odd, name);
}

static void
note_newest(struct newest *n, int dirfd, const char *folder, const char *batch, const char *name)
{
	struct stat st;
	struct buf path = {0};
	int is;

	buf_printf(&path, "%s%s%s%s%s", folder, batch ? "/" : "", batch ? batch : "", name ? "/" : "",
		   name ? name : "");
	is = file_stat(dirfd, path.data, &st);
	if (is < 0)
		note_error(n, path.data);
	if (is > 0 && st.st_mtim.tv_sec > n->at.tv_sec) {
		n->at = st.st_mtim;
		buf_clear(&n->name);
		buf_str(&n->name, path.data);
	}
	buf_free(&path);
}

static bool
handle_batch(const char *batch, void *arg)
{
	static const char *const files[] = {"batch.json", "items.ndjson", "state", "results.ndjson", "picks.ndjson"};
	struct newest *n = arg;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		note_newest(n, n->d->root->fd, "batches", batch, files[i]);
	return true;
}

void
doctor_clock(struct doctor *d)
{
	static const char *const folders[] = {"batches", "hosts", "leases", "queue", "review", "seq", "temp"};
	struct newest n = {.d = d};
	time_t now = time(NULL);
	char room[DOCTOR_SPAN];

	if (now < written) {
		doctor_find(d, DOCTOR_PROBLEM, NULL,
			    "the clock is years behind: certificates of hosts are not valid yet");
		doctor_mend(d, "set the clock, preferably by NTP (timedatectl)");
	}
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		note_newest(&n, d->root->fd, folders[i], NULL, NULL);
	if (batch_each(d->root, handle_batch, &n) < 0)
		note_error(&n, "batches");
	if (n.error) {
		doctor_find(d, DOCTOR_PROBLEM, NULL, "cannot tell when %s was written: %s", n.odd.data,
			    strerror(n.error));
		doctor_mend(d, "check the permissions of '%s/%s'", d->root->path, n.odd.data);
	}
	if (n.at.tv_sec > now + FUTURE) {
		doctor_find(d, DOCTOR_PROBLEM, NULL,
			    "%s is from the future, by %s: the clock is behind, or was ahead when the file was written",
			    n.name.data, doctor_span(room, difftime(n.at.tv_sec, now)));
		doctor_mend(
			d,
			"set the clock, preferably by NTP (timedatectl); if the clock is right now, `touch` that file");
	}
	buf_free(&n.name);
	buf_free(&n.odd);
	doctor_looked(d, "clock");
}
