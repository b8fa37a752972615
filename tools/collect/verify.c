/* Checks whether exports are unchanged. A confined process unpacks the archives (expand.h). */
#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/words.h"
#include "files/file.h"
#include "records/rec.h"
#include "review/pack.h"
#include "verify_members.h"

enum { LIST_MAX = 1 << 30 }; /* bytes of a list of digests */

static const char beside_suffix[] = ".sha256";

/* Verifies the archive PATH, whose digest is HEX if that is known. */
static void
verify_archive(struct verifying *v, const char *path, const char *hex, bool asked)
{
	uint64_t before = v->report.problems;
	char there[HASH_HEX + 1];
	bool changed = false;
	size_t members;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	v->report.file = path;
	if (fd < 0) {
		verify_report_closed(&v->report, asked);
		return;
	}
	if (hex) {
		if (file_digest(fd, there) < 0)
			verify_report_cannot(&v->report, "read it to its end");
		else
			changed = strcmp(there, hex) != 0;
	}
	members = verify_members(v, fd);
	close(fd);
	if (changed)
		verify_report_problem(
			&v->report, NULL, "file_changed",
			v->report.problems > before
				? "the file was changed after it was written"
				: "the file was changed after it was written, but its members are unchanged");
	if (v->report.problems == before)
		verify_report_good(&v->report, members);
}

/* Reads the list of digests in the file PATH. False if there is none or it is damaged, which is reported if SAY. */
static bool
read_sums(struct verifying *v, const char *path, struct digests *out, bool say)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct buf text = {0};
	bool good;
	int rc;

	if (fd < 0) {
		int error = errno;

		if (!say && error != ENOENT)
			v->report.file = path;
		errno = error;
		if (say || error != ENOENT)
			verify_report_closed(&v->report, true);
		return false;
	}
	rc = file_close(fd, file_read_all(fd, LIST_MAX, &text));
	good = rc == 0 && text.len > 0 && digests_read(out, text.data, text.len);
	if (!good)
		v->report.file = path;
	if (rc < 0 && errno != EFBIG)
		verify_report_cannot(&v->report, "read it");
	else if (!good)
		verify_report_problem(&v->report, NULL, "manifest_damaged",
				      "it is not a list of SHA-256 digests in the format of sha256sum");
	buf_free(&text);
	return good;
}

/* Verifies all that the list PATH names, beside it. */
static void
verify_list(struct verifying *v, const char *path)
{
	struct digests list = {0};

	v->report.file = path;
	v->listed = true;
	if (read_sums(v, path, &list, true)) {
		for (size_t i = 0; i < list.n; i++) {
			struct buf file = {0};

			if (strchr(list.v[i].name, '/')) {
				v->report.file = path;
				verify_report_problem(&v->report, list.v[i].name, "manifest_damaged",
						      "it is not beside the list");
				continue;
			}
			verify_name_beside(path, list.v[i].name, &file);
			verify_archive(v, file.data, list.v[i].hex, false);
			buf_free(&file);
		}
	}
	verify_subjects(v, path, &list);
	v->listed = false;
	digests_free(&list);
}

/* The list beside the archive PATH: PATH.sha256, or train.sha256 for a shard train-000007.tar. */
static void
verify_with_list(struct verifying *v, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const struct pack_kind *kind = pack_kind_of(name);
	size_t n = strlen(path) - (kind ? strlen(kind->suffix) : 0);
	struct digests sums = {0};
	struct buf beside = {0};
	const struct digest *said;
	char *owned;

	buf_printf(&beside, "%s%s", path, beside_suffix);
	if (!read_sums(v, beside.data, &sums, false) && n > 7 && path[n - 7] == '-') {
		buf_clear(&beside);
		buf_add(&beside, path, n - 7);
		buf_str(&beside, beside_suffix);
		read_sums(v, beside.data, &sums, false);
	}
	owned = buf_strdup(path);
	said = digests_find(&sums, name);
	verify_archive(v, owned, said ? said->hex : NULL, true);
	free(owned);
	digests_free(&sums);
	buf_free(&beside);
}

int
verify_files(char **files, bool json)
{
	struct verifying v = {.report.json = json};
	uint64_t good = 0, bad = 0;
	int code;

	if (!*files)
		opt_die("--verify needs the exports to check");
	for (; *files; files++) {
		uint64_t before = v.report.problems;

		if (word_ends_in(*files, beside_suffix))
			verify_list(&v, *files);
		else
			verify_with_list(&v, *files);
		good += v.report.problems == before;
		bad += v.report.problems > before;
	}
	code = v.report.problems == 0                  ? EX_ALL_WELL
	       : v.report.problems == v.report.missing ? EX_NOINPUT
						       : EX_SOME_FAILED;
	if (json)
		rec_write_counts(code, {"verified", good}, {"failed", bad});
	return code;
}
