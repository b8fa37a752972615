#include "list_feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "confined/feed.h"
#include "files/file.h"

enum { AT_ONCE = 1 << 16 };

struct list_feed {
	const char *name, *column;
	int from; /* the list; -1: all of it was read */
	int copy; /* the part read so far of a list that is not a file; -1: it is a file */
	size_t copied;
	struct feed *feed;
	bool is_read; /* FEED has its entries */
	unsigned long long entries, taken;
	struct json_object *json; /* of the entry returned last */
	int trouble;
};

static void
refuse_feed(struct list_feed *f, int code, const char *why)
{
	static const char index[] = "it is an index of ";

	msg_warn("nothing was taken from the list '%s': %s%s", f->name, why,
		 strncmp(why, index, sizeof(index) - 1) == 0
			 ? ". Fetch each of them, as with curl(1), and give it with --input"
			 : "");
	f->trouble = code;
	f->from = -1;
	feed_close(f->feed);
	f->feed = NULL;
}

static void
begin_feed(struct list_feed *f, int fd)
{
	f->from = -1;
	f->feed = feed_open(fd);
	if (!f->feed)
		refuse_feed(f, EX_OSERR, "bi-parse, which reads it in a confined process, cannot be started");
}

struct list_feed *
list_feed_open(const char *name, int fd, const char *column)
{
	struct list_feed *f = buf_alloc(sizeof(*f));
	struct stat st;

	*f = (struct list_feed){.name = name, .column = column, .from = fd, .copy = -1};
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) == 0)
		begin_feed(f, fd);
	else if ((f->copy = memfd_create("list", MFD_CLOEXEC)) < 0)
		refuse_feed(f, EX_OSERR, "there is no memory for it");
	return f;
}

void
list_feed_close(struct list_feed *f)
{
	if (!f)
		return;
	feed_close(f->feed);
	file_close(f->copy, 0);
	json_object_put(f->json);
	free(f);
}

int
list_feed_fd(const struct list_feed *f)
{
	return f->feed ? feed_fd(f->feed) : f->from;
}

int
list_feed_trouble(const struct list_feed *f)
{
	return f->trouble;
}

int
list_feed_fill(struct list_feed *f)
{
	char bytes[AT_ONCE];
	ssize_t n;

	if (f->from < 0)
		return 0; /* list_feed_next() goes on */
	do
		n = read(f->from, bytes, sizeof(bytes));
	while (n < 0 && errno == EINTR);
	if (n < 0 || (n > 0 && file_write(f->copy, bytes, (size_t)n) < 0))
		return -1;
	f->copied += (size_t)n;
	/* One byte too many shows that it is too long. */
	if (n == 0 || f->copied > FEED_BYTES)
		begin_feed(f, f->copy);
	return 0;
}

/* Whether the entry must be fetched. */
static bool
is_wanted(const struct list_feed *f, struct json_object *o)
{
	const char *from = rec_string(o, "from");

	if (f->column)
		return from && strcmp(from, f->column) == 0;
	return !(from && strcmp(from, "link") == 0 && json_object_object_get_ex(o, "others", NULL));
}

enum rec_kind
list_feed_next(struct list_feed *f, struct rec *out)
{
	char why[FEED_WHY];

	*out = (struct rec){0};
	json_object_put(f->json);
	f->json = NULL;
	if (f->feed && !f->is_read) {
		int rc = feed_go_on(f->feed, why);

		f->is_read = rc > 0;
		if (rc < 0)
			refuse_feed(f, rc == FEED_TROUBLE ? EX_OSERR : EX_DATAERR, why);
	}
	if (f->trouble)
		return out->kind = REC_EOF;
	if (!f->is_read)
		return out->kind = REC_MORE;
	while ((f->json = feed_next(f->feed))) {
		f->entries++;
		if (is_wanted(f, f->json))
			break;
		json_object_put(f->json);
	}
	if (!f->json) {
		if (f->taken == 0)
			msg_warn("the list '%s' has no URLs%s%s", f->name, f->column ? " of the kind " : "",
				 f->column ? f->column : "");
		return out->kind = REC_EOF;
	}
	f->taken++;
	json_object_object_del(f->json, "from");
	json_object_object_del(f->json, "others");
	out->line = f->entries;
	out->json = f->json;
	out->text = rec_print(f->json);
	out->len = strlen(out->text);
	return out->kind = REC_JSON;
}
