/* fuzz: tools/parse/office/zip_documents.c tools/parse/office/members.c tools/lib/confined/unpack.c */
#include "parsing.h"

FUZZ(archive, packed_load)
{
	fuzz_parse(packed_parse, bytes, n, "", "a.zip");
}
