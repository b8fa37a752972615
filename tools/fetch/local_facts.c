#include "local_facts.h"

#include <string.h>

#include "base/when.h"
#include "records/rec.h"

bool
local_file_differs(struct json_object *result, const struct stat *st)
{
	const char *recorded = rec_string(result, "last_modified");
	char now[WHEN_EXACT_SIZE];

	return rec_number(result, "bytes", -1) != (long long)st->st_size ||
	       (recorded && strcmp(recorded, when_print_exactly(now, &st->st_mtim)) != 0);
}
