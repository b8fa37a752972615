#!/usr/bin/env bats
# bi-parse: OpenDocument that is one XML file, charts, raised text, tracked changes and masters, as LibreOffice and pandoc
# write them.

load helpers

names='xmlns:office="o" xmlns:text="t" xmlns:table="b" xmlns:style="s" xmlns:draw="d" xmlns:xlink="x" xmlns:dc="dc" xmlns:chart="c" xmlns:presentation="p" xmlns:math="m"'
chart='<chart:chart><chart:title><text:p>Sales</text:p></chart:title><chart:plot-area><chart:axis><chart:title><text:p>Year</text:p></chart:title></chart:axis></chart:plot-area>'
chart+='<table:table><table:table-rows><table:table-row><table:table-cell/><table:table-cell><text:p>2024</text:p><draw:g><svg:desc xmlns:svg="v">A1:B2</svg:desc></draw:g></table:table-cell></table:table-row>'
chart+='<table:table-row><table:table-cell><text:p>North</text:p></table:table-cell><table:table-cell><text:p>5</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>South</text:p></table:table-cell><table:table-cell><text:p>NaN</text:p></table:table-cell></table:table-row></table:table-rows></table:table></chart:chart>'
drawn='Sales

Year

|  | 2024 |
| --- | --- |
| North | 5 |
| South |  |'

setup() {
	bi_setup
	cd "$BATS_TEST_TMPDIR" || return
}

# parsed FILE JQ
parsed() {
	bi-parse -j "$1" | jq -c "$2"
}

# flat FILE TYPE <BODY: flat OpenDocument, with a title.
flat() {
	{
		printf '<?xml version="1.0" encoding="UTF-8"?>\n<office:document %s office:mimetype="application/vnd.oasis.opendocument.%s">' "$names" "$2"
		printf '<office:meta><dc:title>The title</dc:title></office:meta>'
		cat
		printf '</office:document>'
	} >"$1"
}

# zipped FILE TYPE <BODY: the same as a package, with the parts in p/.
zipped() {
	mkdir -p p
	{
		printf '<office:document-content %s>' "$names"
		cat
		printf '</office:document-content>'
	} >p/content.xml
	printf 'application/vnd.oasis.opendocument.%s' "$2" >mimetype
	zip -q -X -0 "$1" mimetype
	(cd p && zip -q -X -r "../$1" .)
	rm -rf p
}

@test "flat OpenDocument: texts, and what is embedded in them" {
	flat a.fodt text <<-END
		<office:styles><style:style style:name="S"><style:text-properties style:text-position="super 58%"/></style:style><style:style style:name="L"><style:text-properties style:text-position="-33% 58%"/></style:style></office:styles>
		<office:master-styles><style:master-page><style:header><text:p>top</text:p></style:header></style:master-page></office:master-styles>
		<office:body><office:text><text:h text:outline-level="1">Head</text:h><text:p>10<text:span text:style-name="S">6<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>Note 7</text:p></text:note-body></text:note></text:span> H<text:span text:style-name="L">2</text:span>O
		<draw:frame><draw:object><math:math><math:mi>E</math:mi><math:mo>=</math:mo><math:mi>m</math:mi></math:math></draw:object><draw:image><office:binary-data>aGVsbG8=</office:binary-data></draw:image></draw:frame></text:p>
		<text:p>Before <draw:frame><draw:object><office:document office:mimetype="application/vnd.oasis.opendocument.chart"><office:body><office:chart>$chart</office:chart></office:body></office:document></draw:object><draw:image><office:binary-data>aGVsbG8=</office:binary-data></draw:image></draw:frame></text:p></office:text></office:body>
	END
	run -0 bi-parse -t a.fodt
	assert_output --partial '# Head

10⁶[^1] H₂O $`E=m`$'
	assert_output --partial "$drawn"
	assert_output --partial '[^1]: Note 7'
	refute_output --partial aGVs
	run -0 parsed a.fodt '[.kind, .title, .truncated, .missing]'
	assert_output '["document","The title",null,["headers and footers"]]'
	# A picture is missing, and so is what is behind a cut.
	flat b.fodt text <<<'<office:body><office:text><text:p>one<draw:frame><draw:image><office:binary-data>aGVsbG8=</office:binary-data></draw:image></draw:frame></text:p></office:text></office:body>'
	run -0 parsed b.fodt '[.text, .missing]'
	assert_output '["one\n",["pictures"]]'
	head -c -50 b.fodt >c.fodt
	run -0 parsed c.fodt '[.text, .truncated]'
	assert_output '["one\n",true]'
	head -c 200 b.fodt >d.fodt
	run -1 bi-parse -j d.fodt
	assert_output --partial parse_damaged
	# XML with such a name that is something else is text.
	printf '<?xml version="1.0"?><list>words</list>' >e.fods
	run -0 parsed e.fods '[.kind, .text]'
	assert_output --partial '"text","<?xml'
}

@test "charts of workbooks, flat and packed, have their titles and numbers" {
	mkdir -p 'p/Object 1' 'p/Object 2'
	printf '<office:document-content %s><office:body><office:chart>%s</office:chart></office:body></office:document-content>' "$names" "$chart" >'p/Object 1/content.xml'
	printf '<office:document-content %s><chart:chart/></office:document-content>' "$names" >'p/Object 2/content.xml'
	body='<office:body><office:spreadsheet><table:table table:name="One"><table:shapes><draw:frame><draw:object%s</draw:object><draw:image xlink:href="./ObjectReplacements/Object 1"/></draw:frame></table:shapes><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body>'
	# shellcheck disable=SC2059 # the format is ours
	printf "$body" ' xlink:href="./Object 1/">' | zipped a.ods spreadsheet
	# shellcheck disable=SC2059
	printf "$body" "><office:document office:mimetype=\"application/vnd.oasis.opendocument.chart\"><office:body>$chart</office:body></office:document>" | flat a.fods spreadsheet
	for file in a.ods a.fods; do
		run -0 bi-parse -t $file
		assert_output "## One

| x |
| --- |

$drawn"
		run -0 parsed $file .missing
		assert_output null
	done
	mkdir -p 'p/Object 2'
	printf '<office:document-content %s><chart:chart/></office:document-content>' "$names" >'p/Object 2/content.xml'
	# shellcheck disable=SC2059
	printf "$body" ' xlink:href="Object 2">' | zipped b.ods spreadsheet
	run -0 parsed b.ods .missing
	assert_output '["charts"]'
}

@test "of tracked changes in their place the deleted text is left out; objects may be called with a slash" {
	mkdir -p p/F
	printf '<math xmlns="m"><mi>x</mi><mo>=</mo><mn>1</mn></math>' >p/F/content.xml
	zipped a.odt text <<-'END'
		<office:body><office:text><text:tracked-changes><text:changed-region text:id="i"><text:insertion/></text:changed-region><text:changed-region text:id="d"><text:deletion/></text:changed-region></text:tracked-changes>
		<text:p>a <text:change-start text:change-id="i"/>new<text:change-end text:change-id="i"/> <text:change-start text:change-id="d"/>old</text:p><text:p>old too<text:change-end text:change-id="d"/>b <draw:frame><draw:object xlink:href="F/"/></draw:frame></text:p></office:text></office:body>
	END
	run -0 parsed a.odt '[.text, .missing]'
	assert_output '["a new\n\nb $`x=1`$\n",null]'
}

@test "a document whose type is damaged is damaged, and no archive" {
	zipped a.odt text <<<'<office:body><office:text><text:p>words</text:p></office:text></office:body>'
	sed 's/oasis.open/oasis.Open/' a.odt >b.odt
	run -1 bi-parse -j b.odt
	assert_output --partial parse_damaged
}

@test "text of a slide's master is named, and the preview of a table is no picture" {
	body='<office:body><office:presentation><draw:page><draw:frame><table:table><table:table-row><table:table-cell><text:p>cell</text:p></table:table-cell></table:table-row></table:table><draw:image xlink:href="Pictures/TablePreview1.svm"/></draw:frame></draw:page></office:presentation></office:body>'
	# master CLASS
	master() {
		printf '<office:master-styles><style:master-page><draw:frame%s><draw:text-box><text:p>of all</text:p></draw:text-box></draw:frame><presentation:notes><draw:frame><draw:text-box><text:p>n</text:p></draw:text-box></draw:frame></presentation:notes></style:master-page></office:master-styles>' "$1"
	}
	{ master '' && printf '%s' "$body"; } | flat a.fodp presentation
	run -0 parsed a.fodp '[.text, .missing]'
	assert_output '["## Slide 1\n\n| cell |\n| --- |\n",["text of slide masters"]]'
	{ master ' presentation:class="title"' && printf '%s' "$body"; } | flat b.fodp presentation
	run -0 parsed b.fodp .missing
	assert_output null
}

@test "PPTX: runs are bold, italic, struck, raised and lowered, and formulas become TeX" {
	mkdir -p p/ppt/slides
	printf '<Types><Override PartName="/ppt/presentation.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/></Types>' >'p/[Content_Types].xml'
	printf '<p:presentation xmlns:p="p"/>' >p/ppt/presentation.xml
	cat >p/ppt/slides/slide1.xml <<-'END'
		<p:sld xmlns:p="p" xmlns:a="a" xmlns:m="m"><p:cSld><p:spTree><p:sp><p:nvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:rPr b="1"/><a:t>Title</a:t></a:r></a:p></p:txBody></p:sp>
		<p:sp><p:txBody><a:p><a:r><a:rPr b="1"/><a:t>bold</a:t></a:r><a:r><a:rPr b="1" i="1"/><a:t> both</a:t></a:r><a:r><a:rPr i="true"/><a:t> it</a:t></a:r><a:r><a:rPr strike="sngStrike" b="0"/><a:t> gone</a:t></a:r><a:r><a:rPr strike="noStrike"/><a:t> 10</a:t></a:r><a:r><a:rPr baseline="30000"/><a:t>6</a:t></a:r><a:r><a:t> H</a:t></a:r><a:r><a:rPr baseline="-25000"/><a:t>2</a:t></a:r></a:p>
		<a:p><a:r><a:t>so </a:t></a:r><m:oMath><m:f><m:num><m:r><a:rPr b="1"/><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f></m:oMath><a:r><a:t> end</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>
	END
	(cd p && zip -q -X -r ../a.pptx .)
	run -0 parsed a.pptx '[.text, .missing]'
	assert_output '["## Title\n\n**bold *both*** *it* ~~gone~~ 10⁶ H₂\n\nso $`\\frac{a}{b}`$ end\n",null]'
}
