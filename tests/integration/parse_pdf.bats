#!/usr/bin/env bats
# bi-parse: what is in PDF files.

load helpers
load pdf

# member of the one record that bi-parse makes of a file: parsed FILE JQ
parsed() {
	bi-parse "$1" | jq -c "$2"
}

# A picture that covers the page, as scanners make it.
scan='q 612 0 0 792 0 0 cm BI /W 2 /H 2 /CS /G /BPC 8 ID abcd EI Q'

@test 'pages that are pictures of text are named' {
	pdf_begin a.pdf
	pdf_catalog '' 10 20 30 40 50
	pdf_page 10 '' "$scan"
	pdf_page 20 '' "$(pdf_text 72 700 'A page with words.')"
	pdf_page 30 '' ''
	pdf_page 40 '' "$scan $(pdf_text 300 10 4)"
	pdf_page 50 '' '100 100 200 200 re f'
	pdf_end
	run -0 parsed a.pdf '[.status, .pages, .needs_ocr, .missing, .metadata.pages_without_text]'
	assert_output '["completed",5,true,["text"],"1, 4-5"]'
}

@test 'an empty page, and a page with a picture below its text, are not taken for scanned ones' {
	pdf_begin a.pdf
	pdf_catalog '' 10 20
	pdf_page 10 '' ''
	pdf_page 20 '' "$scan $(for y in {1..20}; do pdf_text 72 $((y * 20)) 'A line of text on a picture.'; done)"
	pdf_end
	run -0 parsed a.pdf '[.status, .pages, .needs_ocr, .missing, .metadata.pages_without_text]'
	assert_output '["completed",2,null,null,null]'
}
