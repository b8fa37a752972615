#include "serve.h"

#include <string.h>

bool
serve_is_home(const char *batch)
{
	return strcmp(batch, SERVE_HOME) == 0;
}

const char *
serve_access_name(enum serve_access access)
{
	static const char *const names[] = {"open", "private", "share"};

	return names[access];
}
