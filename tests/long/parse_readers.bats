#!/usr/bin/env bats
# bi-parse with the programs of share/parse/readers: pandoc, antiword, djvutxt and tesseract.

load ../integration/helpers

# parsed FILE JQ [OPTION ...]
parsed() {
	bi-parse -j "${@:3}" "$1" | jq -c "$2"
}

setup() {
	bi_setup
	cd "$BATS_TEST_TMPDIR" || return
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
}

@test "RTF, FictionBook, notebooks of Jupyter and DocBook, by pandoc" {
	printf '%s' "{\\rtf1\\ansi{\\info{\\title The title}{\\author Ada L}}Caf\\'e9 {\\b bold} *x* <b>\\par Second\\par}" >a.rtf
	run -0 parsed a.rtf '[.kind, .title, .author, .metadata.reader, .text, .missing]'
	assert_output '["document","The title","Ada L","pandoc","Café **bold** \\*x\\* \\<b\\>\n\nSecond\n",null]'
	# Each letter is there, in code pages, behind substitutes, and in tables.
	printf '%s' "{\\rtf1\\ansi\\ansicpg1251 \\'cf\\'f0 T\\u237?tulo \\u8220\\'93q\\u8221\\'94 {\\v gone}\\par cut {\\b here" >b.rtf
	run -0 parsed b.rtf '[.text, .truncated, .missing]'
	assert_output '["Пр Título “q”\n\ncut **here**\n",true,["hidden text"]]'
	cat >a.fb2 <<-'END'
		<?xml version="1.0" encoding="UTF-8"?><FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><description><title-info>
		<author><first-name>Ada</first-name><last-name>L</last-name></author><book-title>The book</book-title></title-info></description>
		<body><section><title><p>One</p></title><p>Hello <emphasis>you</emphasis></p></section></body></FictionBook>
	END
	run -0 parsed a.fb2 '[.title, .author, .text]'
	assert_output '["The book","Ada L","## One\n\nHello *you*\n"]'
	sed 's/UTF-8/windows-1251/; s/Hello/Привет/' a.fb2 | iconv -t CP1251 >c.fb2
	run -0 parsed c.fb2 '[.text, .metadata.charset]'
	assert_output '["## One\n\nПривет *you*\n","windows-1251"]'
	printf '{"cells":[{"cell_type":"markdown","metadata":{},"source":["# Head\\n","text $x^2$"]},{"cell_type":"code","execution_count":1,"metadata":{},"outputs":[],"source":["2+2"]}],"metadata":{"language_info":{"name":"python"}},"nbformat":4,"nbformat_minor":4}' >a.ipynb
	run -0 parsed a.ipynb .text
	assert_output '"# Head\n\ntext $x^2$\n\n``` python\n2+2\n```\n"'
	printf '<?xml version="1.0"?><article xmlns="http://docbook.org/ns/docbook"><title>The article</title><section><title>S</title><para>Text</para></section></article>' >a.dbk
	run -0 parsed a.dbk '[.title, .text]'
	assert_output '["The article","# S\n\nText\n"]'
	# One that is damaged, and one that asks for a file.
	printf '{"cells":[' >b.ipynb
	run -1 bi-parse -j b.ipynb
	assert_output --partial parse_damaged
	printf '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><article><para>&e;</para></article>' >b.dbk
	run bi-parse -j b.dbk
	refute_output --partial root:
}

@test "a bomb for pandoc ends by its memory or its time" {
	{ printf '{\\rtf1 '; head -c 40000000 /dev/zero | tr '\0' '{'; } >a.rtf
	run -1 bi-parse -j a.rtf
	assert_output --regexp 'parse_(memory|timeout|program_failed)|system_error'
}

@test "DOC by antiword, with paragraphs that have notes" {
	# A document of Word 2: 384 bytes of header, and characters of windows-1252.
	{
		printf '\333\245-%021d\200\1\0\0' 0 | tr 0 '\0'
		printf '\252\1\0\0%020d\052\0\0\0%0328d' 0 0 | tr 0 '\0'
		printf 'caf\351 na\357ve\rThe note\002 does not lose it.\rEnd\r'
		head -c 600 /dev/zero
	} >a.doc
	run -0 parsed a.doc '[.metadata.reader, .text]'
	assert_output '["antiword","café naïve  \nThe note\\[?\\] does not lose it.  \nEnd\n"]'
}

@test "DjVu by djvutxt, which opens its input by name" {
	vips black t.v 100 100 --bands 1
	vips linear t.v t.jpg 1 200
	c44 t.jpg t.djvu
	printf '(page 0 0 100 100 "hello djvu")' >t.txt
	djvused t.djvu -e 'select 1; set-txt t.txt' -s
	run -0 parsed t.djvu '[.kind, .text]'
	assert_output '["document","hello djvu\n"]'
}

@test "OCR of pictures and of pages of a PDF, by tesseract" {
	vips text t.v 'The quick brown fox jumps over the lazy dog' --dpi 200
	vips embed t.v u.v 50 50 1400 200
	vips invert u.v t.png
	run -0 parsed t.png '[.text, .metadata.ocr, .metadata.ocr_languages]' --ocr eng
	assert_output '["The quick brown fox jumps over the lazy dog\n","tesseract","eng"]'
	# Upright, though the picture is stored on its side.
	vips rot t.png r.v d270
	vips jpegsave r.v r.jpg
	# The tag Orientation, 6, in a segment of EXIF behind the first marker.
	{ head -c 2 r.jpg && printf '\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0' && tail -c +3 r.jpg; } >s.jpg
	run -0 parsed s.jpg .text --ocr eng
	assert_output --partial 'quick brown fox'
	vips copy t.png t.jpg
	{
		printf '%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[5 0 R 7 0 R 9 0 R 11 0 R]/Count 4>>endobj\n3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n'
		printf '4 0 obj<</Type/XObject/Subtype/Image/Width 1400/Height 200/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode/Length %d>>stream\n' "$(wc -c <t.jpg)"
		cat t.jpg
		printf '\nendstream endobj\n'
		n=5
		for c in 'q 500 0 0 71 50 600 cm /I Do Q' 'BT /F 12 Tf 72 700 Td (Second page) Tj ET' 'q 500 0 0 71 50 600 cm /I Do Q' ''; do
			printf '%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>/XObject<</I 4 0 R>>>>>>endobj\n' $n $((n + 1))
			printf '%d 0 obj<</Length %d>>stream\n%s\nendstream endobj\n' $((n + 1)) ${#c} "$c"
			n=$((n + 2))
		done
		printf 'trailer<</Root 1 0 R>>\n%%%%EOF\n'
	} >t.pdf
	run -0 parsed t.pdf '[.text, .pages, .metadata.ocr_pages, .needs_ocr]' --ocr eng
	assert_output '["The quick brown fox jumps over the lazy dog\n\fSecond page\n\fThe quick brown fox jumps over the lazy dog\n\f",4,2,null]'
	run -0 parsed t.pdf '.metadata.ocr_error' --ocr xyz
	assert_output --partial xyz.traineddata
}

@test "a program that computes for ever ends by its processor time" {
	mkdir -p config/bi
	printf '.foo text - %s spin\n' "$BI_BUILD/tests/reader_attack" >config/bi/readers
	printf 'x\n' >a.foo
	run -1 bi-parse -j --timeout 600 a.foo
	assert_output --partial parse_timeout
}
