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

@test 'form fields are a list of names and values' {
	pdf_begin a.pdf
	pdf_catalog '/AcroForm<</Fields[50 0 R 51 0 R 52 0 R 53 0 R 54 0 R 55 0 R 56 0 R]/DR<</Font<</F 3 0 R>>>>/DA(/F 12 Tf)>>' 10
	pdf_page 10 '/Annots[50 0 R 51 0 R 52 0 R 53 0 R 54 0 R 55 0 R 56 0 R]' "$(pdf_text 72 700 'Please fill in.')"
	pdf_object 50 '<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/TU(Your name)/V(Ada Lovelace)/Rect[72 600 300 620]>>'
	pdf_object 51 '<</Type/Annot/Subtype/Widget/FT/Tx/T(town)/V()/Rect[72 560 300 580]>>'
	pdf_object 52 '<</Type/Annot/Subtype/Widget/FT/Btn/T(agree)/V/Yes/AS/Yes/Rect[72 520 90 540]/AP<</N<</Yes 3 0 R/Off 3 0 R>>>>>>'
	pdf_object 53 '<</Type/Annot/Subtype/Widget/FT/Btn/T(letters)/V/Off/AS/Off/Rect[72 480 90 500]/AP<</N<</Yes 3 0 R/Off 3 0 R>>>>>>'
	pdf_object 54 '<</Type/Annot/Subtype/Widget/FT/Ch/Ff 131072/T(colour)/Opt[(red)(green)(blue)]/V(green)/Rect[72 440 300 460]>>'
	pdf_object 55 '<</Type/Annot/Subtype/Widget/FT/Tx/Ff 8192/T(secret)/V(xyzzy)/Rect[72 400 300 420]>>'
	pdf_object 56 '<</Type/Annot/Subtype/Widget/FT/Btn/Ff 65536/T(send)/Rect[72 360 300 380]>>'
	pdf_end
	run -0 parsed a.pdf .text
	assert_output '"Please fill in.\n\n  - Your name: Ada Lovelace\n  - town:\n  - ☑ agree\n  - ☐ letters\n  - colour: green\n  - secret:\n"'
}

@test 'choices of which several are selected, and text of several lines in a field, are kept' {
	pdf_begin a.pdf
	pdf_catalog '/AcroForm<</Fields[50 0 R 51 0 R]>>' 10
	pdf_page 10 '/Annots[50 0 R 51 0 R]' ''
	pdf_object 50 '<</Type/Annot/Subtype/Widget/FT/Ch/Ff 2097152/T(days)/Opt[[(mo)(Monday)][(tu)(Tuesday)][(we)(Wednesday)]]/V[(mo)(we)]/Rect[72 440 300 460]>>'
	pdf_object 51 '<</Type/Annot/Subtype/Widget/FT/Tx/Ff 4096/T(address)/V<FEFF0031002000480069006700680020005300740072006500650074000A0041006E0074007700650072007000E9>/Rect[72 400 300 420]>>'
	pdf_end
	run -0 parsed a.pdf '[.text, .needs_ocr]'
	assert_output '["  - days: Monday, Wednesday\n  - address: 1 High Street Antwerpé\n",null]'
}

@test 'notes of readers are quotes, with who wrote them and what they mark' {
	pdf_begin a.pdf
	pdf_catalog '' 10
	pdf_page 10 '/Annots[50 0 R 51 0 R 52 0 R 53 0 R 54 0 R]' "$(pdf_text 72 700 'The moon is made of cheese.')"
	pdf_object 50 '<</Type/Annot/Subtype/Text/Rect[300 700 320 720]/T(Ada)/Contents(Is this so?)/Popup 54 0 R>>'
	pdf_object 51 '<</Type/Annot/Subtype/Highlight/Rect[187 697 231 712]/QuadPoints[189 711 230 711 189 698 230 698]/T(Alan)/Contents(No.)>>'
	pdf_object 52 '<</Type/Annot/Subtype/FreeText/Rect[72 600 300 620]/DA(/F 12 Tf)/Contents(Printed over the page)>>'
	pdf_object 53 '<</Type/Annot/Subtype/Text/F 2/Rect[300 700 320 720]/Contents(Hidden)>>'
	pdf_object 54 '<</Type/Annot/Subtype/Popup/Rect[300 700 400 800]/Parent 50 0 R/Contents(Is this so?)>>'
	pdf_end
	run -0 parsed a.pdf .text
	assert_output '"The moon is made of cheese.\n\n> Ada: Is this so?\n\n> Alan: “cheese.” No.\n\n> Printed over the page\n"'
}

@test 'links have their text' {
	pdf_begin a.pdf
	pdf_catalog '' 10
	pdf_page 10 '/Annots[50 0 R 51 0 R 52 0 R]' "$(pdf_text 72 714 'Above it.') $(pdf_text 72 700 'See the moon and the sun.')"
	pdf_object 50 '<</Type/Annot/Subtype/Link/Rect[95 698 147 710]/A<</S/URI/URI(https://example.com/moon)>>>>'
	pdf_object 51 '<</Type/Annot/Subtype/Link/Rect[72 600 150 610]/A<</S/JavaScript/JS(app.alert)>>>>'
	pdf_object 52 '<</Type/Annot/Subtype/Link/Rect[72 600 150 610]/A<</S/URI/URI(file:///etc/passwd)>>>>'
	pdf_end
	run -0 parsed a.pdf "[.links[] | [.url, .text]]"
	assert_output '[["https://example.com/moon","the moon"]]'
}

@test 'the outline says which lines are headings' {
	pdf_begin a.pdf
	pdf_catalog '/Outlines 60 0 R' 10 20
	pdf_page 10 '' "$(pdf_text 72 700 '1 Introduction') $(pdf_text 72 680 'It begins.') $(pdf_text 72 640 '1.1 A title that is so') \
		$(pdf_text 72 626 'long that it has two lines') $(pdf_text 72 600 'More text.')"
	pdf_page 20 '' "$(pdf_text 72 700 'The text of the second page.')"
	pdf_object 60 '<</Type/Outlines/First 61 0 R/Last 63 0 R/Count 3>>'
	pdf_object 61 '<</Title(Introduction)/Parent 60 0 R/Next 63 0 R/First 62 0 R/Last 62 0 R/Dest[10 0 R/Fit]>>'
	pdf_object 62 '<</Title(A title that is so long that it has two lines)/Parent 61 0 R/A<</S/GoTo/D[10 0 R/XYZ 72 640 0]>>>>'
	pdf_object 63 '<</Title(Summary)/Parent 60 0 R/Prev 61 0 R/Dest[20 0 R/Fit]>>'
	pdf_end
	run -0 parsed a.pdf .text
	assert_output '"# 1 Introduction\n\nIt begins.\n\n## 1.1 A title that is so long that it has two lines\n\nMore text.\n\f# Summary\n\nThe text of the second page.\n"'
}

@test 'without an outline, short lines in a larger font are headings, and the largest is the title' {
	pdf_begin a.pdf
	pdf_catalog '' 10
	pdf_page 10 '' "$(pdf_text 72 700 'Of Moons' 24) $(pdf_text 72 660 'How they rise' 16) \
		$(for y in {1..9}; do pdf_text 72 $((640 - y * 14)) 'The moon rises in the evening, and sets in the morning.'; done)"
	pdf_object 4 '<</Title(Microsoft Word - moons.doc)>>'
	pdf_end '/Info 4 0 R'
	run -0 parsed a.pdf '[.title, .text[0:41]]'
	assert_output '["Of Moons","# Of Moons\n\n## How they rise\n\nThe moon ri"]'
}

# columns WIDTH LINES: the operators for two columns whose lines say where they are.
columns() {
	local side x line

	for side in left right; do
		x=72
		[ $side = left ] || x=$((72 + $1))
		for ((line = 1; line <= $2; line++)); do
			pdf_text "$x" $((650 - line * 14)) "Line $line of the $side column has text"
		done
	done
}

@test 'columns are read one after the other, between what is above and below both' {
	local numbers

	pdf_begin a.pdf
	pdf_catalog '' 10 20
	pdf_page 10 '' "$(pdf_text 72 750 'A running header of this report') $(pdf_text 480 750 'page 1') \
		$(pdf_text 72 680 'The title of the article is longer than the left column is wide, and so on') \
		$(columns 240 8) $(pdf_text 72 500 'A caption below the columns that is wider than one of the two is') \
		$(pdf_text 300 30 17)"
	# Lines that alternate between the columns in the file, with a gap in one column where a figure is.
	pdf_page 20 '' "$(for y in {1..20}; do
		((y > 5 && y < 12)) || pdf_text 72 $((700 - y * 13)) "On the left there is line $y"
		pdf_text 290 $((703 - y * 13)) "On the right there is line $y"
	done)"
	pdf_end
	run -0 parsed a.pdf '.text | split("\f")[0] | [scan("Line \\d of the \\w+|header|page 1|title|caption|17")] | join(",")'
	assert_output "\"header,page 1,title,$(printf 'Line %d of the left,' {1..8})$(printf 'Line %d of the right,' {1..8})caption,17\""
	numbers=$(printf 'left %s,' {1..5} {12..20})$(printf 'right %s,' {1..20})
	run -0 parsed a.pdf '.text | split("\f")[1] | [scan("(left|right) there is line (\\d+)") | join(" ")] | join(",")'
	assert_output "\"${numbers%,}\""
}

@test 'rows of a table without lines stay rows' {
	local row

	pdf_begin a.pdf
	pdf_catalog '' 10
	pdf_page 10 '' "$(for row in {1..12}; do
		pdf_text 72 $((700 - row * 14)) "Item $row"
		pdf_text 200 $((700 - row * 14)) "${row}5.00"
		pdf_text 300 $((700 - row * 14)) "sold $row"
	done)"
	pdf_end
	run -0 parsed a.pdf '.text | split("\n")[0:2]'
	assert_output '["Item 1 15.00 sold 1","Item 2 25.00 sold 2"]'
}

@test 'words that are divided at the end of a line are put together, and ligatures become letters' {
	pdf_begin a.pdf
	pdf_catalog '' 10
	pdf_object 5 '<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Type/Encoding/Differences[65/fi/fl/ffi]>>>>'
	pdf_page 10 '' "$(pdf_text 72 700 'This is a well-known and exam-') $(pdf_text 72 686 'ple of a long word, which is well-') \
		$(pdf_text 72 672 'known to Jean-') $(pdf_text 72 658 'Paul since 1990-') $(pdf_text 72 644 'and later. The end of the') \
		$(pdf_text 72 630 'multi-') $(pdf_text 72 616 'plication') $(pdf_text 72 602 'table.')"
	pdf_end
	run -0 parsed a.pdf .text
	assert_output '"This is a well-known and example\nof a long word, which is well-known\nto Jean-\nPaul since 1990-\nand later. The end of the\nmultiplication\ntable.\n"'
	pdf_begin b.pdf
	pdf_catalog '' 10
	pdf_object 3 '<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Type/Encoding/Differences[65/fi/fl/ffi]>>>>'
	pdf_page 10 '' "$(pdf_text 72 700 'Ane Bow oCce')"
	pdf_end
	run -0 parsed b.pdf .text
	assert_output '"fine flow office\n"'
}

@test 'what would read as markup is escaped' {
	pdf_begin a.pdf
	pdf_catalog '' 10
	pdf_page 10 '' "$(pdf_text 72 700 '# 5 is *not* a heading') $(pdf_text 72 686 '- nor a <b>list</b>')"
	pdf_end
	run -0 parsed a.pdf .text
	assert_output '"\\# 5 is \\*not\\* a heading\n\\- nor a \\<b\\>list\\</b\\>\n"'
}

@test 'files inside a PDF are named, and what is in them is missing' {
	pdf_begin a.pdf
	pdf_catalog '/Names<</EmbeddedFiles<</Names[(a)40 0 R(b)41 0 R]>>>>/Collection<</View/T>>' 10
	pdf_page 10 '' "$(pdf_text 72 700 'See the files.')"
	pdf_object 40 '<</Type/Filespec/F(data.csv)/UF(data.csv)/EF<</F 42 0 R>>>>'
	pdf_object 41 '<</Type/Filespec/F(letter.txt)/UF(letter.txt)/EF<</F 42 0 R>>>>'
	pdf_stream 42 '/Type/EmbeddedFile' 'a,b'
	pdf_end
	run -0 parsed a.pdf '[.text, .metadata.attachments, .missing]'
	assert_output '["See the files.\n","data.csv; letter.txt",["attachments"]]'
	pdf_begin b.pdf
	pdf_catalog '' 10
	pdf_page 10 '/Annots[41 0 R]' "$(pdf_text 72 700 'See the pin.')"
	pdf_object 40 '<</Type/Filespec/F(data.csv)/EF<</F 42 0 R>>>>'
	pdf_object 41 '<</Type/Annot/Subtype/FileAttachment/Rect[72 600 90 620]/FS 40 0 R>>'
	pdf_stream 42 '/Type/EmbeddedFile' 'a,b'
	pdf_end
	run -0 parsed b.pdf '[.text, .missing]'
	assert_output '["See the pin.\n",["attachments"]]'
}

@test 'a form that only Adobe Reader shows is missing' {
	pdf_begin a.pdf
	pdf_catalog '/AcroForm<</XFA 40 0 R/Fields[]>>' 10
	pdf_page 10 '' "$(pdf_text 72 700 'Please wait...')"
	pdf_stream 40 '' '<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"/>'
	pdf_end
	run -0 parsed a.pdf '[.status, .missing]'
	assert_output '["completed",["form"]]'
}

@test 'what is wrong with a damaged file is said beside the text that is left' {
	pdf_begin a.pdf
	pdf_catalog '' 10 20
	pdf_page 10 '' "$(pdf_text 72 700 'The first page.')"
	pdf_page 20 '' "$(pdf_text 72 700 'The second page.')"
	pdf_end
	run -0 parsed a.pdf '[.text, .truncated, .missing, .metadata.damage]'
	assert_output '["The first page.\n\fThe second page.\n",null,null,null]'
	# Cut before the last object, so that poppler must look for the others.
	head -c "${PDF_AT[21]}" a.pdf >cut.pdf
	run -0 parsed cut.pdf '[.text, .truncated, (.metadata.damage | type)]'
	assert_output '["The first page.\n\f",true,"string"]'
	# A page that is gone.
	sed 's/^20 0 obj/29 0 obj/' a.pdf >lost.pdf
	run -0 parsed lost.pdf '[.text, .pages, .missing, (.metadata.damage | type)]'
	assert_output '["The first page.\n\f",2,["pages"],"string"]'
}

# asian FILE CMAP COLLECTION HEX: a page whose font is not in the file and has no ToUnicode.
asian() {
	pdf_begin "$1"
	pdf_catalog '' 10
	pdf_object 3 "<</Type/Font/Subtype/Type0/BaseFont/Any/Encoding/$2/DescendantFonts[4 0 R]>>"
	pdf_object 4 "<</Type/Font/Subtype/CIDFontType0/BaseFont/Any/CIDSystemInfo<</Registry(Adobe)/Ordering($3)/Supplement 2>>/FontDescriptor 5 0 R>>"
	pdf_object 5 '<</Type/FontDescriptor/FontName/Any/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0/Ascent 900/Descent -100/CapHeight 700/StemV 80>>'
	pdf_page 10 '' "BT /F 12 Tf 72 700 Td <$4> Tj ET"
	pdf_end
}

# hex CHARSET TEXT
hex() {
	printf %s "$2" | iconv -t "$1" | od -An -v -t x1 | tr -d ' \n'
}

@test 'Chinese, Japanese and Korean text without its own table of characters is read with those of poppler-data' {
	asian a.pdf GBK-EUC-H GB1 "$(hex GBK 中文文字)"
	asian b.pdf 90ms-RKSJ-H Japan1 "$(hex CP932 日本語)"
	asian c.pdf UniKS-UCS2-H Korea1 "$(hex UTF-16BE 한국어)"
	asian d.pdf ETen-B5-H CNS1 "$(hex BIG5 正體字)"
	asian e.pdf Identity-H Japan1 04560457
	run -0 --separate-stderr bi-parse -t a.pdf b.pdf c.pdf d.pdf e.pdf
	assert_output "$(printf '%s\n' 中文文字 日本語 한국어 正體字 ст)"
}

# locked USER OWNER: makes a.pdf, encrypted with these passwords by RC4 and a key of 40 bits.
locked() {
	pdf_begin a.pdf
	pdf_catalog '' 10
	pdf_page 10 '' "$(pdf_text 72 700 'Behind a lock.')"
	pdf_object 40 '<</Filter/Standard/V 1/R 2/P -4/O<OWNER>/U<USER>>>'
	pdf_end '/ID[<00><00>]/Encrypt 40 0 R'
	perl -MDigest::MD5=md5 -0777 -i -pe '
		sub rc4 {
			my ($key, $text) = @_; my @s = 0 .. 255; my ($i, $j) = (0, 0); my @k = unpack "C*", $key;
			for $i (0 .. 255) { $j = ($j + $s[$i] + $k[$i % @k]) & 255; @s[$i, $j] = @s[$j, $i] }
			$i = $j = 0;
			join "", map { $i = ($i + 1) & 255; $j = ($j + $s[$i]) & 255; @s[$i, $j] = @s[$j, $i];
				chr(ord($_) ^ $s[($s[$i] + $s[$j]) & 255]) } split //, $text;
		}
		BEGIN {
			$pad = pack "H*", "28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a";
			($user, $owner) = map { substr $_ . $pad, 0, 32 } splice @ARGV, 0, 2;
			$o = rc4(substr(md5($owner), 0, 5), $user);
			$key = substr md5($user . $o . pack("V", -4 & 0xffffffff) . "\0"), 0, 5;
			$u = rc4($key, $pad);
		}
		s/<OWNER>/"<" . unpack("H*", $o) . ">"/e; s/<USER>/"<" . unpack("H*", $u) . ">"/e;
		s/(11 0 obj.*?stream\n)(.*?)(\nendstream)/$1 . rc4(substr(md5($key . pack("C5", 11, 0, 0, 0, 0)), 0, 10), $2) . $3/se;
	' "$1" "$2" a.pdf
}

@test 'a PDF with an owner password is read, and one with a user password is encrypted' {
	locked '' owner
	run -0 parsed a.pdf '[.status, .text]'
	assert_output '["completed","Behind a lock.\n"]'
	locked user owner
	run -0 --separate-stderr parsed a.pdf '[.status, .error.code]'
	assert_output '["failed","parse_encrypted"]'
}

@test 'page trees without end and pages that are missing from them do no harm' {
	local i

	{
		printf '%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 100 0 R>>endobj\n'
		for i in {100..3000}; do
			echo "$i 0 obj<</Type/Pages/Count 1/Kids[$((i + 1)) 0 R]>>endobj"
		done
		printf '3001 0 obj<</Type/Pages/Count 1/Kids[100 0 R]>>endobj\ntrailer<</Root 1 0 R>>\n%%%%EOF\n'
	} >deep.pdf
	pdf_begin many.pdf
	pdf_catalog '' 10
	pdf_object 2 '<</Type/Pages/Kids[10 0 R]/Count 2000000000>>'
	pdf_page 10 '' "$(pdf_text 72 700 'One page.')"
	pdf_end
	run bi-parse deep.pdf many.pdf
	assert_equal "$(jq -r '.status + " " + (.error.code // "")' <<<"$output" | grep -vcx 'completed \|failed parse_damaged\|failed parse_memory')" 0
}

@test 'tables with lines, or with cells of different colours, are tables' {
	local x y

	pdf_begin a.pdf
	pdf_catalog '' 10 20
	# Three columns and rows; two cells of the second row are one, and so are the last two of the first column.
	pdf_page 10 '' "$(pdf_text 72 700 'Before the table.')
		72 600 300 60 re 72 620 m 172 620 l 172 620 m 372 620 l 72 640 m 372 640 l 172 600 m 172 620 l 172 640 m 172 660 l
		272 600 m 272 660 l S
		$(pdf_text 80 646 Animal) $(pdf_text 180 646 Count) $(pdf_text 280 646 Note)
		$(pdf_text 80 626 'Cat and mouse') $(pdf_text 280 626 'both | sleep')
		$(pdf_text 80 606 Dog) $(pdf_text 180 606 12) $(pdf_text 280 606 barks)
		$(pdf_text 72 560 'After the table.')"
	# No lines: cells that have a background, with white between them.
	pdf_page 20 '' "$(for x in 72 182; do for y in 600 625 650; do echo ".8 .9 1 rg $x $y 108.5 23.5 re f 0 g"; done; done)
		$(pdf_text 80 656 Animal) $(pdf_text 190 656 Count) $(pdf_text 80 631 Dog) $(pdf_text 190 631 12)
		$(pdf_text 80 606 Cat) $(pdf_text 190 606 7)"
	pdf_end
	run -0 parsed a.pdf '.text | split("\f")[0]'
	assert_output '"Before the table.\n\n| Animal | Count | Note |\n| --- | --- | --- |\n| Cat and mouse |  | both \\| sleep |\n| Dog | 12 | barks |\n\nAfter the table.\n"'
	run -0 parsed a.pdf '[.text | split("\f")[1] | scan("\\| [A-Z][^\n]*")]'
	assert_output '["| Animal | Count |","| Dog | 12 |","| Cat | 7 |"]'
}

@test 'a frame around text, and a chart, are no tables' {
	pdf_begin a.pdf
	pdf_catalog '' 10 20
	pdf_page 10 '' "72 600 300 60 re S $(pdf_text 80 640 'Text in a frame,') $(pdf_text 200 640 'with two parts') $(pdf_text 80 620 'of lines') $(pdf_text 200 620 'beside each other')"
	pdf_page 20 '' "$(for y in {1..9}; do echo "100 $((300 + y * 20)) m 300 $((300 + y * 20)) l"; done) $(for x in {0..10}; do echo "$((100 + x * 20)) 320 m $((100 + x * 20)) 480 l"; done) S
		$(for y in {1..9}; do pdf_text 70 $((296 + y * 20)) "$y"; done) $(for x in {1..9}; do pdf_text $((96 + x * 20)) 300 "$x"; done) $(pdf_text 200 400 peak)"
	pdf_end
	run -0 parsed a.pdf '.text | test("\\| ---")'
	assert_output false
}
