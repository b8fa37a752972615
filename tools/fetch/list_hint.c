#include "list_hint.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "files/file.h"
#include "records/list_line.h"

enum { HEAD = 4096, HINTS_MAX = 5 };

bool
list_is_pattern(const char *text)
{
	const char *bracket = strchr(text, '[');

	if (*text == '{' || strstr(text, "://"))
		return false;
	return strpbrk(text, "*?") || (bracket && strchr(bracket, ']'));
}

/* Whether a file of this name may be a list, so that few files need to be read. */
static bool
is_named_like_list(const char *file)
{
	static const char *const endings[] = {".txt", ".list", ".lst", ".url", ".urls",
					      ".csv", ".tsv",  ".xml", ".rss", ".atom"};
	const char *slash = strrchr(file, '/');
	const char *dot = strrchr(slash ? slash + 1 : file, '.');

	for (size_t i = 0; dot && i < sizeof(endings) / sizeof(*endings); i++)
		if (strcasecmp(dot, endings[i]) == 0)
			return true;
	return !dot;
}

static bool
is_url(const char *text)
{
	return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

/* Whether each complete line of the text is a URL, except for lines that are skipped. */
static bool
has_only_urls(const char *text, size_t n, bool is_cut)
{
	struct buf line = {0};
	size_t urls = 0;
	bool all = true;

	while (n > 0 && all) {
		const char *newline = memchr(text, '\n', n);
		size_t len = newline ? (size_t)(newline - text) : n;

		if (!newline && is_cut && urls > 0)
			break;
		buf_clear(&line);
		buf_add(&line, text, len);
		if (list_line_clean(&line)) {
			all = is_url(line.data);
			urls++;
		}
		len += newline ? 1 : 0;
		text += len;
		n -= len;
	}
	buf_free(&line);
	return all && urls > 0;
}

void
list_hint(const char *file)
{
	static unsigned hints;
	char head[HEAD + 1];
	struct stat st;
	const char *dot = strrchr(file, '.'), *option = NULL;
	ssize_t n;
	int fd;

	if (hints >= HINTS_MAX || !is_named_like_list(file))
		return;
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	n = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? file_read_at(fd, head, HEAD, 0) : 0;
	file_close(fd, 0);
	if (n <= 0)
		return; /* an unreadable file fails as an item */
	head[n] = '\0';
	if (has_only_urls(head, (size_t)n, n == HEAD))
		option = "";
	else if (dot && (strcasecmp(dot, ".csv") == 0 || strcasecmp(dot, ".tsv") == 0) && strstr(head, "://"))
		option = "";
	else if (strstr(head, "<urlset") || strstr(head, "<sitemapindex"))
		option = dot && strcasecmp(dot, ".xml") == 0 ? "" : "--list-format sitemap ";
	else if (strstr(head, "<rss") || strstr(head, "<feed"))
		option = dot && (strcasecmp(dot, ".xml") == 0 || strcasecmp(dot, ".rss") == 0 ||
				 strcasecmp(dot, ".atom") == 0)
				 ? ""
				 : "--list-format feed ";
	if (!option)
		return;
	hints++;
	msg_warn("'%s' is a list of URLs, and is stored as a file: to fetch what it lists, give %s--input %s", file,
		 option, file);
}
