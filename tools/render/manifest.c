#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "files/atomic_file.h"
#include "files/file.h"
#include "index_pages.h"
#include "manifest.h"

const char *const common_pages[COMMON] = {"subjects.json", "submit.html", "index.html"};

static const char magic[8] = "bipages3";

/* The head of .pages. A struct manifest_file for each later page of the index follows, a struct manifest_page for each
 * subject, and then the pieces of the pages. */
struct head {
	char magic[8];
	char programs[HASH_HEX];
	unsigned char whole[HASH_BYTES];
	struct manifest_file common[COMMON];
	uint64_t count;
};

/* Where .pages of COUNT subjects has subject I. */
static uint64_t
place_of(uint32_t count, uint32_t i)
{
	return sizeof(struct head) + (index_pages_count(count) - 1) * sizeof(struct manifest_file) +
	       (uint64_t)i * sizeof(struct manifest_page);
}

/* Where it has page number PAGE of the index, from 1. */
static off_t
place_of_index(uint32_t page)
{
	return (off_t)(sizeof(struct head) + (page - 1) * sizeof(struct manifest_file));
}

/* The properties of the file NAME that show whether it has changed. */
static struct manifest_file
file_state(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return (struct manifest_file){.size = -1};
	return (struct manifest_file){st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec};
}

static bool
is_as_it_was(const struct manifest_file *f, int dirfd, const char *name)
{
	struct manifest_file now = file_state(dirfd, name);

	return now.size >= 0 && now.size == f->size && now.seconds == f->seconds && now.nanoseconds == f->nanoseconds;
}

void
manifest_open(struct manifest *k, const struct render *r, const char *programs)
{
	struct head head;

	*k = (struct manifest){.fd = openat(r->dir, ".pages", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
	if (k->fd < 0 || file_read_exactly(k->fd, &head, sizeof(head), 0) < 0 ||
	    memcmp(head.magic, magic, sizeof(magic)) != 0 ||
	    memcmp(head.programs, programs, sizeof(head.programs)) != 0 || head.count > UINT32_MAX)
		return;
	k->same_programs = true;
	k->count = (uint32_t)head.count;
	memcpy(k->whole, head.whole, sizeof(k->whole));
	memcpy(k->common, head.common, sizeof(k->common));
}

void
manifest_close(struct manifest *k)
{
	file_close(k->fd, 0);
	k->fd = -1;
}

bool
manifest_common_is_unchanged(const struct manifest *k, const struct render *r, const unsigned char whole[HASH_BYTES])
{
	bool same = k->count == r->plan.count && memcmp(k->whole, whole, sizeof(k->whole)) == 0;

	for (size_t i = 0; i < COMMON && same; i++)
		same = is_as_it_was(&k->common[i], r->dir, common_pages[i]);
	for (uint32_t page = 1; page < index_pages_count(k->count) && same; page++) {
		struct manifest_file file;
		char name[INDEX_NAME];

		index_page_name(name, page);
		same = file_read_exactly(k->fd, &file, sizeof(file), place_of_index(page)) == 0 &&
		       is_as_it_was(&file, r->dir, name);
	}
	return same;
}

/* Whether the file has the pieces of P, which a truncated or overwritten file may lack. */
static bool
has_pieces(const struct manifest *k, const struct manifest_page *p)
{
	uint64_t end = p->at;
	struct stat st;

	for (size_t c = 0; c < COMMON; c++)
		end += p->length[c];
	return fstat(k->fd, &st) == 0 && p->at <= (uint64_t)st.st_size && end <= (uint64_t)st.st_size;
}

/* Whether the pages after the first of PAGES pages of a subject are there. */
static bool
has_further(const struct render *r, const char *first, uint32_t pages)
{
	char name[SUBJECT_MAX + FURTHER_NAME];

	for (uint32_t number = 2; number <= pages; number++) {
		further_page_name(name, sizeof(name), first, number);
		if (file_state(r->dir, name).size < 0)
			return false;
	}
	return true;
}

bool
manifest_page_is_unchanged(const struct manifest *k, const struct render *r, uint32_t i,
			   const unsigned char digest[HASH_BYTES], const char *name)
{
	struct manifest_page p;

	return i < k->count && file_read_exactly(k->fd, &p, sizeof(p), (off_t)place_of(k->count, i)) == 0 &&
	       memcmp(p.digest, digest, sizeof(p.digest)) == 0 && has_pieces(k, &p) &&
	       (!name || (is_as_it_was(&p.file, r->dir, name) && has_further(r, name, p.pages)));
}

int
manifest_begin(struct manifest_writer *k, const struct render *r)
{
	k->count = r->plan.count;
	k->end = place_of(k->count, k->count);
	return atomic_file_open(&k->part, r->temp);
}

int
manifest_add(struct manifest_writer *k, const struct render *r, uint32_t i, const unsigned char digest[HASH_BYTES],
	     const char *name, uint32_t pages, const struct buf pieces[COMMON])
{
	struct manifest_page p = {.at = k->end, .pages = pages};

	if (name)
		p.file = file_state(r->dir, name);
	memcpy(p.digest, digest, sizeof(p.digest));
	for (size_t c = 0; c < COMMON; c++) {
		if (pieces[c].len > UINT32_MAX ||
		    file_write_at(k->part.fd, pieces[c].data, pieces[c].len, (off_t)k->end) < 0)
			return -1;
		p.length[c] = (uint32_t)pieces[c].len;
		k->end += pieces[c].len;
	}
	return file_write_at(k->part.fd, &p, sizeof(p), (off_t)place_of(k->count, i));
}

int
manifest_copy(struct manifest_writer *k, const struct manifest *old, uint32_t i, struct buf pieces[COMMON])
{
	struct manifest_page p;
	uint64_t at;

	if (file_read_exactly(old->fd, &p, sizeof(p), (off_t)place_of(old->count, i)) < 0)
		return -1;
	at = p.at;
	p.at = k->end;
	for (size_t c = 0; c < COMMON; c++) {
		buf_clear(&pieces[c]);
		if (file_read_exactly(old->fd, buf_room(&pieces[c], p.length[c]), p.length[c], (off_t)at) < 0 ||
		    file_write_at(k->part.fd, pieces[c].data, p.length[c], (off_t)k->end) < 0)
			return -1;
		pieces[c].len = p.length[c];
		at += p.length[c];
		k->end += p.length[c];
	}
	return file_write_at(k->part.fd, &p, sizeof(p), (off_t)place_of(k->count, i));
}

int
manifest_publish(struct manifest_writer *k, const struct render *r, const char *programs,
		 const unsigned char whole[HASH_BYTES])
{
	struct head head = {.count = r->plan.count};

	memcpy(head.magic, magic, sizeof(magic));
	memcpy(head.programs, programs, sizeof(head.programs));
	memcpy(head.whole, whole, sizeof(head.whole));
	for (size_t i = 0; i < COMMON; i++)
		head.common[i] = file_state(r->dir, common_pages[i]);
	if (file_write_at(k->part.fd, &head, sizeof(head), 0) < 0)
		return -1;
	for (uint32_t page = 1; page < index_pages_count(k->count); page++) {
		struct manifest_file file;
		char name[INDEX_NAME];

		index_page_name(name, page);
		file = file_state(r->dir, name);
		if (file_write_at(k->part.fd, &file, sizeof(file), place_of_index(page)) < 0)
			return -1;
	}
	return atomic_file_publish(&k->part, r->dir, ".pages");
}
