#include "section.h"
#include "files/file.h"

enum { FLUSH = 1 << 16 };

int
section_begin(struct section *s, int temp)
{
	*s = (struct section){.part.fd = -1};
	return atomic_file_open(&s->part, temp);
}

int
section_flush(struct section *s, bool all)
{
	int rc = 0;

	if (s->text.len > 0 && (all || s->text.len >= FLUSH)) {
		rc = atomic_file_write(&s->part, s->text.data, s->text.len);
		buf_clear(&s->text);
	}
	return rc;
}

long long
section_copy(int fd, int out)
{
	char bytes[FLUSH];
	long long at = 0;
	ssize_t n;

	while ((n = file_read_at(fd, bytes, sizeof(bytes), at)) > 0) {
		if (file_write(out, bytes, (size_t)n) < 0)
			return -1;
		at += n;
	}
	return n < 0 ? -1 : at;
}

void
section_drop(struct section *s)
{
	atomic_file_drop(&s->part);
	buf_free(&s->text);
}
