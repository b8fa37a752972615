# shellcheck shell=bash
# PDF files for tests, object by object:
#
#	pdf_begin FILE
#	pdf_object NUMBER CONTENTS
#	pdf_stream NUMBER ENTRIES BYTES
#	pdf_end [TRAILER]
#
# The objects 1 and 2 are the catalog and the pages; 3 is the font Helvetica.

pdf_begin() {
	PDF=$1
	PDF_AT=()
	printf '%%PDF-1.7\n' >"$PDF"
}

pdf_object() {
	PDF_AT[$1]=$(stat -c %s "$PDF")
	printf '%d 0 obj\n%s\nendobj\n' "$1" "$2" >>"$PDF"
}

pdf_stream() {
	local LC_ALL=C

	pdf_object "$1" "<</Length ${#3} $2>>stream
$3
endstream"
}

# pdf_page NUMBER ENTRIES CONTENTS: a page, whose contents are object NUMBER + 1.
pdf_page() {
	pdf_object "$1" "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents $(($1 + 1)) 0 R/Resources<</Font<</F 3 0 R>>>>$2>>"
	pdf_stream $(($1 + 1)) '' "$3"
}

# pdf_text X Y TEXT [SIZE]: the operators that show a line.
pdf_text() {
	printf 'BT /F %d Tf %s %s Td (%s) Tj ET\n' "${4-12}" "$1" "$2" "$3"
}

# pdf_catalog ENTRIES PAGE...: the catalog, the font, and the list of pages.
pdf_catalog() {
	local catalog=$1 page kids=

	shift
	for page; do
		kids+="$page 0 R "
	done
	pdf_object 1 "<</Type/Catalog/Pages 2 0 R$catalog>>"
	pdf_object 2 "<</Type/Pages/Kids[$kids]/Count $#>>"
	pdf_object 3 '<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>'
}

pdf_end() {
	local at number=0 start

	start=$(stat -c %s "$PDF")
	{
		printf 'xref\n'
		for number in "${!PDF_AT[@]}"; do
			at=${PDF_AT[number]}
			printf '%d 1\n%010d 00000 n \n' "$number" "$at"
		done
		printf 'trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n' "$((number + 1))" "${1-}" "$start"
	} >>"$PDF"
}
