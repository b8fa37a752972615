/* fuzz: tools/lib/hosts/disposition.c tools/lib/hosts/optout.c tools/lib/hosts/address.c tools/fetch/http_answer.c */
#include "fuzz.h"

#include "../../tools/fetch/http_answer.h"
#include "hosts/address.h"
#include "hosts/disposition.h"
#include "hosts/optout.h"

/* Lines as a server sends them. */
FUZZ(headers, NULL)
{
	char *text = fuzz_string(bytes, n), *rest = text, *line;
	struct answer a = {0};
	struct buf name = {0};

	answer_reset(&a);
	address_of_host_check(text);
	while ((line = strsep(&rest, "\n"))) {
		if (disposition_filename(&name, line))
			FUZZ_WANT(name.len > 0 && !strchr(name.data, '/'));
		optout_header("x-robots-tag", line, OPTOUT_AGENT);
		optout_meta("robots", line, OPTOUT_AGENT);
		answer_add_header(&a, line);
	}
	answer_validator(&a);
	answer_reset(&a);
	buf_free(&name);
	free(text);
}
