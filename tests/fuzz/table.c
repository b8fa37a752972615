/* fuzz: tools/lib/records/table_input.c tools/lib/records/table_head.c */
#include "fuzz.h"

#include <unistd.h>

#include "records/table_head.h"

FUZZ(table, NULL)
{
	int fd = fuzz_file(bytes, n);
	struct table_input *t = table_input_open(fd);
	struct table_head head = {0};
	enum table_input_next next;
	struct table_row row;
	char wrong[256];

	table_input_is_plain(t);
	while ((next = table_input_next(t, &row)) != TABLE_INPUT_END) {
		FUZZ_WANT(next == TABLE_INPUT_ROW ? row.count > 0 : *row.wrong);
		if (next == TABLE_INPUT_ROW && head.names)
			json_object_put(table_head_object(&head, &row, wrong, sizeof(wrong)));
		else if (next == TABLE_INPUT_ROW)
			table_head_take(&head, &row);
	}
	table_head_free(&head);
	table_input_close(t);
	close(fd);
}
