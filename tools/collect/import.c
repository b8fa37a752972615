/* Imports decisions from files, which a page offers for download if it is opened without a server. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/when.h"
#include "files/file.h"
#include "import.h"
#include "records/rec.h"
#include "review/picks.h"

enum { PICKS_FILE_MAX = 64 << 20 };

static int
refuse_file(const char *file, const char *why)
{
	msg_warn("%s: %s; nothing was imported from it, and nothing was collected", file, why);
	return EX_DATAERR;
}

/* Parses the file. NULL after a message. */
static struct json_object *
read_file(const char *file, int *code)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct json_object *o = NULL;
	struct buf text = {0};
	char why[200], words[300];
	struct stat st;
	int rc;

	*code = EX_NOINPUT;
	if (fd < 0 || fstat(fd, &st) < 0) {
		msg_warn_errno("cannot read the picks in %s", file);
		file_close(fd, 0);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > PICKS_FILE_MAX) {
		close(fd);
		*code = refuse_file(file, S_ISREG(st.st_mode) ? "it is longer than 64 MiB" : "it is not a file");
		return NULL;
	}
	rc = file_read_all(fd, PICKS_FILE_MAX, &text);
	if (rc < 0)
		*code = msg_report_errno("cannot read the picks in %s", file);
	close(fd);
	if (rc == 0 && (o = rec_parse(text.data, text.len, why, sizeof(why))) == NULL) {
		snprintf(words, sizeof(words), "it is not JSON: %s",
			 !text.len ? "it is empty"
			 : *why    ? why
				   : "it is null");
		*code = refuse_file(file, words);
	}
	if (o && !json_object_is_type(o, json_type_object)) {
		*code = refuse_file(file, "it is not an object with \"batch\" and \"selections\"");
		json_object_put(o);
		o = NULL;
	}
	buf_free(&text);
	return o;
}

/* The decisions of one file, until all files were checked. */
struct import {
	const char *file;
	struct json_object *json;
	struct batch *b;
	struct picks_set set;
};

static bool
is_named(const struct batch_args *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->v[i], name) == 0)
			return true;
	return false;
}

/* Reads a file and checks whether it can be imported. Returns an exit code. */
static int
prepare_import(struct collect *c, struct import *m, const struct batch_args *names)
{
	struct picks_subjects *subjects;
	const char *batch;
	char wrong[400];
	int code;

	m->json = read_file(m->file, &code);
	if (!m->json)
		return code;
	batch = rec_string(m->json, "batch");
	if (!batch || root_name_check(batch))
		return refuse_file(m->file, "it does not say which batch it belongs to (\"batch\")");
	if (names->n > 0 && !is_named(names, batch)) {
		snprintf(wrong, sizeof(wrong), "it belongs to the batch %s, which was not named", batch);
		return refuse_file(m->file, wrong);
	}
	m->b = batch_open(c->root, batch, BATCH_READ, NULL);
	if (!m->b) {
		snprintf(wrong, sizeof(wrong), "it belongs to the batch %s: %s", batch,
			 errno == ENOENT ? "there is no batch of that name" : trouble_reason(errno));
		return refuse_file(m->file, wrong);
	}
	if (!picks_parse(m->json, batch, &m->set, wrong, sizeof(wrong)))
		return refuse_file(m->file, wrong);
	subjects = picks_subjects_read(m->b);
	if (!subjects)
		return msg_report_errno("cannot read the items of batch %s", batch);
	code = picks_check(subjects, m->set.v, m->set.n, wrong, sizeof(wrong)) &&
			       picks_check_removed(m->b, m->set.v, m->set.n, wrong, sizeof(wrong))
		       ? EX_ALL_WELL
		       : refuse_file(m->file, wrong);
	picks_subjects_free(subjects);
	return code;
}

/* --- what was decided since --- */

/* Removes decisions from the set that are older than the last decision of the same reviewer, even a withdrawn one.
 * Returns how many. */
static size_t
drop_older(struct picks_set *set, const struct picks *p)
{
	size_t left = 0, dropped;
	char now[WHEN_MS_SIZE];

	when_now_ms(now);
	for (size_t i = 0; i < set->n; i++) {
		const struct pick *one = &set->v[i], *last = picks_last(p, one);

		/* A time in the future does not show which decision came first. */
		if (!last || !one->at || picks_compare_times(last->at, now) > 0 ||
		    picks_compare_times(one->at, last->at) >= 0)
			set->v[left++] = *one;
	}
	dropped = set->n - left;
	set->n = left;
	return dropped;
}

static int
import_file(struct import *m)
{
	struct picks *p = picks_read(m->b);
	size_t older;
	int code = EX_ALL_WELL;

	if (!p)
		return msg_report_errno("cannot read the picks of batch %s", batch_name(m->b));
	older = drop_older(&m->set, p);
	if (older)
		msg_warn("%s: %zu decisions are older than later decisions of the same reviewer, and are ignored",
			 m->file, older);
	if (m->set.n > 0 && picks_put(p, m->set.v, m->set.n, NULL) != 0)
		code = msg_report_errno("cannot add to the picks of batch %s", batch_name(m->b));
	picks_free(p);
	return code;
}

int
import_picks(struct collect *c, struct batch_args *names)
{
	struct import *all;
	size_t n = 0;
	int code = EX_ALL_WELL;

	while (c->set->picks[n])
		n++;
	all = buf_alloc((n + 1) * sizeof(*all));
	for (size_t i = 0; i < n && code == EX_ALL_WELL; i++) {
		all[i].file = c->set->picks[i];
		code = prepare_import(c, &all[i], names);
	}
	for (size_t i = 0; i < n && code == EX_ALL_WELL; i++)
		code = import_file(&all[i]);
	if (names->n == 0)
		for (size_t i = 0; i < n && code == EX_ALL_WELL; i++)
			batch_args_add(names, batch_name(all[i].b));
	for (size_t i = 0; i < n; i++) {
		free(all[i].set.v);
		json_object_put(all[i].json);
		if (all[i].b)
			batch_close(all[i].b);
		all[i] = (struct import){0};
	}
	free(all);
	return code;
}
