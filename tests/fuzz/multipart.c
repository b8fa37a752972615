/* fuzz: tools/lib/http/multipart.c */
#include "fuzz.h"

#include "base/utf8.h"
#include "http/multipart.h"

static bool
on_part(const struct multipart_part *p, void *arg)
{
	struct buf label = {0};

	multipart_label(p->filename ? p->filename : "", &label);
	FUZZ_WANT(label.len > 0 && label.len <= MULTIPART_LABEL_MAX && !strchr(label.data, '/'));
	buf_printf(arg, "[%s %s %s]", p->name, label.data, p->type ? p->type : "-");
	buf_free(&label);
	return true;
}

static bool
on_bytes(const char *bytes, size_t n, void *arg)
{
	buf_add(arg, bytes, n);
	return true;
}

static bool
on_end(void *arg)
{
	buf_str(arg, "|");
	return true;
}

/* Reads a form in pieces of SIZE bytes. */
static enum multipart_state
take(const char *boundary, const char *bytes, size_t n, size_t size, struct buf *out)
{
	static const struct multipart_calls calls = {on_part, on_bytes, on_end};
	enum multipart_state s = MULTIPART_MORE;
	struct multipart m;

	multipart_begin(&m, boundary, &calls, out);
	for (size_t at = 0; at < n && s == MULTIPART_MORE; at += size) {
		char *piece = buf_alloc(size);
		size_t len = n - at < size ? n - at : size;

		memcpy(piece, bytes + at, len);
		s = multipart_feed(&m, piece, len);
		free(piece);
	}
	multipart_free(&m);
	buf_add(out, "", 0);
	return s;
}

/* The first byte is the size of the pieces, the first line the Content-Type. The pieces make no difference. */
FUZZ(multipart, NULL)
{
	const char *line = memchr(bytes, '\n', n);
	char *type = line ? fuzz_string(bytes + 1, (size_t)(line - bytes) - (line > bytes)) : NULL;
	char boundary[MULTIPART_BOUNDARY_MAX + 1];
	struct buf pieces = {0}, whole = {0};

	if (type && line > bytes && !multipart_boundary(type, boundary)) {
		size_t left = n - (size_t)(line + 1 - bytes);
		enum multipart_state s = take(boundary, line + 1, left, (unsigned char)*bytes % 16 + 1, &pieces);

		FUZZ_WANT(take(boundary, line + 1, left, left + 1, &whole) == s || left == 0);
		FUZZ_WANT(s == MULTIPART_BAD || (pieces.len == whole.len && strcmp(pieces.data, whole.data) == 0));
	}
	buf_free(&pieces);
	buf_free(&whole);
	free(type);
}
