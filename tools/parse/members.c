#include "members.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "confined/unpack.h"

static struct unpack source;

bool
member_is_picture(const char *name)
{
	static const char *const endings[] = {".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"};
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (n > strlen(endings[i]) && strcasecmp(name + n - strlen(endings[i]), endings[i]) == 0)
			return true;
	return false;
}

void
members_free(struct members *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->v[i].name);
		free(m->v[i].bytes);
	}
	free(m->v);
	*m = (struct members){0};
}

bool
members_has(const struct members *m, const char *name)
{
	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->v[i].name, name) == 0)
			return true;
	return false;
}

const struct member_one *
members_find(const struct members *m, const char *name)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->v[i].bytes && strcmp(m->v[i].name, name) == 0)
			return &m->v[i];
	return NULL;
}

bool
members_fail(struct archive *a, const struct unpack *u, struct doc *d)
{
	const char *words = archive_error_string(a);

	words = words ? words : "it cannot be unpacked";
	switch (unpack_fault(a, u)) {
	case UNPACK_UNREAD:
		return doc_unread(d, u->failed);
	case UNPACK_ENCRYPTED:
		return doc_fail(d, "encrypted", "it is encrypted");
	case UNPACK_MEMORY:
		return doc_fail(d, "memory", "unpacking it needs too much memory");
	case UNPACK_UNSUPPORTED:
		return doc_fail(d, "unsupported", "it is of a kind that cannot be unpacked here: %s", words);
	case UNPACK_NOT:
	case UNPACK_DAMAGED:
		break;
	}
	return doc_fail(d, "damaged", "it is damaged or cut short: %s", words);
}

/* Unpacks the current entry of A. 1; 0 if it is too large; -1: A has the reason. */
static int
unpack_one(struct archive *a, struct member_one *one, size_t most)
{
	struct buf bytes = {0};

	for (;;) {
		char *room = buf_room(&bytes, 64 << 10);
		la_ssize_t n = archive_read_data(a, room, 64 << 10);

		if (n < 0 || bytes.len + (size_t)n > most) {
			buf_free(&bytes);
			return n < 0 ? -1 : 0;
		}
		if (n == 0)
			break;
		bytes.len += (size_t)n;
	}
	buf_str(&bytes, "");
	one->bytes = buf_realloc(bytes.data, bytes.len + 1);
	one->n = bytes.len;
	return 1;
}

/* Reads all entries: their names, and the bytes of those that WANTED selects (NULL: none). */
static bool
read_all(struct archive *a, struct doc *d, struct members *m, bool (*wanted)(const char *name))
{
	struct archive_entry *entry;
	size_t left = MEMBERS_MAX;
	int rc;

	while ((rc = archive_read_next_header(a, &entry)) != ARCHIVE_EOF) {
		const char *name = archive_entry_pathname(entry);
		struct member_one *one;

		if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
			return members_fail(a, &source, d);
		if (m->count == MEMBERS_COUNT)
			return doc_fail(d, "memory", "it has more than %d parts", MEMBERS_COUNT);
		if ((m->count & (m->count - 1)) == 0)
			m->v = buf_realloc(m->v, (m->count ? m->count * 2 : 1) * sizeof(*m->v));
		m->v[m->count] = (struct member_one){.name = buf_strdup(name ? name : "")};
		one = &m->v[m->count++];
		if (!wanted || !wanted(one->name))
			continue;
		if (archive_entry_is_encrypted(entry))
			return doc_fail(d, "encrypted", "it is encrypted");
		rc = unpack_one(a, one, left < MEMBER_MAX ? left : MEMBER_MAX);
		if (rc < 0)
			return members_fail(a, &source, d);
		if (rc == 0 && !member_is_picture(one->name))
			return doc_fail(d, "memory", "unpacked, it is too large to parse");
		d->truncated = d->truncated || rc == 0;
		left -= one->n;
	}
	return true;
}

bool
members_read(const struct request *r, struct doc *d, struct members *m, bool (*wanted)(const char *name))
{
	struct archive *a = unpack_new(&source, r->in);
	bool whole;

	*m = (struct members){0};
	if (!a)
		return doc_unread(d, errno);
	whole = archive_read_open1(a) == ARCHIVE_OK ? read_all(a, d, m, wanted) : members_fail(a, &source, d);
	archive_read_free(a);
	return whole;
}

bool
members_list(const struct request *r, struct doc *d, struct members *m)
{
	return members_read(r, d, m, NULL);
}

const char *
members_picture(const struct members *m, const char **saved, struct doc *d, const char *name, const char *alt)
{
	const struct member_one *one = members_find(m, name);
	size_t i = one ? (size_t)(one - m->v) : 0;

	if (!one)
		return NULL;
	if (!saved[i])
		saved[i] = doc_image(d, one->bytes, one->n, alt);
	return saved[i];
}
