/*
 * handin: hands a batch in for a worker, as bi-api does, or stops in the middle.
 *
 *     handin [-n NOTEBOOK] [-p] [-s STEP] NAME ITEM...
 *
 * An ITEM is a URL, media:URL for what the page there shows, or @FILE for an upload of that file's bytes. With -p the
 * batch is for public addresses alone. With -s it stops before STEP ("batch", "items", "some": after the first half of
 * the items, "handing"), says so by a line, and goes on when its stdin ends; to be killed meanwhile. It prints the
 * name.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch/batch.h"
#include "batch/queue.h"
#include "notebook/notebook.h"

static const char *stop_at = "";

static void
step(const char *name)
{
	char byte;

	if (strcmp(stop_at, name) != 0)
		return;
	printf("%s\n", name);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

/* Copies FILE to uploads/K and returns its size. */
static long long
upload(const struct batch *b, const char *file, unsigned k)
{
	int dir = root_open_dir(batch_dirfd(b), "uploads", true), in = open(file, O_RDONLY | O_CLOEXEC), out;
	char name[16], piece[1 << 16];
	long long size = 0;
	ssize_t n;

	snprintf(name, sizeof(name), "%u", k);
	out = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (dir < 0 || in < 0 || out < 0)
		err(1, "cannot upload %s", file);
	while ((n = read(in, piece, sizeof(piece))) > 0) {
		if (write(out, piece, (size_t)n) != n)
			err(1, "cannot write an upload");
		size += n;
	}
	close(in);
	close(out);
	close(dir);
	return size;
}

static void
add(struct batch *b, const char *what, unsigned k)
{
	char where[16];
	struct buf text = {0};
	struct batch_ask ask = {.kind = "url", .where = what};

	if (*what == '@') {
		buf_printf(&text, "{\"upload\":%u,\"filename\":", k);
		buf_json(&text, strrchr(what, '/') ? strrchr(what, '/') + 1 : what + 1);
		buf_printf(&text, ",\"size\":%lld}", upload(b, what + 1, k));
		snprintf(where, sizeof(where), "%u", k);
		ask.kind = "upload";
		ask.where = where;
	} else {
		if (strncmp(what, "media:", 6) == 0) {
			ask.kind = "media";
			ask.where = what += 6;
		}
		buf_printf(&text, "{\"%s\":", ask.kind);
		buf_json(&text, what);
		buf_str(&text, "}");
	}
	ask.text = text.data;
	if (batch_add(b, &ask, 1) < 0)
		err(1, "cannot add an item");
	buf_free(&text);
}

static void
make(const struct root *root, const char *name, char **items, const struct batch_metadata *about)
{
	unsigned n = 0;
	struct batch *b;
	int fd = queue_make(root, name);

	if (fd < 0)
		err(1, "cannot make the queue's entry");
	step("batch");
	b = batch_open(root, name, BATCH_WORK, about);
	if (!b)
		err(1, "cannot make the batch");
	step("items");
	while (items[n]) {
		add(b, items[n], n + 1);
		if (++n == (about->items + 1) / 2)
			step("some");
	}
	if (batch_sync(b) < 0)
		err(1, "cannot sync");
	batch_close(b);
	if (about->notebook &&
	    notebook_add_job(
		    root, about->notebook,
		    &(struct notebook_job){.id = about->job_id, .batch = name, .type = "url_parse", .items = n}) < 0)
		err(1, "cannot add to the notebook");
	step("handing");
	queue_hand_in(fd);
}

int
main(int argc, char **argv)
{
	struct batch_metadata about = {0};
	struct root root;

	for (int c; (c = getopt(argc, argv, "n:ps:")) != -1;) {
		if (c == 'n')
			about.notebook = optarg;
		else if (c == 'p')
			about.public_only = true;
		else if (c == 's')
			stop_at = optarg;
		else
			return 2;
	}
	if (optind >= argc)
		return 2;
	root_open(&root, NULL, true);
	about.job_id = root_next_number(&root, "jobs");
	about.items = (uint64_t)(argc - optind - 1);
	make(&root, argv[optind], argv + optind + 1, &about);
	puts(argv[optind]);
	root_close(&root);
	return 0;
}
