#include "mail/mail_head.h"

#include <string.h>
#include <strings.h>

enum { FROM_LINE_MAX = 1024 };

/* The length of the name of the header that N bytes begin with; 0: they begin with none (RFC 5322, 2.2). */
static size_t
header_name(const char *bytes, size_t n)
{
	size_t i = 0;

	while (i < n && bytes[i] > ' ' && bytes[i] <= '~' && bytes[i] != ':')
		i++;
	return i < n && bytes[i] == ':' ? i : 0;
}

static size_t
line_length(const char *bytes, size_t n)
{
	const char *end = memchr(bytes, '\n', n);

	return end ? (size_t)(end - bytes) + 1 : n;
}

size_t
mail_head_from_line(const char *bytes, size_t n)
{
	size_t len = line_length(bytes, n);

	if (n < 5 || memcmp(bytes, "From ", 5) != 0 || len > FROM_LINE_MAX || bytes[len - 1] != '\n')
		return 0;
	return header_name(bytes + len, n - len) > 0 ? len : 0;
}

bool
mail_head_is_mail(const char *bytes, size_t n)
{
	static const char *const names[] = {"From", "MIME-Version", "Content-Type", "To",
					    "Date", "Subject",      "Message-ID",   "Received"};
	enum { FROM = 1, VERSION = 2, TYPE = 4, RECEIVED = 128 };
	unsigned found = 0;

	for (size_t len, name; n > 0; bytes += len, n -= len) {
		len = line_length(bytes, n);
		name = header_name(bytes, len);
		if (name == 0 && (found == 0 || (*bytes != ' ' && *bytes != '\t')))
			break;
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (name == strlen(names[i]) && strncasecmp(bytes, names[i], name) == 0)
				found |= 1U << i;
	}
	return (found & (FROM | RECEIVED) && found > (FROM | VERSION | TYPE) && found != RECEIVED) ||
	       (found & VERSION && found & TYPE);
}
