#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/scan.h"
#include "files/append.h"
#include "files/file.h"
#include "notebook/notebook_internal.h"
#include "records/rec.h"

enum { MIMES_MAX = 4096 };

/* --- memory --- */

static void *
grow_vector(void *v, uint32_t n, uint32_t *room, size_t size)
{
	if (n < *room)
		return v;
	*room = *room ? *room + *room / 2 : 16;
	return buf_realloc(v, *room * size);
}

static void
forget_log(struct notebook *nb)
{
	struct notebook empty = {.log = nb->log};

	for (uint32_t i = 0; i < nb->jobs_n; i++) {
		free(nb->jobs[i].batch);
		free(nb->jobs[i].places);
	}
	for (uint32_t i = 0; i < nb->mimes_n; i++)
		free(nb->mimes[i].name);
	free(nb->jobs);
	free(nb->entries);
	free(nb->given);
	free(nb->mimes);
	free(nb->notes);
	table_clear(&nb->by_digest);
	table_clear(&nb->by_knowledge);
	table_clear(&nb->by_job);
	table_clear(&nb->by_given);
	memcpy(empty.name, nb->name, sizeof(empty.name));
	memcpy(empty.digits, nb->digits, sizeof(empty.digits));
	*nb = empty;
}

uint32_t
notebook_mix(uint64_t n)
{
	return (uint32_t)((n * 0x9e3779b97f4a7c15u) >> 32);
}

static uint32_t
print_of(const unsigned char *digest)
{
	return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3];
}

/* --- looking up --- */

uint32_t
notebook_entry_of_digest(const struct notebook *nb, const unsigned char *digest, struct table_slot **slot)
{
	uint32_t cursor = 0;
	struct table_slot *s;

	while ((s = table_next(&nb->by_digest, print_of(digest), &cursor)))
		if (memcmp(nb->entries[s->item - 1].digest, digest, NOTEBOOK_DIGEST) == 0)
			break;
	if (slot)
		*slot = s;
	return s ? s->item : 0;
}

uint32_t
notebook_entry_of_knowledge(const struct notebook *nb, uint64_t knowledge, struct table_slot **slot)
{
	uint32_t cursor = 0;
	struct table_slot *s;

	while ((s = table_next(&nb->by_knowledge, notebook_mix(knowledge), &cursor)))
		if (nb->entries[s->item - 1].knowledge == knowledge)
			break;
	if (slot)
		*slot = s;
	return s ? s->item : 0;
}

uint32_t
notebook_known_job(const struct notebook *nb, uint64_t id)
{
	uint32_t cursor = 0;
	const struct table_slot *s;

	while ((s = table_next(&nb->by_job, notebook_mix(id), &cursor)))
		if (nb->jobs[s->item - 1].id == id)
			return s->item;
	return 0;
}

static bool
is_batch(const struct notebook_known_job *j, const char *batch)
{
	char name[32];

	if (j->batch)
		return strcmp(j->batch, batch) == 0;
	snprintf(name, sizeof(name), "job-%llu", (unsigned long long)j->id);
	return strcmp(name, batch) == 0;
}

const unsigned char *
notebook_read_digest(const char *id, unsigned char digest[NOTEBOOK_DIGEST])
{
	const char *at = id + NOTEBOOK_FILE_ID - (ptrdiff_t)2 * NOTEBOOK_DIGEST;

	for (size_t i = 0; i < NOTEBOOK_DIGEST; i++, at += 2) {
		const char pair[3] = {at[0], at[1], '\0'};

		digest[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	return digest;
}

/* --- reading the log --- */

static struct notebook_known_job *
add_job(struct notebook *nb, uint64_t id, const char *batch)
{
	struct notebook_known_job *j;
	uint32_t known = notebook_known_job(nb, id);

	if (known)
		return &nb->jobs[known - 1];
	nb->jobs = grow_vector(nb->jobs, nb->jobs_n, &nb->jobs_room, sizeof(*nb->jobs));
	j = &nb->jobs[nb->jobs_n++];
	*j = (struct notebook_known_job){.id = id};
	if (!is_batch(j, batch))
		j->batch = buf_strdup(batch);
	table_add(&nb->by_job, notebook_mix(id), nb->jobs_n);
	return j;
}

uint64_t
notebook_print_upload_id(const char *id)
{
	unsigned char digest[HASH_BYTES];
	uint64_t print;

	hash_bytes(id, strlen(id), digest);
	memcpy(&print, digest, sizeof(print));
	return print;
}

static void
add_given(struct notebook *nb, uint32_t job, const char *line, size_t n)
{
	struct json_object *o = rec_parse(line, n, NULL, 0), *ids;
	size_t count =
		o && json_object_object_get_ex(o, "upload_ids", &ids) && json_object_is_type(ids, json_type_array)
			? json_object_array_length(ids)
			: 0;

	for (size_t i = 0; i < count; i++) {
		const char *id = json_object_get_string(json_object_array_get_idx(ids, i));
		struct notebook_given *g;

		if (!id)
			continue;
		nb->given = grow_vector(nb->given, nb->given_n, &nb->given_room, sizeof(*nb->given));
		g = &nb->given[nb->given_n++];
		*g = (struct notebook_given){notebook_print_upload_id(id), job, (uint32_t)i + 1};
		table_add(&nb->by_given, notebook_mix(g->print), nb->given_n);
	}
	json_object_put(o);
}

static void
take_job(struct notebook *nb, const char *line, size_t n)
{
	const char *at = line, *end = line + n, *more;
	char batch[BATCH_NAME_MAX + 1];
	uint64_t id, items = 0;
	struct notebook_known_job *j;

	if (!scan_text(&at, end, "{\"job\":") || !scan_number(&at, end, &id) || !scan_text(&at, end, ",\"batch\":\"") ||
	    !scan_word(&at, end, batch, BATCH_NAME_MAX) || root_name_check(batch))
		return;
	j = add_job(nb, id, batch);
	more = scan_after(at, (size_t)(end - at), "\"items\":");
	if (more && scan_number(&more, end, &items))
		j->items = items;
	if (scan_after(at, (size_t)(end - at), "\"upload_ids\":["))
		add_given(nb, (uint32_t)(j - nb->jobs), line, n);
}

static uint16_t
find_mime(struct notebook *nb, const char *name)
{
	for (uint32_t i = 0; i < nb->mimes_n; i++)
		if (strcmp(nb->mimes[i].name, name) == 0)
			return (uint16_t)i;
	if (nb->mimes_n == MIMES_MAX)
		return MIMES_MAX - 1;
	nb->mimes = buf_realloc(nb->mimes, (nb->mimes_n + 1) * sizeof(*nb->mimes));
	nb->mimes[nb->mimes_n].name = buf_strdup(name);
	nb->mimes[nb->mimes_n].count = 0;
	return (uint16_t)nb->mimes_n++;
}

static void
set_newest(struct notebook *nb, struct notebook_entry *e, bool newest)
{
	if (newest == !!(e->flags & NOTEBOOK_NEWEST))
		return;
	e->flags ^= NOTEBOOK_NEWEST;
	nb->files += newest ? 1 : (size_t)-1;
	nb->mimes[e->mime].count += newest ? 1 : (size_t)-1;
}

static void
set_linked(struct notebook_entry *e, bool linked)
{
	e->flags &= (uint8_t)~NOTEBOOK_LINKED;
	if (linked)
		e->flags |= NOTEBOOK_LINKED;
}

static void
end_entry(struct notebook *nb, struct notebook_entry *e)
{
	uint32_t at = e->before;
	bool was_newest = e->flags & NOTEBOOK_NEWEST;

	if (!(e->flags & NOTEBOOK_LIVE))
		return;
	set_newest(nb, e, false);
	set_linked(e, false);
	e->flags &= (uint8_t)~NOTEBOOK_LIVE;
	while (was_newest && at) {
		struct notebook_entry *older = &nb->entries[at - 1];

		if (older->flags & NOTEBOOK_LIVE) {
			set_newest(nb, older, true);
			break;
		}
		at = older->before;
	}
}

/* Where a job keeps the entry of an item. */
static uint32_t *
place_of(struct notebook_known_job *j, uint32_t item)
{
	if (item > j->room) {
		uint32_t room = j->room ? j->room : j->items && j->items < 1 << 20 ? (uint32_t)j->items : 4;

		while (room < item)
			room = room > UINT32_MAX / 2 ? UINT32_MAX : room * 2;
		j->places = buf_realloc(j->places, room * sizeof(*j->places));
		memset(j->places + j->room, 0, (room - j->room) * sizeof(*j->places));
		j->room = room;
	}
	return &j->places[item - 1];
}

/* Makes the entry the latest of its file, its item and its knowledge item. It replaces the earlier entry of the same
 * item. */
static void
link_entry(struct notebook *nb, struct notebook_entry *e)
{
	uint32_t number = (uint32_t)(e - nb->entries) + 1, old;
	uint32_t *place = place_of(&nb->jobs[e->job], e->item);
	struct table_slot *slot;
	bool linked = e->knowledge != 0;

	if (*place) {
		struct notebook_entry *was = &nb->entries[*place - 1];

		/* Reading it twice changes nothing. */
		if (was->flags & NOTEBOOK_LIVE && was->knowledge == e->knowledge) {
			linked = was->flags & NOTEBOOK_LINKED;
			e->note = was->note;
		}
		end_entry(nb, was);
	}
	*place = number;
	old = notebook_entry_of_digest(nb, e->digest, &slot);
	e->before = old;
	if (old) {
		set_newest(nb, &nb->entries[old - 1], false);
		slot->item = number;
	} else {
		table_add(&nb->by_digest, print_of(e->digest), number);
	}
	e->flags = NOTEBOOK_LIVE;
	set_newest(nb, e, true);
	set_linked(e, linked);
	if (!e->knowledge)
		return;
	if (notebook_entry_of_knowledge(nb, e->knowledge, &slot))
		slot->item = number;
	else
		table_add(&nb->by_knowledge, notebook_mix(e->knowledge), number);
}

static bool
is_ours(const struct notebook *nb, const char *id)
{
	return notebook_is_file_id(id) && memcmp(id + 2, nb->digits, NOTEBOOK_NAME_DIGITS) == 0;
}

static void
take_file(struct notebook *nb, off_t where, const char *line, size_t n)
{
	const char *at = line, *end = line + n;
	char id[NOTEBOOK_FILE_ID + 1], batch[BATCH_NAME_MAX + 1], mime[NOTEBOOK_MIME_MAX + 1];
	struct notebook_entry e = {.at = where};
	uint64_t job = 0, to;

	if (!scan_text(&at, end, "{\"file\":\"") || !scan_word(&at, end, id, NOTEBOOK_FILE_ID) || !is_ours(nb, id) ||
	    !scan_text(&at, end, ",\"knowledge_item_id\":") ||
	    (!scan_number(&at, end, &e.knowledge) && !scan_text(&at, end, "null")) ||
	    !scan_text(&at, end, ",\"job\":") || !scan_number(&at, end, &job) ||
	    !scan_text(&at, end, ",\"batch\":\"") || !scan_word(&at, end, batch, BATCH_NAME_MAX) ||
	    root_name_check(batch) || !scan_text(&at, end, ",\"item\":") || !scan_item(&at, end, &e.item) ||
	    !scan_text(&at, end, ",\"to\":") || !scan_number(&at, end, &to) || !scan_text(&at, end, ",\"mime\":\"") ||
	    !scan_word(&at, end, mime, NOTEBOOK_MIME_MAX))
		return;
	notebook_read_digest(id, e.digest);
	e.mime = find_mime(nb, mime);
	e.job = (uint32_t)(add_job(nb, job, batch) - nb->jobs);
	nb->entries = grow_vector(nb->entries, nb->entries_n, &nb->entries_room, sizeof(*nb->entries));
	nb->entries[nb->entries_n++] = e;
	link_entry(nb, &nb->entries[nb->entries_n - 1]);
}

static void
take_delete(struct notebook *nb, const char *line, size_t n)
{
	const char *at = line, *end = line + n;
	unsigned char digest[NOTEBOOK_DIGEST];
	char id[NOTEBOOK_FILE_ID + 1];
	uint32_t e;

	if (!scan_text(&at, end, "{\"delete\":\"") || !scan_word(&at, end, id, NOTEBOOK_FILE_ID) || !is_ours(nb, id))
		return;
	for (e = notebook_entry_of_digest(nb, notebook_read_digest(id, digest), NULL); e; e = nb->entries[e - 1].before)
		end_entry(nb, &nb->entries[e - 1]);
}

/* Ends the file of one item; others may have its bytes too. */
static void
take_removal(struct notebook *nb, const char *line, size_t n)
{
	const char *at = line, *end = line + n;
	struct notebook_known_job *j;
	uint32_t item, known;
	uint64_t job = 0;

	if (!scan_text(&at, end, "{\"removed\":") || !scan_item(&at, end, &item) || !scan_text(&at, end, ",\"job\":") ||
	    !scan_number(&at, end, &job))
		return;
	known = notebook_known_job(nb, job);
	j = known ? &nb->jobs[known - 1] : NULL;
	if (j && item > 0 && item <= j->room && j->places[item - 1])
		end_entry(nb, &nb->entries[j->places[item - 1] - 1]);
}

/* Takes all entries with the bytes of E out of the knowledge base: readers see one file. */
static void
unlink_file(struct notebook *nb, const struct notebook_entry *e)
{
	for (uint32_t i = notebook_entry_of_digest(nb, e->digest, NULL); i; i = nb->entries[i - 1].before) {
		set_linked(&nb->entries[i - 1], false);
		nb->entries[i - 1].note = 0;
	}
}

static void
take_link(struct notebook *nb, off_t where, const char *line, size_t n)
{
	const char *at = line, *end = line + n;
	bool link = scan_text(&at, end, "{\"link\":");
	struct notebook_entry *e;
	uint64_t knowledge;
	uint32_t i;

	if ((!link && !scan_text(&at, end, "{\"unlink\":")) || !scan_number(&at, end, &knowledge))
		return;
	i = notebook_entry_of_knowledge(nb, knowledge, NULL);
	e = i ? &nb->entries[i - 1] : NULL;
	if (!e || !(e->flags & NOTEBOOK_LIVE))
		return;
	if (!link) {
		unlink_file(nb, e);
		return;
	}
	set_linked(e, true);
	e->note = 0;
	if (scan_after(at, (size_t)(end - at), "\"notes\":")) {
		nb->notes = grow_vector(nb->notes, nb->notes_n, &nb->notes_room, sizeof(*nb->notes));
		nb->notes[nb->notes_n++] = where;
		e->note = nb->notes_n;
	}
}

static bool
take_line(off_t at, const char *line, size_t n, void *arg)
{
	struct notebook *nb = arg;

	switch (n > 2 ? line[2] : '\0') {
	case 'f':
		take_file(nb, at, line, n);
		break;
	case 'j':
		take_job(nb, line, n);
		break;
	case 'd':
		take_delete(nb, line, n);
		break;
	case 'r':
		take_removal(nb, line, n);
		break;
	case 'l':
	case 'u':
		take_link(nb, at, line, n);
		break;
	default:
		break;
	}
	return true;
}

/* --- opening --- */

struct notebook *
notebook_open(const struct root *root, const char *name)
{
	int log = notebook_open_log(root, name, false);
	struct notebook *nb;

	if (log < 0) {
		if (errno == ENOTDIR || errno == ELOOP)
			errno = ENOENT;
		return NULL;
	}
	nb = buf_alloc(sizeof(*nb));
	nb->log = log;
	memcpy(nb->name, name, strlen(name));
	notebook_name_digits(name, nb->digits);
	if (notebook_refresh(nb) == 0)
		return nb;
	notebook_close(nb);
	return NULL;
}

void
notebook_close(struct notebook *nb)
{
	forget_log(nb);
	file_close(nb->log, 0);
	free(nb);
}

const char *
notebook_name(const struct notebook *nb)
{
	return nb->name;
}

int
notebook_refresh(struct notebook *nb)
{
	struct stat st;
	off_t end;

	if (fstat(nb->log, &st) < 0)
		return -1;
	if (st.st_nlink == 0)
		return file_fail(ESTALE);
	if (st.st_size == nb->read_to)
		return 0;
	if (st.st_size < nb->read_to) /* its end was lost */
		forget_log(nb);
	end = append_each(nb->log, nb->read_to, take_line, nb);
	if (end < 0) {
		forget_log(nb); /* a part of it was read */
		return -1;
	}
	nb->read_to = end;
	return 0;
}
