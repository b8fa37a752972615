#include "recorded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "files/file.h"
#include "records/rec.h"

bool
update_begin(struct job *j)
{
	if (!j->url && !j->file)
		return false;
	j->update = buf_alloc(sizeof(*j->update));
	return true;
}

void
update_begin_recheck(struct job *j)
{
	j->update = buf_alloc(sizeof(*j->update));
	j->update->recheck = true;
}

void
update_free(struct job *j)
{
	if (!j->update)
		return;
	json_object_put(j->update->result);
	free(j->update->line);
	free(j->update);
	j->update = NULL;
}

/* The version in the name of a file, "ID_IDX_VERSION.EXT"; 1 where it has none. */
static unsigned
version_of(const char *name)
{
	const char *first = strchr(name, '_'), *second = first ? strchr(first + 1, '_') : NULL;
	unsigned version = 1;

	return second && sscanf(second + 1, "%9u.", &version) == 1 && version > 1 ? version : 1;
}

/* Reads what is recorded. False: it is not a completed result with a file. */
static bool
read_recorded(struct job *j)
{
	struct update *u = j->update;
	const char *status, *path;
	struct buf line = {0};

	if (batch_result(j->target->batch, j->item, &line) < 0) {
		if (errno != ENOENT)
			run_fail(j->run, "reading results.ndjson");
		buf_free(&line);
		return false;
	}
	json_object_put(u->result);
	free(u->line);
	u->line = line.data;
	u->result = rec_parse(line.data, line.len, NULL, 0);
	status = rec_string(u->result, "status");
	path = rec_string(u->result, "path");
	u->sha256 = rec_string(u->result, "sha256");
	u->sha256 = u->sha256 ? u->sha256 : "";
	if (!status || strcmp(status, "completed") != 0)
		return false;
	u->name[0] = '\0';
	if (path && strncmp(path, "files/", 6) == 0 && !strchr(path + 6, '/') && strlen(path + 6) < sizeof(u->name))
		snprintf(u->name, sizeof(u->name), "%s", path + 6);
	u->lost = !u->name[0] || file_stat(batch_filesfd(j->target->batch), u->name, NULL) == 0;
	u->version = version_of(u->name) + 1;
	return true;
}

void
recorded_remove_file(const struct target *t, const char *name)
{
	int dir = batch_filesfd(t->batch);

	if (dir >= 0 && *name && *name != '.' && !strchr(name, '/') && unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		msg_warn_errno("cannot remove files/%s of the batch '%s', which was replaced", name,
			       batch_name(t->batch));
}

/* Whether the file NAME is one of item K, by its subject and place, as update_print_name() and its caller write it. A
 * line that an earlier version or another program made may name any. */
static bool
is_of_item(const struct target *t, uint32_t k, const char *name)
{
	char stem[SUBJECT_MAX + 16];
	struct batch_place place;
	struct buf line = {0};
	size_t n = 0;

	if (batch_item(t->batch, k, &line) == 0 && batch_place(line.data, line.len, &place) == 0)
		n = (size_t)snprintf(stem, sizeof(stem), "%s_%u", place.subject, place.idx);
	buf_free(&line);
	return n && strncmp(name, stem, n) == 0 && (name[n] == '.' || name[n] == '_');
}

/* The same for whoever has claimed item K, whose last result is LINE. */
static void
remove_left(const struct target *t, uint32_t k, const char *line, size_t n)
{
	struct json_object *o = memmem(line, n, "\"replaced_file\":", 16) ? rec_parse(line, n, NULL, 0) : NULL;
	const char *old = rec_string(o, "replaced_file"), *path = rec_string(o, "path");

	if (old && !(path && strncmp(path, "files/", 6) == 0 && strcmp(path + 6, old) == 0) && is_of_item(t, k, old))
		recorded_remove_file(t, old);
	json_object_put(o);
}

void
recorded_remove_left(const struct target *t, uint32_t k, const struct buf *line)
{
	struct buf now = {0};

	/* Whoever has the item may be giving it a file of that name, and LINE may be older than its last result. */
	if (!strstr(line->data, "\"replaced_file\":") || target_is_busy(t, k) ||
	    batch_claim_any(t->batch, k) != CLAIM_OURS)
		return;
	if (batch_result(t->batch, k, &now) == 0)
		remove_left(t, k, now.data, now.len);
	batch_unclaim(t->batch, k);
	buf_free(&now);
}

enum batch_claim
update_claim(struct job *j)
{
	enum batch_claim claim = batch_claim_any(j->target->batch, j->item);

	if (claim != CLAIM_OURS)
		return claim;
	if (!read_recorded(j)) {
		batch_unclaim(j->target->batch, j->item);
		return j->run->fatal ? CLAIM_ERROR : CLAIM_DONE;
	}
	remove_left(j->target, j->item, j->update->line, strlen(j->update->line));
	return CLAIM_OURS;
}
