#!/usr/bin/env bats
# bi-parse: what is in files, and what it does with files that are not what they should be.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr

load helpers

pages=$BATS_TEST_DIRNAME/../pages

setup_file() {
	vips black "$BATS_FILE_TMPDIR/dog.png" 30 20 --bands 3
}

# member of the one record that bi-parse makes of a file: parsed FILE JQ
parsed() {
	bi-parse "$1" | jq -c "$2"
}

# pack ARCHIVE FILE...: a ZIP of files of the working directory.
pack() {
	rm -f "$1"
	zip -q -X "$@"
}

# le N BYTES: a number as so many bytes, the lowest first.
le() {
	local i n=$1

	for ((i = 0; i < $2; i++)); do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\x$(printf %02x $((n & 255)))"
		n=$((n >> 8))
	done
}

# pdf [TRAILER] <TEXT: a page for each line of the text. Without an xref table: poppler makes that itself.
pdf() {
	local line n=10 kids=''

	printf '%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n'
	printf '4 0 obj<</Title(The report)/Author(Ada Lovelace)/CreationDate(D:20240102030405Z)>>endobj\n'
	while read -r line; do
		line="BT /F 12 Tf 72 700 Td ($line) Tj ET"
		printf '%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>>>endobj\n' \
			"$n" "$((n + 1))"
		printf '%d 0 obj<</Length %d>>stream\n%s\nendstream endobj\n' "$((n + 1))" "${#line}" "$line"
		kids+="$n 0 R "
		n=$((n + 2))
	done
	printf '2 0 obj<</Type/Pages/Kids[%s]/Count %d>>endobj\ntrailer<</Root 1 0 R/Info 4 0 R%s>>\n%%%%EOF\n' \
		"$kids" "$(((n - 10) / 2))" "${1-}"
}

docx_parts() {
	mkdir -p word/_rels word/media docProps
	cat >word/document.xml <<-'END'
		<?xml version="1.0"?><w:document xmlns:w="w" xmlns:r="r" xmlns:wp="wp" xmlns:a="a"><w:body>
		<w:p><w:pPr><w:pStyle w:val="b1"/></w:pPr><w:r><w:t>Findings</w:t></w:r></w:p>
		<w:p><w:r><w:t xml:space="preserve">A </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>bo</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>ld</w:t></w:r><w:r><w:t xml:space="preserve"> word and </w:t></w:r><w:hyperlink r:id="r1"><w:r><w:t>a link</w:t></w:r></w:hyperlink><w:r><w:t>.</w:t></w:r><w:del><w:r><w:t>gone</w:t></w:r></w:del></w:p>
		<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="5"/></w:numPr></w:pPr><w:r><w:t>one</w:t></w:r></w:p>
		<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="5"/></w:numPr></w:pPr><w:r><w:t>below</w:t></w:r></w:p>
		<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="5"/></w:numPr></w:pPr><w:r><w:t>two</w:t></w:r></w:p>
		<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Who</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Times</w:t></w:r></w:p></w:tc></w:tr>
		<w:tr><w:tc><w:p><w:r><w:t>Dog</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>1</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
		<w:p><w:r><w:drawing><wp:docPr descr="A dog"/><a:blip r:embed="r2"/></w:drawing></w:r></w:p></w:body></w:document>
	END
	cat >word/styles.xml <<-'END'
		<w:styles xmlns:w="w"><w:style w:styleId="b1"><w:name w:val="heading 1"/></w:style></w:styles>
	END
	cat >word/numbering.xml <<-'END'
		<w:numbering xmlns:w="w"><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>
		<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum><w:num w:numId="5"><w:abstractNumId w:val="0"/></w:num></w:numbering>
	END
	cat >word/_rels/document.xml.rels <<-'END'
		<Relationships><Relationship Id="r1" Target="https://example.com/x"/><Relationship Id="r2" Target="media/dog.png"/></Relationships>
	END
	cat >docProps/core.xml <<-'END'
		<c:core xmlns:c="c" xmlns:dc="dc" xmlns:t="t"><dc:title>The report</dc:title><dc:creator>Ada</dc:creator><t:created>2024-01-02</t:created></c:core>
	END
	echo '<Types/>' >'[Content_Types].xml'
	cp "$BATS_FILE_TMPDIR/dog.png" word/media/
}

docx() {
	docx_parts
	pack "$1" '[Content_Types].xml' word/document.xml word/styles.xml word/numbering.xml word/_rels/document.xml.rels \
		word/media/dog.png docProps/core.xml
}

odt() {
	mkdir -p Pictures
	printf application/vnd.oasis.opendocument.text >mimetype
	cat >content.xml <<-'END'
		<o:content xmlns:o="o" xmlns:text="t" xmlns:style="s" xmlns:fo="f" xmlns:table="b" xmlns:draw="d" xmlns:xlink="x" xmlns:svg="v">
		<o:automatic-styles><style:style style:name="T1"><style:text-properties fo:font-weight="bold"/></style:style>
		<text:list-style style:name="L1"><text:list-level-style-number text:level="1"/></text:list-style></o:automatic-styles>
		<o:body><o:text><text:h text:outline-level="2">Head</text:h><text:p>Plain <text:span text:style-name="T1">bold</text:span>,<text:s/><text:a xlink:href="https://example.com/">a link</text:a><text:line-break/>next</text:p>
		<text:list text:style-name="L1"><text:list-item><text:p>one</text:p></text:list-item><text:list-item><text:p>two</text:p></text:list-item></text:list>
		<table:table><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell><table:table-cell><text:p>B</text:p></table:table-cell></table:table-row>
		<table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>x</text:p></table:table-cell></table:table-row></table:table>
		<text:p><draw:frame><draw:image xlink:href="Pictures/1.png"/><svg:title>Pic</svg:title></draw:frame></text:p></o:text></o:body></o:content>
	END
	echo '<m:meta xmlns:m="m" xmlns:dc="dc"><dc:title>Odd</dc:title><m:initial-creator>Bob</m:initial-creator></m:meta>' >meta.xml
	cp "$BATS_FILE_TMPDIR/dog.png" Pictures/1.png
	rm -f "$1"
	zip -q -X -0 "$1" mimetype
	zip -q -X "$1" content.xml meta.xml Pictures/1.png
}

epub() {
	mkdir -p META-INF OEBPS/t
	printf application/epub+zip >mimetype
	echo '<container><rootfiles><rootfile full-path="OEBPS/c.opf"/></rootfiles></container>' >META-INF/container.xml
	cat >OEBPS/c.opf <<-'END'
		<package xmlns:dc="dc"><metadata><dc:title>A book</dc:title><dc:creator>Eve</dc:creator><dc:language>fr</dc:language></metadata>
		<manifest><item id="b" href="t/2%20x.xhtml"/><item id="a" href="t/1.xhtml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>
	END
	echo '<html xmlns="x"><head><title/></head><body><a id="x"/><h1>One</h1><p>First <i>chapter</i>.</p><p><img src="../i.png" alt="I"/></p></body></html>' >OEBPS/t/1.xhtml
	echo '<html><body><h1>Two</h1><p>Second.</p></body></html>' >'OEBPS/t/2 x.xhtml'
	cp "$BATS_FILE_TMPDIR/dog.png" OEBPS/i.png
	rm -f "$1"
	zip -q -X -0 "$1" mimetype
	zip -q -X "$1" META-INF/container.xml OEBPS/c.opf OEBPS/t/1.xhtml 'OEBPS/t/2 x.xhtml' OEBPS/i.png
}

wav() {
	printf 'RIFF'; le 8074 4; printf 'WAVEfmt '; le 16 4; le 1 2; le 1 2; le 8000 4; le 8000 4; le 1 2; le 8 2
	printf 'LIST'; le 30 4; printf 'INFOINAM'; le 6 4; printf 'A song'; printf IART; le 4 4; printf 'Ada\0'
	printf data; le 8000 4; head -c 8000 /dev/zero
}

@test "addresses of a page that nobody knows the place of stay relative; --base is a URL; a URL is no file" {
	cat >page.html <<-'END'
		<title>x</title><p>There is <a href="sub/two%20.html#part">a link</a>, <a href="javascript:x()">another</a>,
		<a href="//elsewhere.test/y">a third</a>, <a href="#here">a fourth</a> and <a href="http://a.test/z">one more</a>
		and <img src="pictures/dog one.png" alt="a dog"></p>
	END
	assert_equal "$(parsed page.html '[.links[].url]')" '["sub/two%20.html#part","http://a.test/z"]'
	bi-parse --text page.html | grep -F '![a dog](pictures/dog%20one.png)'
	assert_equal "$(bi-parse --base http://b.test/d/ page.html | jq -c '[.links[].url]')" \
		'["http://b.test/d/sub/two%20.html","http://elsewhere.test/y","http://a.test/z"]'
	run -2 --separate-stderr bi-parse --base foo page.html
	assert_regex "$stderr" "--base takes a URL of http or https, not 'foo'"
	run -1 --separate-stderr bi-parse http://a.test/x.html
	assert_regex "$stderr" 'bi-fetch fetches URLs'
}

@test 'a page becomes its main text as Markdown, with what it says of itself' {
	run -0 parsed "$pages/news/bridge.html" '[.kind, .title, .language, .author, .date, .canonical_url, .metadata.site, .status, .mime]'
	assert_output '["page","Harbour bridge to close for six months of repairs","en-GB","Mairi Holt","2026-03-04T06:00:00+00:00","https://www.northport-courier.example/news/harbour-bridge-closure","Northport Courier","completed","text/html"]'
	run -0 parsed "$pages/news/bridge.html" '[.links[] | .url], [.media[] | .url]'
	assert_line --index 0 '["https://www.northport-courier.example/news/bridge-reports"]'
	assert_line --index 1 '["https://www.northport-courier.example/img/bridge-hangers.jpg"]'
	run -0 bi-parse --text "$pages/news/bridge.html"
	assert_line --index 0 '# Harbour bridge to close for six months of repairs'
	assert_line '## Who pays'
	assert_line "> It would not have been safe in three winters."
	assert_line --partial '[before the end of the month](https://www.northport-courier.example/news/bridge-reports)'
	refute_output --regexp 'cookie|Advertisement|Most read|Related|GrumpyNorthporter|All rights'
}

@test 'the answers of an accordion are text, and the menus that a button opens are not' {
	local long='Anybody who lives in the zone, and whose vehicle is registered there, may apply for one.'

	printf '<body><h1>Permits</h1><ul><li><button aria-expanded=false>Menu</button><ul hidden><li>Towns</ul></ul>%s' \
		"<div><button aria-expanded=false>Who may?</button><div hidden><p>$long</div></div>" \
		"<section><h3><button aria-expanded=true>How much?</button></h3><div aria-hidden=true>Sixty pounds a year for the first, and a hundred and ten for any other at the same address.</div></section>" \
		"<button aria-expanded=false aria-haspopup=true>Languages</button><div hidden>Welsh</div>" >a.html
	run -0 parsed a.html .text
	assert_output --partial 'Who may?'
	assert_output --partial "$long"
	assert_output --partial 'How much?'
	assert_output --partial 'Sixty pounds a year'
	refute_output --regexp 'Menu|Towns|Languages|Welsh'
}

@test 'of a page that shows nothing, the text in the data of its script is found' {
	local text='The goat arrived in March, and nobody in the village had ordered one &amp; nobody fed it.' id

	for id in 'id=__NEXT_DATA__' 'id=data class=state'; do
		printf '<body><div id=app>Loading</div><script type=application/json %s>{"a":[{"x":1,"html":"%s"},"short <p>"]}</script>' \
			"$id" "<h2>A goat</h2><p>$text</p><p>It stayed.</p>" >a.html
		run -0 parsed a.html .text
		assert_output --partial 'nobody in the village had ordered one & nobody fed it.'
		assert_output --partial 'It stayed.'
	done
	sed -i "s|Loading|<p>$text $text</p><p>$text</p>|; s|It stayed|It went|" a.html
	run -0 parsed a.html .text
	refute_output --partial 'It went'
}

@test 'short answers in a forum stay, also those that begin with the name of who asked' {
	local long='My nightly backup stops at eighty percent with an error, and there are many gigabytes left on that disk.'

	printf '<body><h1>Backup fails</h1>%s' \
		"<div itemprop=comment class='post row'><a rel=author>mirek</a><p>$long</p></div>" \
		"<div itemprop=comment class='post row'><a rel=author>anna</a><p>Count the inodes.</p></div>" \
		"<div itemprop=comment class='post row'><a rel=author>bo</a><blockquote>mirek wrote: $long</blockquote><p>Yes.</div>" >a.html
	run -0 parsed a.html .text
	assert_output --partial 'Count the inodes.'
	assert_output --partial 'Yes.'
}

@test "of the pages that are kept for it, nearly all of the main text is found, and little else" {
	run -0 "$BATS_TEST_DIRNAME/../bench/parse" -m
	[ "$(jq -n --argjson mean "${output% *}" --argjson lowest "${output#* }" '$mean > 0.97 and $lowest > 0.75')" = true ] ||
		fail "the mean F1 and the lowest are $output"
}

@test 'a PDF becomes its text by page, with what it says of itself' {
	printf 'First page\nSecond page\n' | pdf >a.pdf
	run -0 parsed a.pdf '[.kind, .title, .author, .date, .pages, .text]'
	assert_output '["pdf","The report","Ada Lovelace","2024-01-02T03:04:05Z",2,"First page\n\fSecond page\n"]'
}

@test 'a DOCX becomes headings, lists, tables, links and its pictures' {
	docx a.docx
	run -0 parsed a.docx '[.kind, .title, .author, .date, .links[0].url]'
	assert_output '["document","The report","Ada","2024-01-02","https://example.com/x"]'
	run -0 --separate-stderr bi-parse -t a.docx
	assert_output - <<-'END'
		# Findings

		A **bold** word and [a link](https://example.com/x).

		1.  one
		      - below
		2.  two

		| Who | Times |
		| --- | --- |
		| Dog | 1 |

		![A dog](image1.png)
	END
}

@test 'superscripts and subscripts of a DOCX stay apart' {
	docx_parts
	cat >word/document.xml <<-'END'
		<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>There are 10</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>6</w:t></w:r><w:r><w:t xml:space="preserve"> of H</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="subscript"/></w:rPr><w:t>2</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="baseline"/></w:rPr><w:t>O, x</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>ab</w:t></w:r><w:r><w:t>.</w:t></w:r></w:p></w:body></w:document>
	END
	pack scripts.docx '[Content_Types].xml' word/document.xml
	run -0 --separate-stderr bi-parse -t scripts.docx
	assert_output 'There are 10⁶ of H₂O, x^ab.'
}

@test 'an ODT and an EPUB become Markdown' {
	odt a.odt
	run -0 parsed a.odt '[.kind, .title, .author]'
	assert_output '["document","Odd","Bob"]'
	run -0 --separate-stderr bi-parse -t a.odt
	assert_output - <<-'END'
		## Head

		Plain **bold**, [a link](https://example.com/)  
		next

		1.  one
		2.  two

		| A | B |
		| --- | --- |
		| x | x |

		![Pic](image1.png)
	END
	epub a.epub
	run -0 parsed a.epub '[.kind, .title, .author, .language, .metadata.chapters]'
	assert_output '["book","A book","Eve","fr",2]'
	run -0 --separate-stderr bi-parse -t a.epub
	assert_output - <<-'END'
		# One

		First *chapter*.

		![I](image1.png)

		# Two

		Second.
	END
}

@test 'an archive becomes the list of its members' {
	mkdir d
	printf hello >d/x.txt
	tar czf a.tar.gz d
	zip -q -r a.zip d
	run -0 --separate-stderr bi-parse -t a.zip
	assert_line '  - `d/x.txt`, 5 bytes'
	run -0 parsed a.tar.gz '[.kind, .metadata.files]'
	assert_output '["archive",1]'
}

@test 'pictures, sound and film become their dimensions, duration and tags' {
	cp "$BATS_FILE_TMPDIR/dog.png" a.png
	run -0 parsed a.png '[.kind, .metadata.width, .metadata.height, .text]'
	assert_output '["image",30,20,""]'
	# EXIF: an ImageDescription, and where it was taken (GPSLatitudeRef N).
	vips black plain.jpg 12 8 --bands 3
	{
		printf '\377\330\377\341\000\106Exif\000\000MM\000*\000\000\000\010'
		printf '\000\002\001\016\000\002\000\000\000\010\000\000\000\046\210\045\000\004\000\000\000\001\000\000\000\056\000\000\000\000'
		printf 'a (b) c\000\000\001\000\001\000\002\000\000\000\002N\000\000\000\000\000\000\000'
		tail -c +3 plain.jpg
	} >a.jpg
	run -0 parsed a.jpg '[.metadata.width, .metadata.exif_ImageDescription, .metadata.exif_GPSLatitudeRef]'
	assert_output '[12,"a (b) c","N"]'
	wav >a.wav
	run -0 parsed a.wav '[.kind, .title, .author, .metadata.duration, .metadata.sample_rate, .metadata.audio_codec]'
	assert_output '["audio","A song","Ada",1,8000,"pcm_u8"]'
}

@test "a record says what is missing" {
	printf 'MZ\220\000\003\000\000\000\004\000' >a.exe
	head -c 3000 /dev/urandom >a.bin
	printf '<html><body><script>draw()</script></body></html>' >script.html
	: >empty.txt
	printf 'words\n' >words.txt
	run -0 bi-parse -j a.exe a.bin script.html empty.txt words.txt
	run -0 jq -sc 'map([.kind, .missing])[]' <<<"$output"
	assert_output '["file",["text"]]
["file",["text"]]
["page",["text"]]
["text",null]
["text",null]'
}

@test "a page that is cut off says so, and one that leaves out what may be left out does not" {
	local begin='<!doctype html><html><body><main><p>The quick brown fox jumps over the lazy dog, and walks home.'

	printf '%s' "$begin<p>cut he" >cut.html
	printf '%s' "$begin</main><script>var a" >script.html
	printf '%s' "$begin</main><p>whole" >p.html
	printf '%s' "$begin</body></html>" >body.html
	printf '%s' "${begin/<html><body>/}<p>whole" >fragment.html
	run -0 bi-parse -j cut.html script.html p.html body.html fragment.html
	assert_equal "$(jq -c .truncated <<<"$output" | tr '\n' ' ')" 'true true null null null '
}

@test "text is UTF-8, whatever it was" {
	local name

	printf 'H\344llo \200\r\nzwei\r' >latin.txt
	printf '\377\376h\000\344\000\n\000' >wide.txt
	printf '\357\273\277ol\303\251\n' >mark.txt
	printf 'h\000i\000!\000\n\000' >nomark.txt
	for name in japanese russian; do
		"$pages/expect" "nonlatin/$name.html" | jq -r .text >"$name.txt"
	done
	iconv -f UTF-8 -t SHIFT_JIS <japanese.txt >sjis.txt
	iconv -f UTF-8 -t WINDOWS-1251 <russian.txt >cyrillic.txt
	iconv -f UTF-8 -t SHIFT_JIS <<<"<html><body><p>$(head -n 4 japanese.txt)</p>" >sjis.html
	run -0 parsed latin.txt .text
	assert_output '"Hällo €\nzwei\n"'
	run -0 parsed wide.txt .text
	assert_output '"hä\n"'
	run -0 parsed mark.txt .text
	assert_output '"olé\n"'
	run -0 parsed nomark.txt .text
	assert_output '"hi!\n"'
	for name in sjis:japanese cyrillic:russian; do
		bi-parse -t "${name%:*}.txt" | diff - "${name#*:}.txt"
	done
	run -0 --separate-stderr bi-parse -t sjis.html
	assert_output --partial '港町の古い映画館'
	# what the record says of the character set counts
	run -0 bi-parse <<<"{\"path\":\"$PWD/latin.txt\",\"content_type\":\"text/plain; charset=koi8-r\"}"
	assert_output --partial 'HДllo'
	printf '# A title\n\nText *as it is*.\n' >note.md
	run -0 parsed note.md '[.kind, .title, .text, .metadata.lines]'
	assert_output '["text","A title","# A title\n\nText *as it is*.\n",3]'
	printf '{"a":[1]}\n' >a.json
	run -0 parsed a.json .text
	assert_output '"{\"a\":[1]}\n"'
}

@test "a character set that the bytes contradict does not count" {
	local stated

	for stated in iso-8859-1 windows-1251 shift_jis; do
		echo "<html><meta charset=$stated><body><p>Le café, l'été, la forêt et le château où l'on dîne</p>" >page.html
		run -0 --separate-stderr bi-parse -t page.html
		assert_output "Le café, l'été, la forêt et le château où l'on dîne"
		run -0 --separate-stderr bi-parse -t <<<"{\"path\":\"$PWD/page.html\",\"content_type\":\"text/html; charset=$stated\"}"
		assert_output --partial 'la forêt'
	done
	# stated to be UTF-8
	for stated in windows-1251 koi8-r; do
		iconv -f UTF-8 -t "$stated" <<-'END' >page.html
			<html><meta charset=utf-8><body><p>Паром между посёлком и островом снова ходит круглый год, и жители этому очень рады.</p>
		END
		run -0 --separate-stderr bi-parse -t page.html
		assert_output --partial 'снова ходит круглый год'
	done
	# a few invalid bytes do not make it another set
	printf '<html><meta charset=utf-8><body><p>Le caf\303\251, l\303\251t\303\251 et la for\303\252t \377 ensuite</p>' >page.html
	run -0 --separate-stderr bi-parse -t page.html
	assert_output --partial 'Le café'
	# what is stated and possible counts
	printf '<html><meta charset=iso-8859-1><body><p>Le caf\351 et la for\352t</p>' >page.html
	run -0 --separate-stderr bi-parse -t page.html
	assert_output 'Le café et la forêt'
}

@test "what is known and cannot be read fails, says why, and the rest goes on" {
	printf 'A page\n' | pdf >good.pdf
	head -c 200 good.pdf >cut.pdf
	printf 'A page\n' | pdf '/Encrypt<</Filter/Standard/V 1/R 2/O(12345678901234567890123456789012)/U(12345678901234567890123456789012)/P -4>>/ID[(a)(a)]' >locked.pdf
	docx a.docx
	head -c 700 a.docx >cut.docx
	printf '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><w:document xmlns:w="w"><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:document>' >word/document.xml
	pack entities.docx word/document.xml
	{ printf '<w:document xmlns:w="w">'; head -c 90000000 /dev/zero | tr '\0' ' '; } >word/document.xml
	pack bomb.docx word/document.xml
	: >META-INF
	printf '\211PNG\r\n\032\n\0\0\0\rIHDR\0\0' >cut.png
	mkdir dir
	run -1 --separate-stderr bi-parse cut.pdf good.pdf locked.pdf cut.docx entities.docx bomb.docx cut.png dir nothing
	[ "$(jq -rs '[.[] | .error.code // "ok"] | join(" ")' <<<"$output")" = \
		"parse_damaged ok parse_encrypted parse_damaged parse_damaged parse_memory parse_damaged not_a_file no_such_file" ] ||
		fail "$output"
	[ "$(jq -r 'select(.status == "failed") | .error.message | length > 10' <<<"$output" | sort -u)" = true ]
	assert_equal "$(wc -l <<<"$stderr")" 8
}

@test "what nothing is known of passes, and what is not what it is called is what it is" {
	head -c 3000 /dev/zero >zeros.bin
	: >empty.html
	echo '<html><title>A page</title><p>This is a page, whatever its name says of it, and has a sentence.' >page.pdf
	run -0 bi-parse zeros.bin empty.html
	assert_line --index 0 --partial '"kind":"file"'
	assert_line --index 1 --partial '"text":""'
	run -0 bi-parse <<<"{\"path\":\"$PWD/page.pdf\",\"mime\":\"application/pdf\"}"
	assert_output --partial '"title":"A page"'
}

@test "a picture that is cut short says so" {
	local ext

	vips gaussnoise noise.v 200 150
	vips cast noise.v n.v uchar
	for ext in jpg png gif webp; do
		vips copy n.v "whole.$ext"
		head -c $(($(stat -c %s "whole.$ext") * 2 / 3)) "whole.$ext" >"cut.$ext"
	done
	run -0 bi-parse -j whole.jpg whole.png whole.gif whole.webp cut.jpg cut.png
	run -0 jq -c '[.status, .truncated, .metadata.width]' <<<"$output"
	assert_equal "$(sort <<<"$output" | uniq -c | tr -s ' ')" ' 4 ["completed",null,200]
 2 ["completed",true,200]'
	# libvips opens none of these.
	run -1 --separate-stderr bi-parse -j cut.gif cut.webp
	assert_equal "$(jq -r .error.code <<<"$output")" $'parse_damaged\nparse_damaged'
}

@test "pages nested tens of thousands deep, and of many MB, end, and say what was cut off" {
	local paragraphs=70000 depth=30000

	# libgumbo takes the square of the depth.
	[ -z "${BI_LONG-}" ] || paragraphs=700000 depth=100000
	awk 'BEGIN { print "<html><body><p>On top is text, long enough to be a paragraph, with a comma or two, and a full stop at its very end."; for (i = 0; i < '$depth'; i++) printf "<div>x"; }' >deep.html
	awk 'BEGIN { for (i = 0; i < '$paragraphs'; i++) print "<p>Some words, in a paragraph, that goes on for a while, and then more of it.</p>" }' >long.html
	run -0 parsed deep.html '[.truncated, (.text | startswith("On top is text,"))]'
	assert_output '[true,true]'
	run -0 parsed long.html '[.truncated, (.text | length > 400000)]'
	assert_output '[true,true]'
}

@test "a record's line is never too long, and its text never cut inside a character" {
	awk 'BEGIN { for (i = 0; i < 200000; i++) printf "h\303\244\"\n" }' >many.txt
	run -0 bi-parse many.txt
	[ "${#output}" -le 1048576 ]
	run -0 jq -c '[.truncated, (.text | test("\ufffd"))]' <<<"$output"
	assert_output '[true,false]'
	bi-parse -t many.txt | cmp - many.txt
}

@test "records come out in order with what they came with; failed ones are passed on; an end record follows one" {
	local i

	printf 'A page\n' | pdf >a.pdf
	for i in {1..30}; do
		printf 'text %d\n' "$i" >"$i.txt"
		case $((i % 3)) in
		0) echo "{\"path\":\"a.pdf\",\"mine\":$i}" ;;
		1) echo "{\"path\":\"$i.txt\",\"mine\":$i}" ;;
		2) echo "{\"status\":\"failed\",\"error\":{\"code\":\"x\"},\"mine\":$i,\"path\":\"/none\"}" ;;
		esac
	done >records
	run -0 bi-parse -P 4 <records
	assert_equal "$(jq -c .mine <<<"$output" | tr '\n' ' ')" "$(seq -s ' ' 30) "
	[ "$(jq -c 'select(.status == "failed") | .error' <<<"$output" | sort -u)" = '{"code":"x"}' ]
	refute_output --partial '"end"'
	{ cat records; echo '{"end":"bi-fetch","exit":0}'; } >ended
	run -0 bi-parse <ended
	assert_line --index 30 '{"end":"bi-parse","parsed":20,"failed":0,"exit":0}'
	# a stream of results that stops is one that was cut off
	run -1 --separate-stderr bi-parse <<<'{"item":1,"status":"failed","error":{}}'
	assert_equal "$stderr" 'bi-parse: the input stopped without its end record: the program that wrote it was cut off; run it again'
	run -1 --separate-stderr bi-parse <<<$'{bad\n{"title":"x"}'
	[ "$(jq -r .error.code <<<"$output" | tr '\n' ' ')" = 'bad_json no_file ' ]
}

@test "results are kept in their batch: content, pictures, and an id that stays while the bytes do" {
	docx a.docx
	cp "$pages/blog/wordpress.html" b.html
	head -c 300 a.docx >c.docx
	run -1 bash -c 'bi-fetch -P 1 -b docs a.docx b.html c.docx | bi-parse -P 1 2>err'
	assert_equal "$(jq -c 'select(.item) | [.item, .status, .knowledge_item_id, .kind, .title, .content, .language]' <<<"$output")" \
		'[1,"completed",1,"document","The report","content/i1_1.json",null]
[2,"completed",2,"page","Why I stopped sharpening my own knives","content/i2_1.json","en-US"]
[3,"failed",null,null,null,null,null]'
	assert_equal "$(cat err)" ''
	cd "$BI_ROOT/batches/docs"
	[ ! -e content/i3_1.json ]
	cmp content/i1_1/image1.png "$BATS_TEST_TMPDIR/word/media/dog.png"
	[ ! -e content/i2_1 ]
	run -0 command jq -c '[.knowledge_item_id, .images, (.text | contains("![A dog](image1.png)")), (.sha256 | length), .links, .mime]' content/i1_1.json
	assert_output '[1,[{"name":"image1.png","mime":"image/png","bytes":'"$(stat -c %s content/i1_1/image1.png)"',"alt":"A dog"}],true,64,[{"url":"https://example.com/x"}],"application/vnd.openxmlformats-officedocument.wordprocessingml.document"]'
	[ -z "$(find "$BI_ROOT/temp" -type f)" ]
	# again: the same id, and no pictures that are not there any more
	echo >content/i1_1/image9.png
	bi-fetch -q -b docs "$BATS_TEST_TMPDIR/a.docx" | bi-parse >"$BATS_TEST_TMPDIR/again"
	assert_equal "$(jq -c 'select(.item).knowledge_item_id' "$BATS_TEST_TMPDIR/again")" 1
	[ "$(ls content/i1_1)" = image1.png ]
	# other bytes: another one
	sed -i 's/"sha256":"[0-9a-f]*"/"sha256":"'"$(printf '0%.0s' {1..64})"'"/' content/i1_1.json
	bi-fetch -q -b docs "$BATS_TEST_TMPDIR/a.docx" | bi-parse >"$BATS_TEST_TMPDIR/again"
	assert_equal "$(jq -c 'select(.item).knowledge_item_id' "$BATS_TEST_TMPDIR/again")" 3
}

@test "a batch that is not there, or has no such item, fails the item" {
	echo text >a.txt
	bi-fetch -q -b one a.txt >records
	sed -i '/"end"/d' records
	jq -c '.item = 7' records >seven
	jq -c '.batch = "other"' records >other
	jq -c '.batch = "../one"' records >dots
	run -1 --separate-stderr bi-parse -r "$BI_ROOT" < <(cat seven other dots)
	[ "$(jq -r .error.code <<<"$output" | tr '\n' ' ')" = 'no_such_item no_such_item no_such_item ' ]
	[ ! -e "$BI_ROOT/batches/other" ]
	# the root that the file is in, where none is given
	BI_ROOT=/nowhere run -1 bi-parse <records
	assert_output --partial '"knowledge_item_id":1'
}

@test "links in content/ are not followed" {
	echo text >a.txt
	bi-fetch -q -b one a.txt >records
	mkdir elsewhere
	ln -s "$PWD/elsewhere" "$BI_ROOT/batches/one/content"
	run -1 bi-parse <records
	assert_output --partial parse_not_kept
	[ -z "$(ls elsewhere)" ]
}

# The process that parses text for bi-parse $1.
server_of() {
	local pid

	for pid in $(<"/proc/$1/task/$1/children"); do
		! grep -qzx text "/proc/$pid/cmdline" || echo "$pid"
	done
}

# talk OPTION...: starts a bi-parse that is told names on $to and answers on $from; its process id is in $reader.
talk() {
	mkfifo in out
	# shellcheck disable=SC2016 # for that shell
	start bash -c 'exec bi-parse "$@" <in >out' bash "$@"
	reader=$!
	exec {to}>in {from}<out
}

@test "a process that is killed fails no document: what it had is parsed by another" {
	local reader server to from line

	talk -P 1 --json
	echo one >1.txt
	echo 1.txt >&"$to"
	read -r -t 120 -u "$from" line
	[ "$(jq -r .text <<<"$line")" = one ]
	# stopped, it has the next one for as long as it takes to kill it
	kill -STOP "$(server_of "$reader")"
	printf '1.txt\n1.txt\n1.txt\n' >&"$to"
	all_are_open() { [ "$(find "/proc/$reader/fd" -lname '*/1.txt' | wc -l)" -ge 3 ]; }
	poll 20 all_are_open
	kill -KILL "$(server_of "$reader")"
	read -r -t 120 -u "$from" line
	[ "$(jq -r .text <<<"$line")" = one ]
	read -r -t 120 -u "$from" line
	[ "$(jq -r .text <<<"$line")" = one ]
	read -r -t 120 -u "$from" line
	[ "$(jq -r .text <<<"$line")" = one ]
	# and one that is killed while it has nothing to do, fails nothing
	server=$(server_of "$reader")
	kill -KILL "$server"
	poll 20 gone "$server"
	echo 1.txt >&"$to"
	read -r -t 120 -u "$from" line
	[ "$(jq -r .text <<<"$line")" = one ]
	exec {to}>&-
	poll 20 gone "$reader"
}

@test "a process that parses and is kept from running is not the document's fault; one that computes too long is" {
	local reader to from line

	echo one >1.txt
	talk -P 1 --json --timeout 4
	echo 1.txt >&"$to"
	read -r -t 120 -u "$from" line
	kill -STOP "$(server_of "$reader")"
	echo 1.txt >&"$to"
	read -r -t 120 -u "$from" line
	[ "$(jq -r .text <<<"$line")" = one ]
	exec {to}>&-
	poll 20 gone "$reader"
	# On a machine that is so busy that it got no time, that is said instead.
	yes '<p>word <b>word</b> word</p>' | head -c 20000000 >long.html
	run -1 --separate-stderr bi-parse --json --timeout 1 long.html
	assert_regex "$(head -n 1 <<<"$output" | jq -r .error.code)" '^(parse_timeout|system_error)$'
}

@test "the processes that parse can open nothing" {
	local file

	need_strace
	printf 'A page\n' | pdf >a.pdf
	docx a.docx
	wav >a.wav
	cp "$pages/blog/wordpress.html" a.html
	vips black a.png 8 8
	for file in a.pdf a.docx a.wav a.html a.png; do
		ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat,open,socket,connect,execve,seccomp,recvmsg -o trace bi-parse "$file" >/dev/null
		# of each process what comes behind its seccomp
		awk '/seccomp\(.*= 0/ { p[$1] = 1 } p[$1]' trace >confined
		grep -q recvmsg confined
		run grep -E '(open|openat|socket|connect|execve)\(.*= [0-9]' confined
		assert_output ''
	done
}

@test '--serve is refused without a socket, or for an unknown format' {
	run -2 bash -c 'bi-parse --serve text </dev/null'
	assert_output --partial SOCK_SEQPACKET
	run -2 bi-parse --serve cobol
	assert_output --partial "does not know the format 'cobol'"
	run -2 bi-parse --text --json
}

@test 'a full disk at stdout ends it with exit 74' {
	echo one >1.txt
	run -74 bash -c 'bi-parse 1.txt >/dev/full'
}

@test "a file that the disk does not give is not called empty, unknown or damaged: it failed, and may pass" {
	local call file n record=

	need_plain_strace
	echo '<title>T</title><p>Words.</p>' >a.html
	(echo one >in.txt && zip -q a.docx in.txt)
	printf 'A page\n' | pdf >a.pdf
	wav >a.wav
	vips black a.png 8 8
	for file in a.html a.docx a.pdf a.wav a.png; do
		bi-parse --json "$file" >right || [ "$file" = a.docx ]
		for call in pread64 newfstatat fstat; do
			for n in {1..400}; do
				strace -f --seccomp-bpf -o trace -P "$file" -e "trace=$call" -e "inject=$call:error=EIO:when=$n" bi-parse --json "$file" >out 2>err || :
				[[ $(<trace) == *INJECTED* ]] || break
				[[ $(<out) != "$(<right)" ]] || continue
				read -r record <out || :
				printf '%s\n' "${record:-"{\"path\":\"$file $call $n\"}"}" >>failed
				assert_regex "$(<err)" 'it cannot be (read|examined): Input/output error'
			done
			[ "$n" -lt 400 ]
		done
	done
	[ "$(wc -l <failed)" -gt 30 ]
	# One look at all of the records.
	run -0 jq -c 'select(.error | .code != "system_error" or .retryable != true or (.message | type != "string"))' failed
	assert_output ''
}

# The codes and messages of the failed records of ./out.
failures() {
	jq -r 'select(.error) | .error | "\(.code) \(.retryable) \(.message)"' out
}

@test "a batch that cannot be looked into is not one that is not there, and an item's id stays" {
	local call error path ids

	need_plain_strace
	echo one >a.txt
	bi-fetch -q -b t a.txt >records
	bi-parse <records >first
	ids=$(jq .knowledge_item_id first)
	while read -r call error path; do
		strace -f -o trace -P "$BI_ROOT/$path" -P "${path##*/}" -e "trace=$call" -e "inject=$call:error=$error:when=1" \
			bi-parse <records >out 2>err && fail "$call $path: exit 0"
		grep INJECTED trace
		assert_regex "$(failures)$(<err)" "^(system_error true|bi-parse: cannot store) .*: (Input/output error|Too many open files)"
		bi-parse <records >out
		assert_equal "$(jq .knowledge_item_id out)" "$ids"
	done <<-'END'
		openat EIO batches/t
		openat EMFILE batches/t/items.ndjson
		pread64 EIO batches/t/items.ndjson
		openat EMFILE batches/t/content/i1_1.json
		pread64 EIO batches/t/content/i1_1.json
	END
	rm -r "$BI_ROOT/batches/t"
	run -1 bi-parse <records
	assert_output --partial '"code":"no_such_item","message":"its batch does not exist","retryable":false'
}
