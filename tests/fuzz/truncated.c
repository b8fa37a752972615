/* fuzz: tools/lib/hosts/truncated.c */
#include "fuzz.h"

#include <unistd.h>

#include "hosts/truncated.h"

/* The first byte is the type. */
FUZZ(truncated, NULL)
{
	static const char *const types[] = {"image/jpeg", "image/png",       "image/gif",      "image/webp",
					    "audio/wav",  "application/pdf", "application/zip"};
	size_t skip = n > 0;
	int fd = fuzz_file(bytes + skip, n - skip);

	truncated_check(fd, n - skip, types[skip ? (unsigned char)*bytes % 7 : 0], NULL, 0);
	truncated_check(fd, n - skip, types[skip ? (unsigned char)*bytes % 7 : 0], bytes + skip, n - skip);
	close(fd);
}
