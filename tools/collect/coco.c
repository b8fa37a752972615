#include "coco.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/msg.h"
#include "confined/thumb.h"
#include "document.h"
#include "files/file.h"
#include "records/rec.h"
#include "section.h"
#include "store.h"

enum { IMAGES, ANNOTATIONS, CATEGORIES, SECTIONS, MEASURE = 16 };

struct coco {
	struct section sections[SECTIONS];
	struct json_object *licences; /* an array of {"id","name","url"} */
	struct thumber *thumber;      /* measures pictures */
	char *subject;                /* the id of the last category */
	long categories, images;
};

struct coco *
coco_begin(int temp)
{
	struct coco *c = buf_alloc(sizeof(*c));

	*c = (struct coco){.thumber = thumb_open(1), .licences = json_object_new_array()};
	for (size_t i = 0; i < SECTIONS; i++)
		c->sections[i].part.fd = -1;
	for (size_t i = 0; i < SECTIONS; i++)
		if (section_begin(&c->sections[i], temp) < 0) {
			coco_drop(c);
			return NULL;
		}
	return c;
}

/* Measures the picture FILE of the directory DIR. Returns 1, 0 with a message if it is not a picture, or -1 with
 * errno. */
static int
measure(struct coco *c, const struct document_file *f, int *width, int *height)
{
	struct thumb_job job = {.in = file_open(f->dir, f->file), .out = -1, .size = MEASURE};
	int error, rc = -1;

	if (job.in < 0)
		return -1;
	job.out = memfd_create("thumb", MFD_CLOEXEC);
	if (job.out >= 0) {
		thumb_start(c->thumber, &job);
		thumb_next(c->thumber, true);
		rc = job.end == THUMB_OK;
	}
	error = job.out < 0 ? errno : job.error;
	*width = job.owidth;
	*height = job.oheight;
	file_close(job.in, 0);
	file_close(job.out, 0);
	if (job.end == THUMB_UNREAD || job.end == THUMB_UNWRITTEN || job.end == THUMB_UNSTARTED || rc < 0)
		return file_fail(error);
	if (!rc)
		msg_warn("subject %s: %s is left out of the COCO document: its size cannot be measured: %s", f->id,
			 f->path, job.why);
	return rc;
}

/* Appends O, the entry NUMBER of its section, and frees it. */
static int
add_object(struct coco *c, size_t section, struct json_object *o, long number)
{
	struct section *s = &c->sections[section];

	buf_printf(&s->text, "%s%s", number > 1 ? ",\n" : "", rec_print(o));
	json_object_put(o);
	return section_flush(s, false);
}

static void
add_number(struct json_object *o, const char *key, long long n)
{
	json_object_object_add(o, key, json_object_new_int64(n));
}

/* The id of the subject's category, which is added if the file is the first of the subject. Returns -1 with errno. */
static long
take_category(struct coco *c, const struct document_file *f, struct json_object *choice)
{
	const char *name = rec_string(choice, "name"), *category = rec_string(choice, "category");
	struct json_object *o;

	if (c->subject && strcmp(c->subject, f->id) == 0)
		return c->categories;
	free(c->subject);
	c->subject = buf_strdup(f->id);
	o = json_object_new_object();
	add_number(o, "id", ++c->categories);
	rec_add_string(o, "name", name ? name : f->id);
	rec_add_string(o, "supercategory", category ? category : "subject");
	rec_add_string(o, "subject", f->id);
	return add_object(c, CATEGORIES, o, c->categories) < 0 ? -1 : c->categories;
}

/* The id of the first licence of the choice; 0: it has none. */
static long
take_licence(struct coco *c, struct json_object *choice)
{
	struct json_object *credit, *all, *first, *o;
	const char *name;
	size_t i, n = json_object_array_length(c->licences);

	if (!json_object_object_get_ex(choice, "credit", &credit) ||
	    !json_object_object_get_ex(credit, "licenses", &all) || json_object_array_length(all) == 0)
		return 0;
	first = json_object_array_get_idx(all, 0);
	name = choice_text(first, "name");
	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(c->licences, i);
		if (strcmp(choice_text(o, "name"), name) == 0 &&
		    strcmp(choice_text(o, "url"), choice_text(first, "url")) == 0)
			return (long)i + 1;
	}
	o = json_object_new_object();
	add_number(o, "id", (long)n + 1);
	rec_add_string(o, "name", name);
	rec_add_string(o, "url", choice_text(first, "url"));
	json_object_array_add(c->licences, o);
	return (long)n + 1;
}

static struct json_object *
make_image(struct coco *c, const struct document_file *f, struct json_object *choice, int width, int height)
{
	struct json_object *o = json_object_new_object(), *item = NULL;
	long licence = take_licence(c, choice);

	json_object_object_get_ex(choice, "item", &item);
	add_number(o, "id", c->images);
	add_number(o, "width", width);
	add_number(o, "height", height);
	rec_add_string(o, "file_name", f->path);
	if (licence)
		add_number(o, "license", licence);
	rec_add_filled(o, "coco_url", rec_string(item, "url"));
	return o;
}

static struct json_object *
make_annotation(const struct coco *c, struct json_object *choice, long category, int width, int height)
{
	struct json_object *o = json_object_new_object(), *box = json_object_new_array();
	struct json_object *attributes = json_object_new_object(), *v;
	const int sides[] = {0, 0, width, height};

	for (size_t i = 0; i < 4; i++)
		json_object_array_add(box, json_object_new_int(sides[i]));
	add_number(o, "id", c->images);
	add_number(o, "image_id", c->images);
	add_number(o, "category_id", category);
	json_object_object_add(o, "bbox", box);
	add_number(o, "area", (long long)width * height);
	json_object_object_add(o, "segmentation", json_object_new_array());
	add_number(o, "iscrowd", 0);
	if (json_object_object_get_ex(choice, "rank", &v))
		json_object_object_add(attributes, "rank", json_object_get(v));
	if (json_object_object_get_ex(choice, "reviewers", &v))
		json_object_object_add(attributes, "reviewers", json_object_get(v));
	json_object_object_add(o, "attributes", attributes);
	return o;
}

int
coco_add(struct coco *c, const struct document_file *f)
{
	struct json_object *choice = NULL;
	int width, height, is = measure(c, f, &width, &height);
	long category;

	if (is <= 0)
		return is;
	for (size_t i = 0; i < json_object_array_length(f->choices) && !choice; i++) {
		struct json_object *o = json_object_array_get_idx(f->choices, i);

		choice = strcmp(choice_text(o, "file"), f->file) == 0 ? o : NULL;
	}
	category = take_category(c, f, choice);
	if (category < 0)
		return -1;
	c->images++;
	if (add_object(c, IMAGES, make_image(c, f, choice, width, height), c->images) < 0)
		return -1;
	return add_object(c, ANNOTATIONS, make_annotation(c, choice, category, width, height), c->images);
}

/* Writes TEXT to OUT, and then the section. Returns the number of bytes, or -1 with errno. */
static long long
write_section(struct coco *c, const char *text, size_t section, int out)
{
	long long n;

	if (section_flush(&c->sections[section], true) < 0 || file_write(out, text, strlen(text)) < 0)
		return -1;
	n = section_copy(c->sections[section].part.fd, out);
	return n < 0 ? n : n + (long long)strlen(text);
}

long long
coco_end(struct coco *c, int out)
{
	static const char *const heads[SECTIONS] = {"],\n\"images\":[\n", "\n],\n\"annotations\":[\n",
						    "\n],\n\"categories\":[\n"};
	static const char tail[] = "\n]}\n";
	struct buf text = {0};
	long long n = 0, all = 0;

	buf_str(&text, "{\"info\":{\"description\":\"chosen pictures, from bi-collect\"},\n\"licenses\":[\n");
	for (size_t i = 0; i < json_object_array_length(c->licences); i++)
		buf_printf(&text, "%s%s", i ? ",\n" : "", rec_print(json_object_array_get_idx(c->licences, i)));
	for (size_t i = 0; i < SECTIONS && n >= 0; i++) {
		buf_str(&text, heads[i]);
		n = write_section(c, text.data, i, out);
		all += n;
		buf_clear(&text);
	}
	if (n >= 0 && file_write(out, tail, sizeof(tail) - 1) < 0)
		n = -1;
	buf_free(&text);
	return n < 0 ? -1 : all + (long long)sizeof(tail) - 1;
}

void
coco_drop(struct coco *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < SECTIONS; i++)
		section_drop(&c->sections[i]);
	thumb_close(c->thumber);
	json_object_put(c->licences);
	free(c->subject);
	free(c);
}
