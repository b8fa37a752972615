#include "shortfall.h"

#include <string.h>

#include "records/rec.h"

/* The value of a member of the metadata; NULL: there is none. */
static const char *
metadata_string(const struct answer *a, const char *key)
{
	struct json_object *metadata;

	return json_object_object_get_ex(a->about, "metadata", &metadata) ? rec_string(metadata, key) : NULL;
}

static bool
is_true(const struct answer *a, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(a->about, key, &value) && json_object_get_boolean(value);
}

static bool
has_text(const struct answer *a)
{
	return a->text.len > 0 && strspn(a->text.data, " \t\r\n\f") < a->text.len;
}

static bool
is_picture(const struct answer *a)
{
	const char *kind = rec_string(a->about, "kind");

	return kind && strcmp(kind, "image") == 0;
}

/* Begins a part of the sentence. */
static void
begin_part(struct buf *out)
{
	if (out->len > 0)
		buf_str(out, "; ");
}

static void
describe_missing(struct buf *out, const struct answer *a)
{
	struct json_object *missing;
	const char *between = "";

	if (!json_object_object_get_ex(a->about, "missing", &missing))
		return;
	for (size_t i = 0; i < json_object_array_length(missing); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(missing, i)), "text") == 0)
			buf_str(out, has_text(a) ? "a part of its text is not read" : "its text is not read");
	for (size_t i = 0; i < json_object_array_length(missing); i++) {
		const char *part = json_object_get_string(json_object_array_get_idx(missing, i));

		if (strcmp(part, "text") == 0)
			continue;
		if (!*between) {
			begin_part(out);
			buf_str(out, "left out: ");
		}
		buf_printf(out, "%s%s", between, part);
		between = ", ";
	}
}

/* Pages that are pictures of text, and why they were not read. */
static void
describe_scans(struct buf *out, const struct answer *a, bool ocr)
{
	const char *pages = metadata_string(a, "pages_without_text"), *why = metadata_string(a, "ocr_error");

	if (is_true(a, "needs_ocr")) {
		begin_part(out);
		buf_printf(out, "pages that are pictures of text%s%s", pages ? ": " : "", pages ? pages : "");
	}
	if (why) {
		begin_part(out);
		buf_printf(out, "OCR failed: %s", why);
	} else if (is_true(a, "needs_ocr") && !ocr)
		buf_str(out, " (--ocr LANGUAGES reads them)");
}

void
shortfall_describe(struct buf *out, const struct answer *a, bool ocr)
{
	const char *package = rec_string(a->about, "needs_package");

	describe_missing(out, a);
	describe_scans(out, a, ocr);
	if (is_true(a, "truncated")) {
		begin_part(out);
		buf_str(out, "its end is cut off");
	}
	if (out->len == 0 && !has_text(a))
		buf_printf(out, "it has no text%s",
			   !ocr && is_picture(a) ? " (--ocr LANGUAGES reads pictures of text)" : "");
	if (package)
		buf_printf(out, "%s install %s", out->len > 0 ? ":" : "to read more of it,", package);
}
