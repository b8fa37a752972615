#include "office/members.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
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
	free(m->order);
	*m = (struct members){0};
}

/* --- names --- */

static const struct members *sorted; /* for compare_names() */

static int
compare_names(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	int order = strcasecmp(sorted->v[i].name, sorted->v[k].name);

	return order ? order : i < k ? -1 : i > k;
}

static void
sort_names(struct members *m)
{
	m->order = buf_alloc((m->count + 1) * sizeof(*m->order));
	for (size_t i = 0; i < m->count; i++)
		m->order[i] = (uint32_t)i;
	sorted = m;
	qsort(m->order, m->count, sizeof(*m->order), compare_names);
}

/* The first place in the order whose name is not before NAME. */
static size_t
first_place(const struct members *m, const char *name)
{
	size_t low = 0, high = m->order ? m->count : 0;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcasecmp(m->v[m->order[middle]].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
members_has(const struct members *m, const char *name)
{
	for (size_t i = first_place(m, name); m->order && i < m->count; i++) {
		const char *other = m->v[m->order[i]].name;

		if (strcmp(other, name) == 0)
			return true;
		if (strcasecmp(other, name) != 0)
			break;
	}
	return false;
}

const struct member_one *
members_find(const struct members *m, const char *name)
{
	const struct member_one *like = NULL;

	for (size_t i = first_place(m, name); m->order && i < m->count; i++) {
		const struct member_one *one = &m->v[m->order[i]];

		if (strcasecmp(one->name, name) != 0)
			break;
		if (one->bytes && strcmp(one->name, name) == 0)
			return one;
		if (one->bytes && !like)
			like = one;
	}
	return like;
}

bool
members_resolve(const char *from, const char *href, char out[MEMBER_NAME])
{
	const char *slash = strrchr(from, '/');
	size_t n = slash && *href != '/' ? (size_t)(slash - from) + 1 : 0;

	if (n >= MEMBER_NAME || strstr(href, "://"))
		return false;
	memcpy(out, from, n);
	href += *href == '/';
	while (*href && *href != '#' && *href != '?') {
		int octet = hex_octet(href, strnlen(href, 3));
		bool begins = n == 0 || out[n - 1] == '/';

		if (begins && strncmp(href, "../", 3) == 0) {
			n -= n > 0;
			while (n > 0 && out[n - 1] != '/')
				n--;
			href += 3;
			continue;
		}
		if (begins && strncmp(href, "./", 2) == 0) {
			href += 2;
			continue;
		}
		if (n + 1 == MEMBER_NAME)
			return false;
		out[n++] = octet >= 0 ? (char)octet : *href == '\\' ? '/' : *href;
		href += octet >= 0 ? 3 : 1;
	}
	out[n] = '\0';
	return n > 0;
}

/* --- unpacking --- */

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

/* Unpacks the current entry of A, up to MOST bytes. False: A has the reason. */
static bool
unpack_one(struct archive *a, struct member_one *one, size_t most)
{
	struct buf bytes = {0};
	bool picture = member_is_picture(one->name);

	for (;;) {
		char *room = buf_room(&bytes, 64 << 10);
		la_ssize_t n = archive_read_data(a, room, 64 << 10);

		one->cut = n > 0 && bytes.len + (size_t)n > most;
		if (n < 0 || (one->cut && picture)) {
			buf_free(&bytes);
			return n > 0;
		}
		bytes.len += one->cut ? most - bytes.len : (size_t)n;
		if (n == 0 || one->cut)
			break;
	}
	buf_str(&bytes, "");
	one->bytes = buf_realloc(bytes.data, bytes.len + 1);
	one->n = bytes.len;
	return true;
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
		if (!wanted(one->name))
			continue;
		if (archive_entry_is_encrypted(entry))
			return doc_fail(d, "encrypted", "it is encrypted");
		if (!unpack_one(a, one, left < MEMBER_MAX ? left : MEMBER_MAX))
			return members_fail(a, &source, d);
		d->truncated = d->truncated || one->cut;
		m->cut = m->cut || (one->cut && one->bytes);
		left -= one->n;
	}
	d->truncated = d->truncated || source.cut || unpack_overlaps(a, &source, m->count) > 0;
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
	sort_names(m);
	return whole;
}

static void
add_flat(struct members *m, const char *name, struct buf *bytes)
{
	m->v = buf_grow(m->v, m->count, sizeof(*m->v));
	m->v[m->count++] = (struct member_one){.name = buf_strdup(name), .bytes = bytes->data, .n = bytes->len};
	*bytes = (struct buf){0};
}

bool
members_flat(const struct request *r, struct doc *d, struct members *m)
{
	struct buf bytes = {0}, meta = {0};
	const char *from, *to;
	bool cut = false;

	*m = (struct members){0};
	if (!request_read(r, d, MEMBER_MAX, &bytes, &cut)) {
		buf_free(&bytes);
		return false;
	}
	d->truncated = d->truncated || cut;
	from = strstr(bytes.data, "<office:meta>");
	to = from ? strstr(from, "</office:meta>") : NULL;
	if (to) {
		buf_add(&meta, from, (size_t)(to - from) + strlen("</office:meta>"));
		add_flat(m, "meta.xml", &meta);
	}
	add_flat(m, "content.xml", &bytes);
	sort_names(m);
	return true;
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
