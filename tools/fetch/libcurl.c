/*
 * libcurl: the functions of libcurl that bi-fetch calls, under their own names. The library is loaded when the first of
 * them is called: with the thirty libraries that it needs, it takes five sixths of the processor time of a start, and a
 * run that only adds items to a batch needs none of them.
 *
 * A function that is missing here is reported by the linker. The prototypes are those of <curl/curl.h>.
 */
#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>

#include "base/msg.h"

/* The name of the binary interface that <curl/curl.h> describes. */
static const char file[] = "libcurl.so.4";

#define FUNCTIONS(X)                \
	X(curl_easy_cleanup)        \
	X(curl_easy_getinfo)        \
	X(curl_easy_init)           \
	X(curl_easy_pause)          \
	X(curl_easy_setopt)         \
	X(curl_easy_strerror)       \
	X(curl_easy_unescape)       \
	X(curl_free)                \
	X(curl_getdate)             \
	X(curl_global_init)         \
	X(curl_multi_add_handle)    \
	X(curl_multi_assign)        \
	X(curl_multi_cleanup)       \
	X(curl_multi_info_read)     \
	X(curl_multi_init)          \
	X(curl_multi_remove_handle) \
	X(curl_multi_setopt)        \
	X(curl_multi_socket_action) \
	X(curl_share_cleanup)       \
	X(curl_share_init)          \
	X(curl_share_setopt)        \
	X(curl_slist_append)        \
	X(curl_slist_free_all)      \
	X(curl_url)                 \
	X(curl_url_cleanup)         \
	X(curl_url_dup)             \
	X(curl_url_get)             \
	X(curl_url_set)             \
	X(curl_version_info)

#define MEMBER(name) __typeof__(name) *name; /* NOLINT(bugprone-macro-parentheses): it declares the name */
static struct {
	FUNCTIONS(MEMBER)
} loaded;

static void *
find(void *library, const char *name)
{
	void *function = dlsym(library, name);

	if (!function)
		msg_die(EX_OSERR, "%s has no function %s: install the package libcurl4 of this system again", file,
			name);
	return function;
}

static void
load(void)
{
	void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);

	if (!library)
		msg_die(EX_OSERR, "libcurl cannot be loaded: %s: install the package libcurl4", dlerror());
/* POSIX lets a pointer to a function be stored so. */
#define LOAD(name) *(void **)&loaded.name = find(library, #name);
	FUNCTIONS(LOAD)
	if (loaded.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		msg_die(EX_OSERR, "libcurl does not start");
}

/* A pointer to the function NAME of the library. */
#define FUNCTION(name) (library_load(), loaded.name)

static void
library_load(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
}

/* --- with an argument whose type depends on the option --- */

CURLcode(curl_easy_setopt)(CURL *easy, CURLoption option, ...)
{
	CURLcode code;
	va_list more;

	va_start(more, option);
	if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB)
		code = FUNCTION(curl_easy_setopt)(easy, option, va_arg(more, curl_off_t));
	else if (option < CURLOPTTYPE_OBJECTPOINT)
		code = FUNCTION(curl_easy_setopt)(easy, option, va_arg(more, long));
	else
		code = FUNCTION(curl_easy_setopt)(easy, option, va_arg(more, void *));
	va_end(more);
	return code;
}

CURLcode(curl_easy_getinfo)(CURL *easy, CURLINFO info, ...)
{
	CURLcode code;
	va_list more;

	va_start(more, info);
	code = FUNCTION(curl_easy_getinfo)(easy, info, va_arg(more, void *));
	va_end(more);
	return code;
}

CURLMcode(curl_multi_setopt)(CURLM *multi, CURLMoption option, ...)
{
	CURLMcode code;
	va_list more;

	va_start(more, option);
	if (option < (CURLMoption)CURLOPTTYPE_OBJECTPOINT)
		code = FUNCTION(curl_multi_setopt)(multi, option, va_arg(more, long));
	else
		code = FUNCTION(curl_multi_setopt)(multi, option, va_arg(more, void *));
	va_end(more);
	return code;
}

/* Only which data are shared is ever set. */
CURLSHcode(curl_share_setopt)(CURLSH *share, CURLSHoption option, ...)
{
	CURLSHcode code;
	va_list more;

	va_start(more, option);
	code = FUNCTION(curl_share_setopt)(share, option, va_arg(more, int));
	va_end(more);
	return code;
}

/* --- the others --- */

/* NOLINTBEGIN(bugprone-macro-parentheses): types and lists of parameters take none. */
#define FORWARD(type, name, parameters, arguments) \
	type(name) parameters                      \
	{                                          \
		return FUNCTION(name) arguments;   \
	}
#define FORWARD_VOID(name, parameters, arguments) \
	void(name) parameters                     \
	{                                         \
		FUNCTION(name) arguments;         \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

#if LIBCURL_VERSION_NUM < 0x080000
#define CONST
#else
#define CONST const
#endif

FORWARD_VOID(curl_easy_cleanup, (CURL * easy), (easy))
FORWARD(CURL *, curl_easy_init, (void), ())
FORWARD(CURLcode, curl_easy_pause, (CURL * easy, int what), (easy, what))
FORWARD(const char *, curl_easy_strerror, (CURLcode code), (code))
FORWARD(char *, curl_easy_unescape, (CURL * easy, const char *text, int n, int *out), (easy, text, n, out))
FORWARD_VOID(curl_free, (void *text), (text))
FORWARD(time_t, curl_getdate, (const char *text, const time_t *unused), (text, unused))
FORWARD(CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL *easy), (multi, easy))
FORWARD(CURLMcode, curl_multi_assign, (CURLM * multi, curl_socket_t fd, void *arg), (multi, fd, arg))
FORWARD(CURLMcode, curl_multi_cleanup, (CURLM * multi), (multi))
FORWARD(CURLMsg *, curl_multi_info_read, (CURLM * multi, int *left), (multi, left))
FORWARD(CURLM *, curl_multi_init, (void), ())
FORWARD(CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL *easy), (multi, easy))
FORWARD(CURLMcode, curl_multi_socket_action, (CURLM * multi, curl_socket_t fd, int what, int *running),
	(multi, fd, what, running))
FORWARD(CURLSHcode, curl_share_cleanup, (CURLSH * share), (share))
FORWARD(CURLSH *, curl_share_init, (void), ())
FORWARD(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text), (list, text))
FORWARD_VOID(curl_slist_free_all, (struct curl_slist * list), (list))
FORWARD(CURLU *, curl_url, (void), ())
FORWARD_VOID(curl_url_cleanup, (CURLU * url), (url))
FORWARD(CURLU *, curl_url_dup, (CONST CURLU * url), (url))
FORWARD(CURLUcode, curl_url_get, (CONST CURLU * url, CURLUPart part, char **text, unsigned flags),
	(url, part, text, flags))
FORWARD(CURLUcode, curl_url_set, (CURLU * url, CURLUPart part, const char *text, unsigned flags),
	(url, part, text, flags))
FORWARD(curl_version_info_data *, curl_version_info, (CURLversion which), (which))
