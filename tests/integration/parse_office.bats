#!/usr/bin/env bats
# bi-parse: workbooks, presentations, tables, subtitles and text in drawings. The fixtures are made of the parts that
# ECMA-376 and ISO/IEC 26300 describe, as small as they can be.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr

load helpers

# record FILE: the record that bi-parse makes of it, once.
record() {
	[ -e "$1.record" ] || bi-parse --json "$1" >"$1.record"
	cat "$1.record"
}

# member of the record of a file: parsed FILE JQ
parsed() {
	record "$1" | jq -c "$2"
}

# text FILE: its text.
text() {
	record "$1" | jq -rj .text
}

# part NAME <TEXT: a part of the package that is being made, in p/.
part() {
	mkdir -p "p/$(dirname "$1")"
	cat >"p/$1"
}

# relations PART [ID TYPE TARGET]...: what the part is related to; a target with :// is external.
relations() {
	local part=$1 ns=${NS-http://schemas.openxmlformats.org/officeDocument/2006/relationships}

	shift
	{
		printf '<Relationships>'
		while [ $# -gt 0 ]; do
			printf '<Relationship Id="%s" Type="%s/%s" Target="%s"%s/>' "$1" "$ns" "$2" "$3" \
				"$(case $3 in *://*) printf ' TargetMode="External"' ;; esac)"
			shift 3
		done
		printf '</Relationships>'
	} | part "$(dirname "$part")/_rels/$(basename "$part").rels"
}

# package FILE [MAIN TYPE]: packs p/, whose main part MAIN has a content type of TYPE.
package() {
	if [ -n "${2-}" ]; then
		relations . m officeDocument "$2"
		mv p/_rels/..rels p/_rels/.rels
		printf '<Types><Default Extension="xml" ContentType="application/xml"/><Override PartName="/%s" ContentType="application/vnd.openxmlformats-officedocument.%s.main+xml"/></Types>' \
			"$2" "$3" | part '[Content_Types].xml'
	fi
	rm -f "$1"
	(cd p && zip -q -X -r "../$1" '[Content_Types].xml' .)
	rm -rf p
}

# cells <CELLS: sheet 1 of a workbook with these elements below worksheet.
cells() {
	{ printf '<worksheet xmlns:r="r">'; cat; printf '</worksheet>'; } | part xl/worksheets/sheet1.xml
}

# book FILE: a workbook with the sheet that cells made, and the parts that are there.
book() {
	[ -e p/xl/workbook.xml ] || part xl/workbook.xml <<<'<workbook xmlns:r="r"><sheets><sheet name="One" sheetId="1" r:id="a"/></sheets></workbook>'
	[ -e p/xl/_rels/workbook.xml.rels ] || relations xl/workbook.xml a worksheet worksheets/sheet1.xml s sharedStrings sharedStrings.xml t styles styles.xml
	package "$1" xl/workbook.xml spreadsheetml.sheet
}

# deck FILE SLIDE...: a presentation of slides that are in p/ppt/slides/.
deck() {
	local file=$1 n=0 slide args=()

	shift
	printf '<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst>' >list
	for slide; do
		n=$((n + 1))
		printf '<p:sldId id="%d" r:id="r%d"/>' $((255 + n)) $n >>list
		args+=("r$n" slide "slides/$slide")
	done
	printf '</p:sldIdLst></p:presentation>' >>list
	part ppt/presentation.xml <list
	[ -e p/ppt/_rels/presentation.xml.rels ] || relations ppt/presentation.xml "${args[@]}"
	package "$file" ppt/presentation.xml presentationml.presentation
}

# shape X Y TEXT [PLACEHOLDER]: a shape with a paragraph.
shape() {
	printf '<p:sp><p:nvSpPr><p:cNvPr id="2" name="x"/><p:nvPr>%s</p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="%d" y="%d"/><a:ext cx="100" cy="100"/></a:xfrm></p:spPr><p:txBody><a:p><a:r><a:t>%s</a:t></a:r></a:p></p:txBody></p:sp>' \
		"${4-}" "$1" "$2" "$3"
}

# slide NAME [ATTRIBUTE] <SHAPES
slide() {
	{ printf '<p:sld xmlns:p="p" xmlns:a="a" xmlns:r="r" %s><p:cSld><p:spTree>' "${2-}"; cat; printf '</p:spTree></p:cSld></p:sld>'; } |
		part "ppt/slides/$1"
}

@test "XLSX: strings of every kind, booleans, errors, results of formulas" {
	part xl/sharedStrings.xml <<-'END'
		<sst><si><t>Name</t></si><si><r><t>rich </t></r><r><rPr><b/></rPr><t>text</t></r></si>
		<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si><si><t>two_x000D_lines_x005F_x</t></si></sst>
	END
	cells <<-'END'
		<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c></row>
		<row r="3"><c r="A3" t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c><c r="B3" t="b"><v>1</v></c><c r="D3" t="e"><v>#DIV/0!</v></c></row>
		<row r="4"><c r="A4" t="str"><f>A1&amp;"x"</f><v>a|b</v></c><c r="B4"><f>1+1</f><v>2</v></c><c r="D4" t="s"><v>3</v></c></row></sheetData>
	END
	book a.xlsx
	run -0 text a.xlsx
	assert_line '## One'
	assert_line '| Name | rich text | 東京 |  |'
	assert_line '| inline | TRUE |  | \#DIV/0\! |'
	assert_line '| a\|b | 2 |  | two lines\_x |'
	refute_output --partial 'トウ'
	assert_equal "$(parsed a.xlsx '[.kind, .missing, .truncated, .metadata.sheets]')" '["document",null,null,1]'

	cells <<<'<sheetData><row><c><f>SUM(A2:A3)</f><v></v></c><c><v>5</v></c></row><row><c t="s"><v>99</v></c><c><v>6</v></c></row></sheetData>'
	book b.xlsx
	run -0 text b.xlsx
	assert_line '| =SUM(A2:A3) | 5 |'
	assert_equal "$(parsed b.xlsx .missing)" '["results of formulas","strings"]'
}

@test "XLSX: numbers, dates and times as they are shown" {
	part xl/styles.xml <<-'END'
		<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd\.mm\.yyyy"/><numFmt numFmtId="165" formatCode="#,##0.00\ [$€-407];[Red]\-#,##0.00\ [$€-407]"/>
		<numFmt numFmtId="166" formatCode="[$-409]dddd, mmmm d, yyyy h:mm:ss AM/PM"/><numFmt numFmtId="167" formatCode="&quot;Nr. &quot;000"/></numFmts>
		<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>
		<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="10"/><xf numFmtId="46"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="167"/><xf numFmtId="20"/></cellXfs></styleSheet>
	END
	cells <<-'END'
		<sheetData><row r="1"><c r="A1"><v>0.30000000000000004</v></c><c r="B1" s="1"><v>45418</v></c><c r="C1" s="2"><v>45418.5</v></c><c r="D1" s="3"><v>0.125</v></c><c r="E1" s="4"><v>1.25</v></c></row>
		<row r="2"><c r="A2" s="5"><v>45418</v></c><c r="B2" s="6"><v>-1234.5</v></c><c r="C2" s="7"><v>45418.999988425923</v></c><c r="D2" s="8"><v>7</v></c><c r="E2" s="9"><v>0.75</v></c></row>
		<row r="3"><c r="A3" t="d"><v>2024-05-06T00:00:00</v></c><c r="B3" s="1"><v>1</v></c><c r="C3"><v>12345678901234</v></c><c r="D3" s="1"><v>-5</v></c><c r="E3"><v>1E-7</v></c></row></sheetData>
	END
	cp -r p q
	book a.xlsx
	run -0 text a.xlsx
	assert_line '| 0.3 | 2024-05-06 | 2024-05-06 12:00 | 12.50% | 30:00:00 |'
	assert_line '| 06.05.2024 | -1,234.50 € | Monday, May 6, 2024 11:59:59 PM | Nr. 007 | 18:00 |'
	assert_line '| 2024-05-06 | 1900-01-01 | 12345678901234 | -5 | 1E-07 |'

	mv q p
	part xl/workbook.xml <<<'<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets><sheet name="One" r:id="a"/></sheets></workbook>'
	book b.xlsx
	run -0 text b.xlsx
	assert_line '| 07.05.2028 | -1,234.50 € | Sunday, May 7, 2028 11:59:59 PM | Nr. 007 | 18:00 |'
}

@test "XLSX: sheets in their order, by relations; what is hidden is left out and named" {
	local NS=http://purl.oclc.org/ooxml/officeDocument/relationships

	part office/b.xml <<<'<x:workbook xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main" xmlns:rel="r"><x:sheets><x:sheet name="Z &amp; Y" rel:id="b"/><x:sheet name="No" state="veryHidden" rel:id="c"/><x:sheet name="A" rel:id="a"/><x:sheet name="Again" rel:id="b"/><x:sheet name="Gone" rel:id="x"/></x:sheets></x:workbook>'
	relations office/b.xml a worksheet /tables/1.xml b worksheet ../tables/2.XML c worksheet /tables/3.xml x worksheet none.xml
	part tables/1.xml <<<'<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:cols><x:col min="2" max="3" hidden="1"/></x:cols><x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c><x:c r="B1"><x:v>71</x:v></x:c><x:c r="D1"><x:v>2</x:v></x:c></x:row><x:row r="2" hidden="1"><x:c r="A2"><x:v>72</x:v></x:c></x:row></x:sheetData></x:worksheet>'
	part tables/2.xml <<<'<worksheet><sheetData><row r="2"><c r="B2"><v>3</v></c></row></sheetData></worksheet>'
	part tables/3.xml <<<'<worksheet><sheetData><row r="1"><c r="A1"><v>73</v></c></row></sheetData></worksheet>'
	package a.xlsx office/b.xml spreadsheetml.sheet
	run -0 text a.xlsx
	assert_output "$(printf '## Z & Y\n\n| 3 |\n| --- |\n\n## A\n\n| 1 | 2 |\n| --- | --- |')"
	assert_equal "$(parsed a.xlsx '.missing|sort')" '["hidden columns","hidden rows","hidden sheets","sheets"]'
}

@test "XLSX: headers and footers of printed pages are named, empty ones are not" {
	cells <<<'<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData><headerFooter><oddHeader>&amp;CSecret</oddHeader></headerFooter>'
	book a.xlsx
	assert_equal "$(parsed a.xlsx .missing)" '["headers and footers"]'
	cells <<<'<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData><headerFooter><oddHeader/><firstFooter></firstFooter></headerFooter>'
	book b.xlsx
	assert_equal "$(parsed b.xlsx .missing)" null
}

@test "XLSX: merged cells, links, comments, text boxes, pictures, charts and who wrote it" {
	cells <<-'END'
		<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Head</t></is></c><c r="B1"><v>99</v></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>here</t></is></c><c r="B2"><v>2</v></c></row></sheetData>
		<mergeCells><mergeCell ref="A1:B1"/></mergeCells><hyperlinks><hyperlink ref="A2" r:id="l"/><hyperlink ref="B2" location="One!A1"/></hyperlinks><drawing r:id="d"/>
	END
	relations xl/worksheets/sheet1.xml l hyperlink https://example.org/x d drawing ../drawings/d.xml c comments ../comments1.xml
	part xl/comments1.xml <<<'<comments><authors><author>Eve</author></authors><commentList><comment ref="B2" authorId="0"><text><r><t>Is this </t></r><r><t>right?</t></r></text></comment></commentList></comments>'
	part xl/drawings/d.xml <<-'END'
		<xdr:wsDr xmlns:xdr="x" xmlns:a="a" xmlns:r="r" xmlns:c="c"><xdr:twoCellAnchor><xdr:sp><xdr:txBody><a:p><a:r><a:t>In a box</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:twoCellAnchor>
		<xdr:twoCellAnchor><xdr:pic><xdr:nvPicPr><xdr:cNvPr id="1" descr="A dog"/></xdr:nvPicPr><xdr:blipFill><a:blip r:embed="i"/></xdr:blipFill></xdr:pic></xdr:twoCellAnchor>
		<xdr:twoCellAnchor><xdr:graphicFrame><a:graphic><a:graphicData><c:chart r:id="c"/></a:graphicData></a:graphic></xdr:graphicFrame></xdr:twoCellAnchor></xdr:wsDr>
	END
	relations xl/drawings/d.xml i image ../media/dog.png c chart ../charts/c.xml
	part xl/charts/c.xml <<<'<c:chartSpace xmlns:c="c" xmlns:a="a"><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea><c:barChart><c:ser><c:tx><c:strRef><c:strCache><c:pt idx="0"><c:v>2024</c:v></c:pt></c:strCache></c:strRef></c:tx><c:cat><c:strRef><c:strCache><c:pt idx="0"><c:v>North</c:v></c:pt></c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache><c:formatCode>0.0</c:formatCode><c:pt idx="0"><c:v>5</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>'
	mkdir -p p/xl/media
	vips black p/xl/media/dog.png 30 20 --bands 3
	part docProps/core.xml <<<'<c:core xmlns:c="c" xmlns:dc="dc"><dc:title>The books</dc:title><dc:creator>Ann</dc:creator></c:core>'
	book a.xlsx
	run -0 text a.xlsx
	assert_line '| Head |  |'
	assert_line '| [here](https://example.org/x) | 2 |'
	assert_line '### Comments'
	assert_line --partial 'B2, Eve: Is this right?'
	assert_line 'In a box'
	assert_line '![A dog](image1.png)'
	assert_line 'Sales'
	assert_line '|  | 2024 |'
	assert_line '| North | 5.0 |'
	assert_equal "$(parsed a.xlsx '[.title, .author, .links[].url, .missing]')" '["The books","Ann","https://example.org/x",null]'
}

@test "XLSX: damage, bombs, circles and wrong places end in a record that says so" {
	cells <<<'<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c><oops'
	book cut.xlsx
	cells <<<'<sheetData><row r="1"><c r="ZZZZ9"><v>1</v></c><c r="XFD1"><v>2</v></c><c r="A99999999"><v>3</v></c></row><row r="0"><c r="A1"><v>4</v></c></row></sheetData><mergeCells><mergeCell ref="C1:A0"/></mergeCells>'
	book places.xlsx
	awk 'BEGIN { l = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"; printf "<sheetData>"
		for (i = 1; i <= 1500; i++)
			printf "<row r=\"%d\"><c r=\"%s%s%s%d\"><v>%d</v></c></row>", i, substr(l, 1 + i / 676, 1), substr(l, 1 + i / 26 % 26, 1), substr(l, 1 + i % 26, 1), i, i
		printf "</sheetData>" }' | cells
	book sparse.xlsx
	cells <<<'<sheetData/>'
	part xl/sharedStrings.xml <<<'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>'
	book entities.xlsx
	awk 'BEGIN { printf "<workbook xmlns:r=\"r\"><sheets>"; while (i++ < 20000) printf "<sheet name=\"S%d\" r:id=\"a\"/>", i; printf "</sheets></workbook>" }' |
		part xl/workbook.xml
	cells <<<'<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>'
	book many.xlsx
	part x.xml <<<'<x/>'
	package none.xlsx xl/workbook.xml spreadsheetml.sheet
	part xl/workbook.bin <<<'x'
	printf '<Types><Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>' | part '[Content_Types].xml'
	relations . m officeDocument xl/workbook.bin
	mv p/_rels/..rels p/_rels/.rels
	package a.xlsb
	run -1 --separate-stderr bi-parse --json cut.xlsx places.xlsx sparse.xlsx entities.xlsx many.xlsx none.xlsx a.xlsb
	assert_equal "$(jq -rc 'select(.path) | [.path, .error.code // "", .truncated // false]' <<<"$output")" \
		'["cut.xlsx","",true]
["places.xlsx","",true]
["sparse.xlsx","",true]
["entities.xlsx","",true]
["many.xlsx","",false]
["none.xlsx","parse_damaged",false]
["a.xlsb","parse_unsupported",false]'
	run -0 text cut.xlsx
	assert_line '| 2 |'
}

@test "PPTX: slides in the order of the presentation, title first, then by place; hidden slides and footers are left out" {
	{
		shape 0 500 below
		shape 600 110 right
		shape 0 100 left
		shape 0 900 'The title' '<p:ph type="title"/>'
		shape 0 0 7 '<p:ph type="sldNum" idx="12"/>'
		printf '<p:grpSp><p:grpSpPr><a:xfrm><a:off x="0" y="300"/><a:ext cx="10" cy="10"/><a:chOff x="0" y="0"/><a:chExt cx="1000" cy="1000"/></a:xfrm></p:grpSpPr>%s%s</p:grpSp>' \
			"$(shape 0 900 'group end')" "$(shape 0 0 'group begin')"
	} | slide slide2.xml
	shape 0 0 'no title' | slide slide1.xml
	shape 0 0 secret | slide slide3.xml 'show="0"'
	deck a.pptx slide2.xml slide3.xml slide1.xml slide2.xml
	run -0 text a.pptx
	assert_output "$(printf '## The title\n\nleft\n\nright\n\ngroup begin\n\ngroup end\n\nbelow\n\n## Slide 3\n\nno title')"
	assert_equal "$(parsed a.pptx '[.kind, .missing, .metadata.slides]')" '["document",["hidden slides"],2]'

	shape 0 0 ten | slide slide10.xml
	shape 0 0 nine | slide slide9.xml
	deck b.pptx
	assert_equal "$(text b.pptx | grep -x 'ten\|nine' | tr '\n' ' ')" 'nine ten '
}

@test "PPTX: placeholders are where their layout says, and lists keep their levels" {
	cat >body <<-'END'
		<p:sp><p:nvSpPr><p:cNvPr id="3" name="b"/><p:nvPr><p:ph idx="1"/></p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:p><a:r><a:t>one</a:t></a:r></a:p><a:p><a:pPr lvl="1"/><a:r><a:t>be</a:t></a:r><a:r><a:t>low</a:t></a:r></a:p>
		<a:p><a:pPr><a:buNone/></a:pPr><a:r><a:t>plain</a:t></a:r></a:p><a:p><a:pPr><a:buAutoNum type="arabicPeriod" startAt="3"/></a:pPr><a:r><a:t>third</a:t></a:r></a:p><a:p><a:pPr><a:buAutoNum type="arabicPeriod"/></a:pPr><a:r><a:t>fourth</a:t></a:r></a:p></p:txBody></p:sp>
		<p:sp><p:nvSpPr><p:cNvPr id="4" name="c"/><p:nvPr><p:ph type="body" idx="2"/></p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:p><a:r><a:t>above all</a:t></a:r></a:p></p:txBody></p:sp>
	END
	slide slide1.xml <body
	relations ppt/slides/slide1.xml l slideLayout ../slideLayouts/l.xml
	part ppt/slideLayouts/l.xml <<<'<p:sldLayout xmlns:p="p" xmlns:a="a"><p:cSld><p:spTree><p:sp><p:nvSpPr><p:nvPr><p:ph idx="1"/></p:nvPr></p:nvSpPr><p:spPr/></p:sp><p:sp><p:nvSpPr><p:nvPr><p:ph type="body" idx="2"/></p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="0" y="10"/><a:ext cx="9" cy="9"/></a:xfrm></p:spPr><p:txBody><a:lstStyle><a:lvl1pPr><a:buNone/></a:lvl1pPr></a:lstStyle></p:txBody></p:sp></p:spTree></p:cSld></p:sldLayout>'
	relations ppt/slideLayouts/l.xml m slideMaster ../slideMasters/m.xml
	part ppt/slideMasters/m.xml <<<'<p:sldMaster xmlns:p="p" xmlns:a="a"><p:cSld><p:spTree><p:sp><p:nvSpPr><p:nvPr><p:ph type="body" idx="1"/></p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="0" y="400"/><a:ext cx="9" cy="9"/></a:xfrm></p:spPr></p:sp></p:spTree></p:cSld></p:sldMaster>'
	deck a.pptx slide1.xml
	run -0 text a.pptx
	assert_output "$(printf '## Slide 1\n\nabove all\n\n  - one\n      - below\n\nplain\n\n3.  third\n4.  fourth')"
	assert_equal "$(parsed a.pptx .missing)" null
}

@test "PPTX: text that a master or layout shows on each slide is named, but not the prompts of its placeholders" {
	local kind

	for kind in slideMaster slideLayout neither; do
		shape 0 0 'words' | slide slide1.xml
		relations ppt/slides/slide1.xml l slideLayout ../slideLayouts/l.xml
		relations ppt/slideLayouts/l.xml m slideMaster ../slideMasters/m.xml
		for of in slideLayout:Layout slideMaster:Master; do
			part "ppt/${of%:*}s/${of:5:1}.xml" <<<"<p:x xmlns:p=\"p\" xmlns:a=\"a\"><p:cSld><p:spTree>$(shape 0 0 'Click to edit' '<p:ph type="title"/>')$([ "${of%:*}" != "$kind" ] || shape 0 9 Confidential)</p:spTree></p:cSld></p:x>"
		done
		mv p/ppt/slideLayouts/L.xml p/ppt/slideLayouts/l.xml
		mv p/ppt/slideMasters/M.xml p/ppt/slideMasters/m.xml
		deck "$kind.pptx" slide1.xml
	done
	assert_equal "$(for kind in slideMaster slideLayout neither; do parsed $kind.pptx '[.missing, .text]'; done)" '[["text of slide masters"],"## Slide 1\n\nwords\n"]
[["text of slide masters"],"## Slide 1\n\nwords\n"]
[null,"## Slide 1\n\nwords\n"]'
}

@test "PPTX: tables, pictures, links, charts, diagrams, notes and comments" {
	{
		printf '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="5" name="t"/></p:nvGraphicFramePr><p:xfrm><a:off x="0" y="1"/><a:ext cx="9" cy="9"/></p:xfrm><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>A</a:t></a:r></a:p><a:p><a:r><a:t>a</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p/></a:txBody></a:tc></a:tr><a:tr><a:tc><a:txBody><a:p><a:r><a:t>1</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>2</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>'
		printf '<p:pic><p:nvPicPr><p:cNvPr id="6" name="p" descr="A dog"/></p:nvPicPr><p:blipFill><a:blip r:embed="i"/></p:blipFill><p:spPr><a:xfrm><a:off x="0" y="20"/><a:ext cx="9" cy="9"/></a:xfrm></p:spPr></p:pic>'
		printf '<p:sp><p:nvSpPr><p:cNvPr id="7" name="l"/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm><a:off x="0" y="40"/><a:ext cx="9" cy="9"/></a:xfrm></p:spPr><p:txBody><a:p><a:r><a:t>see </a:t></a:r><a:r><a:rPr><a:hlinkClick r:id="h"/></a:rPr><a:t>this</a:t></a:r></a:p></p:txBody></p:sp>'
		printf '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="8" name="d"/></p:nvGraphicFramePr><p:xfrm><a:off x="0" y="60"/><a:ext cx="9" cy="9"/></p:xfrm><a:graphic><a:graphicData><d:relIds xmlns:d="d" r:dm="d"/></a:graphicData></a:graphic></p:graphicFrame>'
		printf '<mc:AlternateContent xmlns:mc="m"><mc:Choice Requires="cx1"><p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="9" name="c"/></p:nvGraphicFramePr><p:xfrm><a:off x="0" y="80"/><a:ext cx="9" cy="9"/></p:xfrm><a:graphic><a:graphicData><c:chart xmlns:c="c" r:id="nothing"/></a:graphicData></a:graphic></p:graphicFrame></mc:Choice><mc:Fallback>%s</mc:Fallback></mc:AlternateContent>' "$(shape 0 80 'not available')"
	} | slide slide1.xml
	relations ppt/slides/slide1.xml i image ../media/dog.png h hyperlink https://example.org/h d diagramData ../diagrams/d.xml n notesSlide ../notesSlides/n.xml k comments ../comments/k.xml
	mkdir -p p/ppt/media
	vips black p/ppt/media/dog.png 30 20 --bands 3
	part ppt/diagrams/d.xml <<<'<d:dataModel xmlns:d="d" xmlns:a="a"><d:ptLst><d:pt modelId="2"><d:t><a:p><a:r><a:t>second</a:t></a:r></a:p></d:t></d:pt><d:pt modelId="0" type="doc"/><d:pt modelId="1"><d:t><a:p><a:r><a:t>first</a:t></a:r></a:p></d:t></d:pt><d:pt modelId="3"><d:t><a:p><a:r><a:t>inner</a:t></a:r></a:p></d:t></d:pt></d:ptLst><d:cxnLst><d:cxn srcId="0" destId="2" srcOrd="1"/><d:cxn srcId="0" destId="1" srcOrd="0"/><d:cxn srcId="1" destId="3" srcOrd="0"/><d:cxn srcId="3" destId="1" srcOrd="0"/></d:cxnLst></d:dataModel>'
	part ppt/notesSlides/n.xml <<<"<p:notes xmlns:p=\"p\" xmlns:a=\"a\"><p:cSld><p:spTree>$(shape 0 0 '1' '<p:ph type="sldNum" idx="5"/>')$(shape 0 0 'Say hello' '<p:ph type="body" idx="1"/>')</p:spTree></p:cSld></p:notes>"
	part ppt/comments/k.xml <<<'<p:cmLst xmlns:p="p"><p:cm authorId="4"><p:text>Too long</p:text></p:cm></p:cmLst>'
	part ppt/authors.xml <<<'<p:cmAuthorLst xmlns:p="p"><p:cmAuthor id="4" name="Bob"/></p:cmAuthorLst>'
	relations ppt/presentation.xml r1 slide slides/slide1.xml u commentAuthors authors.xml
	deck a.pptx slide1.xml
	run -0 text a.pptx
	assert_output "$(printf '## Slide 1\n\n| A a |  |\n| --- | --- |\n| 1 | 2 |\n\n![A dog](image1.png)\n\nsee [this](https://example.org/h)\n\n  - first\n      - inner\n  - second\n\n### Notes\n\nSay hello\n\n### Comments\n\n  - Bob: Too long')"
	assert_equal "$(parsed a.pptx '[.missing, .links[].url]')" '[["charts"],"https://example.org/h"]'
}

@test "PPTX: a damaged slide and one that is not there end in a record that says so" {
	part ppt/slides/slide1.xml <<<"<p:sld xmlns:p=\"p\" xmlns:a=\"a\"><p:spTree>$(shape 0 0 kept)<p:sp><oops"
	deck a.pptx slide1.xml slide2.xml
	run -0 text a.pptx
	assert_line kept
	assert_equal "$(parsed a.pptx '[.truncated, .missing]')" '[true,["slides"]]'
}

@test "PPTX: one that is cut short behind a workbook in it is damaged, and not that workbook; so is one with a hole" {
	shape 0 0 'the slide' | slide slide1.xml
	deck inner.pptx slide1.xml
	shape 0 0 'outer slide' | slide slide1.xml
	deck outer.pptx slide1.xml
	part ppt/embeddings/deck.pptx <inner.pptx
	(cd p && zip -q -X -0 ../outer.pptx ppt/embeddings/deck.pptx)
	run -0 text outer.pptx
	assert_line 'outer slide'
	for n in 1 30 1700; do head -c -$n outer.pptx >cut$n.pptx; done
	{ head -c 900 outer.pptx && tail -c +1001 outer.pptx; } >hole.pptx
	run --separate-stderr bi-parse -j cut{1,30}.pptx {cut1700,hole}.pptx
	assert_line -n 0 --partial 'outer slide' # only the directory of the ZIP is cut
	assert_line -n 1 --partial 'outer slide'
	assert_equal "$(jq -r '.error.code // .truncated' <<<"$output" | tr '\n' ' ')" 'true true parse_damaged true '
	refute_output --partial 'the slide'
	# What stands before a ZIP does not count, nor what is behind it.
	{ printf 'MZ stub' && cat inner.pptx && printf 'more'; } >stub.zip
	cp outer.pptx tail.pptx
	printf 'more' >>tail.pptx
	assert_equal "$(bi-parse -j stub.zip | jq -r .kind)" archive
	run -0 text tail.pptx
	assert_line 'outer slide'
}

@test "CSV: the delimiter is found, quotes are read, and what is not regular stays as it is" {
	printf 'name,age\nAda,36\n"Lovelace, ""A""","a\nb"\nshort\n' >a.csv
	assert_equal "$(text a.csv)" "$(printf '| name | age |\n| --- | --- |\n| Ada | 36 |\n| Lovelace, "A" | a b |\n| short |  |')"
	assert_equal "$(parsed a.csv '[.kind, .metadata.rows, .metadata.columns]')" '["text",4,2]'
	printf 'Name;Preis\r\nBrot;1,50\r\nK\344se;2,75\r\n' >b.csv
	assert_equal "$(text b.csv)" "$(printf '| Name | Preis |\n| --- | --- |\n| Brot | 1,50 |\n| Käse | 2,75 |')"
	printf 'a|x\tb\n1, 2, 3\t4\n' >c.tsv
	assert_equal "$(text c.tsv)" "$(printf '| a\\|x | b |\n| --- | --- |\n| 1, 2, 3 | 4 |')"
	printf 'sep=|\na|b\n' >d.csv
	assert_equal "$(text d.csv)" "$(printf '| a | b |\n| --- | --- |')"
	printf 'first\nsecond, with one\nthird, with, two\n' >e.csv
	assert_equal "$(text e.csv)" "$(<e.csv)"
	cp a.csv f.txt
	assert_equal "$(text f.txt)" "$(<a.csv)"
}

@test "subtitles: the lines of the cues with their speakers, without numbers, times and marks" {
	printf '\357\273\2771\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Hi</i> &amp; <3\r\n- you\r\n\r\n2\r\n00:01:01,000 --> 01:00:02,000 X1:5\r\n{\\an8}42\r\n\r\n3\r\n' >a.srt
	assert_equal "$(text a.srt)" "$(printf 'Hi & <3\n- you\n42')"
	assert_equal "$(parsed a.srt '[.kind, .metadata.cues, .metadata.duration]')" '["text",2,3602]'
	printf 'WEBVTT\nLanguage: de\n\nNOTE hidden\nmore\n\nSTYLE\n::cue{}\n\nintro\n00:01.000 --> 00:02.000 align:start\n<v.loud Mary>Oh</v>\n\n00:02.000 --> 00:03.000\nOh<00:02.500><c> no</c>\n\n00:03.000 --> 00:04.000\nOh no\nNOTE this\n' >a.vtt
	assert_equal "$(text a.vtt)" "$(printf 'Mary: Oh\nOh no\nNOTE this')"
	assert_equal "$(parsed a.vtt .language)" '"de"'
	printf '[Script Info]\nTitle: T\n[Events]\nFormat: Start, End, Name, Text\nDialogue: 0:00:01.00,0:00:02.50,Bob,{\\i1}Hello{\\i0}, you\\Nthere\nComment: 0:00:01.00,0:00:02.50,,no\nDialogue: 0:00:03.00,0:00:04.00,,{\\pos(1,2)\\p1}m 0 0 l 1 1\n' >a.ass
	assert_equal "$(text a.ass)" "$(printf 'Bob: Hello, you\nthere')"
	printf '<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><head><metadata><title>TT</title></metadata></head><body><div><p end="00:00:02.500">One<br/>two <span>three</span></p></div></body></tt>' >a.ttml
	assert_equal "$(text a.ttml)" "$(printf 'One\ntwo three')"
	printf '0:00:01.000,0:00:02.000\nat 1:2, or\n' >a.sbv
	assert_equal "$(text a.sbv)" 'at 1:2, or'
	printf 'no cues\n' >b.srt
	assert_equal "$(text b.srt)" 'no cues'
}

@test "SVG: title, description and texts; what is hidden or an alternative is not there" {
	cat >a.svg <<-'END'
		<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [<!ENTITY ns "http://ns.test/">]>
		<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="&ns;" width="90" height="60"><title>A chart</title><desc>What it is</desc><style>text{}</style>
		<g><text x="1" y="5">Rev<tspan x="9" y="5">enue</tspan><tspan x="1" dy="1.2em">2024</tspan></text></g><text display="none">no</text>
		<switch><foreignObject><div xmlns="http://www.w3.org/1999/xhtml">box</div></foreignObject><text>no</text></switch><a href="https://example.org/"><text>link</text></a></svg>
	END
	assert_equal "$(text a.svg)" "$(printf '# A chart\n\nWhat it is\n\nRevenue 2024\n\nbox\n\n[link](https://example.org/)')"
	assert_equal "$(parsed a.svg '[.kind, .title, .description, .metadata.width, .links[].url, .missing]')" '["image","A chart","What it is",90,"https://example.org/",null]'
	printf '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>' >b.svg
	assert_equal "$(parsed b.svg '[.kind, .text, .missing]')" '["image","",null]'
}

# odf FILE TYPE: packs p/ as an OpenDocument file.
odf() {
	printf 'application/vnd.oasis.opendocument.%s' "$2" >mimetype
	rm -f "$1"
	zip -q -X -0 "$1" mimetype
	(cd p && zip -q -X -r "../$1" .)
	rm -rf p
}

@test "ODS: sheets with what their cells show; what is hidden is left out and named" {
	part content.xml <<-'END'
		<o:document-content xmlns:o="o" xmlns:t="t" xmlns:x="x" xmlns:s="s" xmlns:d="d" xmlns:l="l" xmlns:dc="dc"><o:automatic-styles><s:style s:name="ta2"><s:table-properties t:display="false"/></s:style></o:automatic-styles>
		<o:body><o:spreadsheet><t:content-validations><x:p>no</x:p></t:content-validations><t:table t:name="One"><t:shapes><d:custom-shape><x:p>In a box</x:p></d:custom-shape></t:shapes><t:table-column t:number-columns-repeated="3"/><t:table-column t:visibility="collapse"/>
		<t:table-row><t:table-cell o:value-type="date" o:date-value="2024-05-06"><x:p>06.05.24</x:p></t:table-cell><t:table-cell t:number-columns-spanned="2"><x:p>two</x:p><x:p>lines<x:s/>x</x:p></t:table-cell><t:covered-table-cell><x:p>no</x:p></t:covered-table-cell><t:table-cell><x:p>secret</x:p></t:table-cell><t:table-cell t:number-columns-repeated="16000"/></t:table-row>
		<t:table-row t:number-rows-repeated="2"><t:table-cell o:value-type="float" o:value="5"/><t:table-cell><o:annotation><dc:creator>Eve</dc:creator><dc:date>2024</dc:date><x:p>Is it?</x:p></o:annotation><x:p><x:a l:href="https://example.org/x">here</x:a></x:p></t:table-cell><t:table-cell t:number-columns-repeated="2"><x:p>r</x:p></t:table-cell></t:table-row>
		<t:table-row t:visibility="filter"><t:table-cell><x:p>secret</x:p></t:table-cell></t:table-row><t:table-row t:number-rows-repeated="1048000"><t:table-cell t:number-columns-repeated="16384"/></t:table-row></t:table>
		<t:table t:name="No" t:style-name="ta2"><t:table-row><t:table-cell><x:p>secret</x:p></t:table-cell></t:table-row></t:table>
		<t:table t:name="Two"><t:table-row><t:table-cell><x:p>last</x:p></t:table-cell></t:table-row></t:table></o:spreadsheet></o:body></o:document-content>
	END
	odf a.ods spreadsheet
	run -0 text a.ods
	assert_output "$(printf '## One\n\n| 06.05.24 | two lines x |  |\n| --- | --- | --- |\n| 5 | [here](https://example.org/x) | r |\n| 5 | [here](https://example.org/x) | r |\n\nIn a box\n\n### Comments\n\n  - B2, Eve: Is it?\n\n## Two\n\n| last |\n| --- |')"
	assert_equal "$(parsed a.ods '[.kind, (.missing|sort), .truncated]')" '["document",["hidden columns","hidden rows","hidden sheets"],null]'

}

@test "ODP: slides with their titles first, lists, notes; hidden slides and footers are left out" {
	part content.xml <<-'END'
		<o:document-content xmlns:o="o" xmlns:x="x" xmlns:s="s" xmlns:d="d" xmlns:p="p"><o:automatic-styles><s:style s:name="dp2"><s:drawing-page-properties p:visibility="hidden"/></s:style></o:automatic-styles>
		<o:body><o:presentation><p:footer-decl>no</p:footer-decl><d:page d:name="page1"><d:frame p:class="outline"><d:text-box><x:list><x:list-item><x:p>one</x:p><x:list><x:list-item><x:p>below</x:p></x:list-item></x:list></x:list-item></x:list></d:text-box></d:frame>
		<d:frame p:class="title"><d:text-box><x:p>The title</x:p></d:text-box></d:frame><p:notes><d:page-thumbnail/><d:frame p:class="notes"><d:text-box><x:p>Say hello</x:p></d:text-box></d:frame><d:frame p:class="page-number"><d:text-box><x:p>no</x:p></d:text-box></d:frame></p:notes></d:page>
		<d:page d:name="page2" d:style-name="dp2"><d:frame p:class="title"><d:text-box><x:p>secret</x:p></d:text-box></d:frame></d:page>
		<d:page d:name="page3"><o:annotation xmlns:o="o"><dc:creator xmlns:dc="dc">Eve</dc:creator><x:p>Is it?</x:p></o:annotation><d:custom-shape><x:p>shape</x:p></d:custom-shape></d:page></o:presentation></o:body></o:document-content>
	END
	odf a.odp presentation
	run -0 text a.odp
	assert_output "$(printf '## The title\n\n  - one\n      - below\n\n### Notes\n\nSay hello\n\n## Slide 3\n\nComment by Eve: Is it?\n\nshape')"
	assert_equal "$(parsed a.odp '[.kind, .missing]')" '["document",["hidden slides"]]'

	part content.xml <<<'<o:c xmlns:o="o" xmlns:x="x" xmlns:d="d"><o:body><o:drawing><d:page><d:custom-shape><x:p>drawn</x:p></d:custom-shape></d:page></o:drawing></o:body></o:c>'
	odf b.odg graphics
	assert_equal "$(text b.odg)" drawn
}

@test "XLSX: number formats" {
	# A code, a value, and what a spreadsheet shows, with blanks at its ends left out.
	cat >formats <<-'END'
		0~2.5~3
		0~-2.4~-2
		0.00~1.005~1.01
		#,##0~1234567.5~1,234,568
		#,##0~0~0
		#.##~0.5~.5
		0000~42~0042
		(000) 000-0000~2125551234~(212) 555-1234
		0.0,,"M"~12345678~12.3M
		0%~0.256~26%
		0.00E+00~123456~1.23E+05
		##0.0E+0~123456~123.5E+3
		0.0E-0~0.00012~1.2E-4
		# ?/?~1.5~1 1/2
		# ??/??~3.14159~3 1/7
		?/8~0.375~3/8
		#,##0;(#,##0);"nil"~-1234~(1,234)
		#,##0;(#,##0);"nil"~0~nil
		[>=1000]0.0,"k";0~1500~1.5k
		[>=1000]0.0,"k";0~15~15
		[$$-409]#,##0.00~5~$5.00
		_("$"* #,##0.00_)~5~$5.00
		General"kg"~2.5~2.5kg
		[Blue]0.0~2~2.0
		yyyy\-mm\-dd~45351~2024-02-29
		d/m/yy~60~29/2/00
		d/m/yy~61~1/3/00
		mmm d, yyyy~45351~Feb 29, 2024
		ddd dd mmmm~45351~Thu 29 February
		h:mm AM/PM~0~12:00 AM
		hh:mm:ss~0.999~23:58:34
		mm:ss.0~0.00069444~01:00.0
		[h]:mm~1.5~36:00
		[mm]:ss~0.0521~75:01
		[$-F800]dddd, mmmm dd, yyyy~45351~Thursday, February 29, 2024
		yyyy"年"m"月"d"日"~45351~2024年2月29日
		yyyy/mm/dd~-1~-1
		yyyy/mm/dd~9999999~9999999
	END
	sed 's/&/\&amp;/g; s/"/\&quot;/g; s/</\&lt;/g; s/>/\&gt;/g' formats | awk -F'~' '
		{ codes = codes sprintf("<numFmt numFmtId=\"%d\" formatCode=\"%s\"/>", 200 + NR, $1); styles = styles sprintf("<xf numFmtId=\"%d\"/>", 200 + NR) }
		END { printf "<styleSheet><numFmts>%s</numFmts><cellXfs>%s</cellXfs></styleSheet>", codes, styles }' | part xl/styles.xml
	awk -F'~' 'BEGIN { printf "<sheetData>" } { printf "<row><c s=\"%d\"><v>%s</v></c></row>", NR - 1, $2 } END { printf "</sheetData>" }' formats | cells
	book a.xlsx
	cut -d'~' -f3 formats >expected
	text a.xlsx | sed -n 's/^| \(.*\) |$/\1/p' | sed '/^---$/d; s/\\//g' >shown
	diff expected shown
}
