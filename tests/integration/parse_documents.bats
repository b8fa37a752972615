#!/usr/bin/env bats
# bi-parse: what is kept of DOCX, ODT and EPUB, as different programs write them.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr

load helpers

# part PATH <CONTENT: a file of the package that is made.
part() {
	mkdir -p "$(dirname "p/$1")"
	cat >"p/$1"
}

# packed NAME: the package of all parts.
packed() {
	rm -f "$1"
	(cd p && zip -q -X -r "../$1" .)
}

# word NAME <BODY: a DOCX with this body, and what else was made by part.
word() {
	{
		printf '<w:document xmlns:w="w" xmlns:r="r" xmlns:wp="wp" xmlns:a="a" xmlns:m="m" xmlns:mc="mc" xmlns:wps="s" xmlns:v="v"><w:body>'
		cat
		printf '</w:body></w:document>'
	} | part word/document.xml
	packed "$1"
}

# p TEXT [PROPERTIES]: a paragraph.
p() {
	printf '<w:p><w:pPr>%s</w:pPr><w:r><w:t xml:space="preserve">%s</w:t></w:r></w:p>' "${2-}" "$1"
}

# li NUMBERING LEVEL TEXT: a paragraph of a list.
li() {
	p "$3" "<w:numPr><w:ilvl w:val=\"$2\"/><w:numId w:val=\"$1\"/></w:numPr>"
}

# about FILE: what is missing of it.
about() {
	bi-parse -j "$1" | jq -c '[.missing, .truncated]'
}

@test 'notes and comments of a DOCX become notes of Markdown, in the order of their marks' {
	part word/_rels/document.xml.rels <<-'END'
		<R><Relationship Id="a" Type="x/footnotes" Target="f/foot.xml"/><Relationship Id="b" Type="x/comments" Target="/word/comments.xml"/></R>
	END
	part word/f/foot.xml <<-'END'
		<w:footnotes xmlns:w="w"><w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:t>no</w:t></w:r></w:p></w:footnote>
		<w:footnote w:id="1"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t xml:space="preserve"> later</w:t></w:r></w:p></w:footnote>
		<w:footnote w:id="2"><w:p><w:r><w:t>first</w:t></w:r></w:p><w:p><w:r><w:t>- second paragraph</w:t></w:r></w:p></w:footnote>
		<w:footnote w:id="3"><w:p><w:r><w:t>of deleted text</w:t></w:r></w:p></w:footnote></w:footnotes>
	END
	part word/comments.xml <<-'END'
		<w:comments xmlns:w="w"><w:comment w:id="1" w:author="Rev"><w:p><w:r><w:annotationRef/></w:r><w:r><w:t>Is it so?</w:t></w:r></w:p></w:comment></w:comments>
	END
	word a.docx <<-'END'
		<w:p><w:r><w:t>A word</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>.</w:t></w:r></w:p>
		<w:tbl><w:tr><w:tc><w:p><w:r><w:t>cell</w:t></w:r><w:r><w:footnoteReference w:id="1"/></w:r></w:p></w:tc></w:tr></w:tbl>
		<w:p><w:r><w:t>End</w:t></w:r><w:r><w:commentReference w:id="1"/></w:r><w:del><w:r><w:t>x</w:t><w:footnoteReference w:id="3"/></w:r></w:del><w:r><w:footnoteReference w:id="9"/></w:r></w:p>
	END
	run -0 --separate-stderr bi-parse -t a.docx
	assert_line --index 0 'A word[^1].'
	assert_line '| cell[^2] |'
	assert_line --partial 'End[^3]'
	assert_line '[^1]: first'
	assert_line '    \- second paragraph'
	assert_line '[^2]: later'
	assert_line '[^3]: Comment by Rev: Is it so?'
	refute_output --partial 'no'
	assert_equal "$(about a.docx)" '[["footnotes"],null]'
}

@test 'hyphens, symbols and text boxes of a DOCX are text, and text boxes come once' {
	word a.docx <<-'END'
		<w:p><w:r><w:t>T</w:t><w:noBreakHyphen/><w:t>cell, in</w:t><w:softHyphen/><w:t>fix, hy­phen </w:t><w:sym w:font="Symbol" w:char="F061"/><w:sym w:font="Wingdings" w:char="F0FC"/><w:sym w:font="Wingdings" w:char="E0"/></w:r>
		<w:r><w:rPr><w:rFonts w:ascii="Symbol"/></w:rPr><w:t>b</w:t></w:r></w:p>
		<w:p><w:r><w:t>Before</w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx><w:txbxContent><w:p><w:r><w:t>BOX</w:t></w:r></w:p><w:p><w:r><w:t>two</w:t></w:r></w:p></w:txbxContent></wps:txbx></w:drawing></mc:Choice>
		<mc:Fallback><w:pict><v:textbox><w:txbxContent><w:p><w:r><w:t>BOX</w:t></w:r></w:p></w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r><w:r><w:t xml:space="preserve"> and after</w:t></w:r></w:p>
		<w:p><w:r><mc:AlternateContent><mc:Choice Requires="unheard"><w:t>wrong</w:t></mc:Choice><mc:Fallback><w:pict><v:shape><v:textbox><w:txbxContent><w:p><w:r><w:t>VML</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>
		<w:tbl><w:tr><w:tc><w:p><w:r><w:t>in</w:t><w:pict><w:txbxContent><w:p><w:r><w:t>a cell</w:t></w:r></w:p></w:txbxContent></w:pict></w:r></w:p></w:tc></w:tr></w:tbl>
	END
	run -0 --separate-stderr bi-parse -t a.docx
	assert_output - <<-'END'
		T-cell, infix, hyphen α✓→β

		Before and after

		BOX

		two

		VML

		| in a cell |
		| --- |
	END
}

@test 'the main part of a DOCX may have any name, and be of strict Office Open XML' {
	part '[Content_Types].xml' <<-'END'
		<Types><Override PartName="/doc/main.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>
	END
	part _rels/.rels <<-'END'
		<Relationships><Relationship Id="x" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument" Target="/doc/main.xml"/>
		<Relationship Id="y" Type="http://x/core-properties" Target="props.xml"/></Relationships>
	END
	part doc/_rels/main.xml.rels <<<'<Relationships><Relationship Id="s" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/styles" Target="../s.xml"/></Relationships>'
	part s.xml <<<'<w:styles xmlns:w="w"><w:style w:styleId="X"><w:name w:val="Meine"/><w:basedOn w:val="Y"/></w:style><w:style w:styleId="Y"><w:name w:val="Titre 2"/></w:style></w:styles>'
	part props.xml <<<'<c xmlns:dc="d"><dc:title>Stated</dc:title></c>'
	p 'A head' '<w:pStyle w:val="X"/>' | cat <(printf '<w:document xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"><w:body>') - <(printf '</w:body></w:document>') |
		part doc/main.xml
	packed a.docx
	assert_equal "$(bi-parse -t a.docx)" '## A head'
	assert_equal "$(bi-parse -j a.docx | jq -r '.kind, .title')" $'document\nStated'
}

@test 'lists of a DOCX have the numbers that Word shows' {
	part word/numbering.xml <<-'END'
		<w:numbering xmlns:w="w"><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
		<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%2)"/></w:lvl><w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1.%2.%3"/></w:lvl></w:abstractNum>
		<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/><w:pStyle w:val="H1"/><w:lvlText w:val="%1"/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="decimal"/><w:pStyle w:val="H2"/><w:lvlText w:val="%1.%2"/></w:lvl></w:abstractNum>
		<w:num w:numId="5"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="6"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="9"/></w:lvlOverride></w:num>
		<w:num w:numId="7"><w:abstractNumId w:val="1"/></w:num></w:numbering>
	END
	part word/styles.xml <<-'END'
		<w:styles xmlns:w="w"><w:style w:styleId="H1"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="7"/></w:numPr></w:pPr></w:style>
		<w:style w:styleId="H2"><w:name w:val="x"/><w:pPr><w:numPr><w:numId w:val="7"/></w:numPr><w:outlineLvl w:val="1"/></w:pPr></w:style></w:styles>
	END
	{
		p Scope '<w:pStyle w:val="H1"/>'
		p Terms '<w:pStyle w:val="H2"/>'
		p Uses '<w:pStyle w:val="H2"/>'
		p Rest '<w:pStyle w:val="H1"/>'
		p Last '<w:pStyle w:val="H2"/>'
		li 5 0 three
		li 5 1 sub
		li 5 2 deep
		li 5 1 subb
		li 5 0 four
		li 5 1 again
		p between
		li 5 0 five
		li 6 0 nine
		li 77 0 unknown
	} | word a.docx
	run -0 --separate-stderr bi-parse -t a.docx
	assert_output - <<-'END'
		# 1 Scope

		## 1.1 Terms

		## 1.2 Uses

		# 2 Rest

		## 2.1 Last

		3.  three
		      - a) sub
		          - 3.a.I deep
		      - b) subb
		4.  four
		      - a) again

		between

		5.  five

		<!-- end list -->

		9.  nine

		<!-- end list -->

		  - unknown
	END
}

@test 'of tracked changes of a DOCX the text after them is kept; hidden text is named' {
	part word/styles.xml <<<'<w:styles xmlns:w="w"><w:style w:styleId="S"><w:rPr><w:vanish/></w:rPr></w:style><w:style w:styleId="T"><w:basedOn w:val="S"/></w:style></w:styles>'
	word a.docx <<-'END'
		<w:p><w:pPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr><w:r><w:t>Join</w:t></w:r></w:p><w:p><w:r><w:t>ed</w:t></w:r><w:ins><w:r><w:t xml:space="preserve"> in</w:t></w:r></w:ins><w:del><w:r><w:delText>out</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>from</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t xml:space="preserve"> to</w:t></w:r></w:moveTo></w:p>
		<w:p><w:pPr><w:pPrChange><w:pPr><w:pStyle w:val="Heading1"/></w:pPr></w:pPrChange></w:pPr><w:r><w:rPr><w:rPrChange><w:rPr><w:b/></w:rPr></w:rPrChange></w:rPr><w:t>plain</w:t></w:r></w:p>
		<w:tbl><w:tr><w:tc><w:p><w:r><w:t>kept</w:t></w:r></w:p></w:tc></w:tr><w:tr><w:trPr><w:del w:id="2"/></w:trPr><w:tc><w:p><w:r><w:t>row</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
	END
	run -0 --separate-stderr bi-parse -t a.docx
	assert_output - <<-'END'
		Joined in to

		plain

		| kept |
		| --- |
	END
	assert_equal "$(about a.docx)" '[null,null]'
	word b.docx <<-'END'
		<w:p><w:r><w:t>seen</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>one</w:t></w:r><w:r><w:rPr><w:rStyle w:val="T"/></w:rPr><w:t>two</w:t></w:r><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t xml:space="preserve"> too</w:t></w:r></w:p>
		<w:p><w:pPr><w:pStyle w:val="T"/></w:pPr><w:r><w:t>three</w:t></w:r></w:p>
	END
	assert_equal "$(bi-parse -t b.docx)" 'seen too'
	assert_equal "$(about b.docx)" '[["hidden text"],null]'
}

@test 'fields of a DOCX are their results, and links' {
	word a.docx <<-'END'
		<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> HYPERLINK "https://a.test/x" \o "tip" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>a link</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:t xml:space="preserve">, </w:t></w:r>
		<w:fldSimple w:instr=" PAGE "><w:r><w:t>12</w:t></w:r></w:fldSimple><w:r><w:t xml:space="preserve">, </w:t></w:r><w:fldSimple w:instr="HYPERLINK https://b.test/"><w:r><w:t>b</w:t></w:r></w:fldSimple>
		<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> IF </w:instrText></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>X</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>inner</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t xml:space="preserve"> shown</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>
		<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> SYMBOL 97 \f "Symbol" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>
	END
	assert_equal "$(bi-parse -t a.docx)" '[a link](https://a.test/x), 12, [b](https://b.test/) shownα'
}

@test 'tables of a DOCX keep merged cells, nested tables and content controls in place' {
	word a.docx <<-'END'
		<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc></w:tr>
		<w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>wide</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>c</w:t></w:r></w:p></w:tc></w:tr>
		<w:sdt><w:sdtPr><w:rPr><w:b/></w:rPr></w:sdtPr><w:sdtContent><w:tr><w:trPr><w:gridBefore w:val="1"/></w:trPr><w:sdt><w:sdtContent><w:tc><w:tbl><w:tr><w:tc><w:p><w:r><w:t>n1</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>n2</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p/></w:tc></w:sdtContent></w:sdt></w:tr></w:sdtContent></w:sdt></w:tbl>
		<w:sdt><w:sdtContent><w:p><w:sdt><w:sdtContent><w:r><w:t>in a control</w:t></w:r></w:sdtContent></w:sdt></w:p></w:sdtContent></w:sdt>
	END
	run -0 --separate-stderr bi-parse -t a.docx
	assert_output - <<-'END'
		| a |  |  |
		| --- | --- | --- |
		| wide |  | c |
		|  | n1 n2 |  |

		in a control
	END
}

@test 'formulas of a DOCX become TeX' {
	word a.docx <<-'END'
		<w:p><m:oMath><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>10</m:t></m:r></m:sup></m:sSup><m:r><m:t>=</m:t></m:r><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:rad><m:radPr><m:degHide m:val="1"/></m:radPr><m:deg/><m:e><m:r><m:t>b</m:t></m:r></m:e></m:rad></m:den></m:f></m:oMath></w:p>
		<w:p><m:oMathPara><m:oMath><m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub><m:r><m:t>i=1</m:t></m:r></m:sub><m:sup><m:r><m:t>n</m:t></m:r></m:sup><m:e><m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr><m:e><m:r><m:t>i</m:t></m:r></m:e></m:d></m:e></m:nary></m:oMath></m:oMathPara></w:p>
		<w:p><m:oMath><m:m><m:mr><m:e><m:r><m:t>1</m:t></m:r></m:e><m:e><m:r><m:t>0</m:t></m:r></m:e></m:mr><m:mr><m:e><m:r><m:t>0</m:t></m:r></m:e><m:e><m:r><m:t>1</m:t></m:r></m:e></m:mr></m:m></m:oMath></w:p>
	END
	run -0 --separate-stderr bi-parse -t a.docx
	assert_output - <<-'END'
		$`x^{10}=\frac{a}{\sqrt{b}}`$

		$`\sum_{i=1}^n [i]`$

		$`\begin{matrix}1 & 0 \\ 0 & 1\end{matrix}`$
	END
}

@test 'code, breaks, rubies, charts and parts in HTML of a DOCX' {
	part word/_rels/document.xml.rels <<-'END'
		<R><Relationship Id="h" Type="x/aFChunk" Target="chunk.html"/><Relationship Id="c" Type="x/chart" Target="charts/c.xml"/><Relationship Id="e" Type="x/image" Target="media/1.emf"/><Relationship Id="f" Type="x/footer" Target="f.xml"/></R>
	END
	part word/chunk.html <<<'<h2>Chunk</h2><p>of HTML</p>'
	part word/charts/c.xml <<<'<c:chartSpace xmlns:c="c" xmlns:a="a"><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:rich></c:tx></c:title></c:chart></c:chartSpace>'
	part word/media/1.emf <<<'x'
	part word/f.xml <<<'<w:ftr xmlns:w="w"><w:p><w:r><w:t>Company</w:t></w:r></w:p></w:ftr>'
	word a.docx <<-'END'
		<w:p><w:pPr><w:pStyle w:val="SourceCode"/></w:pPr><w:r><w:t xml:space="preserve">if x:</w:t><w:br/><w:t xml:space="preserve">  y</w:t></w:r></w:p><w:p><w:pPr><w:pStyle w:val="SourceCode"/></w:pPr><w:r><w:t>z</w:t></w:r></w:p>
		<w:p><w:r><w:t xml:space="preserve">Run </w:t></w:r><w:r><w:rPr><w:rStyle w:val="VerbatimChar"/></w:rPr><w:t xml:space="preserve">ls </w:t></w:r><w:r><w:rPr><w:rStyle w:val="VerbatimChar"/></w:rPr><w:t>-l</w:t></w:r><w:r><w:t>.</w:t><w:br w:type="page"/><w:t>next page</w:t><w:tab/><w:t>tab</w:t></w:r></w:p>
		<w:p><w:r><w:ruby><w:rubyPr/><w:rt><w:r><w:t>かん</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>漢</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>
		<w:altChunk r:id="h"/>
		<w:p><w:r><w:t>Chart:</w:t></w:r><w:r><w:drawing><wp:docPr descr="x"/><c:chart xmlns:c="c" r:id="c"/></w:drawing></w:r></w:p>
		<w:p><w:r><w:drawing><wp:docPr descr="A plan"/><a:blip r:embed="e"/></w:drawing></w:r></w:p>
	END
	run -0 --separate-stderr bi-parse -t a.docx
	assert_output - <<-'END'
		    if x:
		      y
		    z

		Run `ls -l`.

		next page tab

		漢(かん)

		## Chunk

		of HTML

		Chart:

		Sales

		A plan
	END
	assert_equal "$(about a.docx)" '[["pictures","headers and footers"],null]'
}

@test 'a DOCX that is damaged in the middle keeps what is before, and circles end' {
	{
		p 'Before the damage'
		printf '<w:tbl><w:tr><w:tc><w:p><w:r><w:t>cell</w:t></w:q>'
	} | word a.docx
	run -0 --separate-stderr bi-parse -t a.docx
	assert_line --index 0 'Before the damage'
	assert_line '| cell |'
	assert_equal "$(about a.docx)" '[null,true]'
	part word/styles.xml <<<'<w:styles xmlns:w="w"><w:style w:styleId="A"><w:basedOn w:val="B"/></w:style><w:style w:styleId="B"><w:basedOn w:val="A"/></w:style></w:styles>'
	part word/numbering.xml <<<'<w:numbering xmlns:w="w"><w:abstractNum w:abstractNumId="0"><w:styleLink w:val="X"/><w:numStyleLink w:val="X"/></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
	part word/_rels/document.xml.rels <<<'<R><Relationship Id="a" Type="x/footnotes" Target="document.xml"/><Relationship Id="b" Type="x/officeDocument" Target="document.xml"/></R>'
	{
		p circle '<w:pStyle w:val="A"/>'
		li 1 99 item
		li 1 -5 item
		p 'no such picture"/><a:blip r:embed="zz"/><w:p x="'
	} | word b.docx
	run -0 --separate-stderr bi-parse -t b.docx
	assert_line --index 0 circle
	word c.docx <<<''
	assert_equal "$(about c.docx)" '[["text"],null]'
}

# odt NAME [STYLES] <BODY: an ODT.
odt() {
	{
		printf '<o:content xmlns:o="o" xmlns:text="t" xmlns:style="s" xmlns:fo="f" xmlns:table="b" xmlns:draw="d" xmlns:xlink="x" xmlns:svg="v" xmlns:dc="dc" xmlns:office="o"><o:automatic-styles>%s</o:automatic-styles><o:body><o:text>' "${2-}"
		cat
		printf '</o:text></o:body></o:content>'
	} | part content.xml
	packed "$1"
}

@test 'notes, comments, text boxes and formulas of an ODT have their places' {
	part 'Object 1/content.xml' <<<'<math:math xmlns:math="m"><math:semantics><math:mrow><math:msup><math:mi>x</math:mi><math:mn>10</math:mn></math:msup><math:mo>=</math:mo><math:mfrac><math:mi>a</math:mi><math:mi>b</math:mi></math:mfrac></math:mrow><math:annotation encoding="StarMath 5.0">x^10</math:annotation></math:semantics></math:math>'
	part 'Object 2/content.xml' <<<'<o:document-content xmlns:o="o" xmlns:c="c"><c:chart/></o:document-content>'
	odt a.odt <<-'END'
		<text:p>A word<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>The note.</text:p><text:p>More.</text:p></text:note-body></text:note> and <office:annotation><dc:creator>Rev</dc:creator><dc:date>2024-01-01</dc:date><text:p>Is it?</text:p></office:annotation>more<draw:frame><draw:text-box><text:p>BOX</text:p><text:p>two</text:p></draw:text-box></draw:frame> after.</text:p>
		<text:p>Formula <draw:frame><draw:object xlink:href="./Object 1"/><draw:image xlink:href="./ObjectReplacements/Object 1"/></draw:frame></text:p>
		<table:table><table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>wide<text:note text:note-class="endnote"><text:note-citation>i</text:note-citation><text:note-body><text:p>End.</text:p></text:note-body></text:note></text:p></table:table-cell><table:covered-table-cell/><table:table-cell><text:p>c</text:p></table:table-cell></table:table-row></table:table>
		<text:p><draw:frame><draw:object xlink:href="./Object 2"/></draw:frame></text:p>
	END
	run -0 --separate-stderr bi-parse -t a.odt
	assert_output - <<-'END'
		A word[^1] and [^2]more after.

		BOX

		two

		Formula $`x^{10}=\frac{a}{b}`$

		| wide[^3] |  | c |
		| --- | --- | --- |

		[^1]: The note.

		    More.

		[^2]: Comment by Rev: Is it?

		[^3]: End.
	END
	assert_equal "$(about a.odt)" '[["charts"],null]'
}

@test 'lists and headings of an ODT have their numbers, and hidden text is named' {
	local levels='<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="." text:start-value="3"/><text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")"/></text:list-style><style:style style:name="H"><style:text-properties text:display="none"/></style:style><style:style style:name="P" style:parent-style-name="Preformatted_20_Text"/>'

	part styles.xml <<-'END'
		<o:styles xmlns:o="o" xmlns:text="t" xmlns:style="s"><text:outline-style><text:outline-level-style text:level="1" style:num-format="1"/><text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/></text:outline-style>
		<style:master-page><style:footer><text:p>Company</text:p></style:footer></style:master-page></o:styles>
	END
	odt a.odt "$levels" <<-'END'
		<text:h text:outline-level="1">Scope</text:h><text:h text:outline-level="2">Terms</text:h><text:h text:outline-level="1">Rest</text:h>
		<text:list xml:id="l1" text:style-name="L"><text:list-item><text:p>three</text:p><text:list><text:list-item><text:p>sub</text:p></text:list-item></text:list></text:list-item><text:list-item><text:p>four</text:p></text:list-item></text:list>
		<text:p>between</text:p>
		<text:list text:style-name="L" text:continue-list="l1"><text:list-item><text:p>five</text:p></text:list-item><text:list-item text:start-value="9"><text:p>nine</text:p></text:list-item></text:list>
		<text:p text:style-name="P">a<text:s text:c="2"/>b</text:p><text:p text:style-name="P">c</text:p>
		<text:p text:style-name="H">hid</text:p><text:section text:display="none"><text:p>hid</text:p></text:section><text:p>seen<text:hidden-text text:is-hidden="true" text:string-value="x">hid</text:hidden-text></text:p>
	END
	run -0 --separate-stderr bi-parse -t a.odt
	assert_output - <<-'END'
		# 1 Scope

		## 1.1 Terms

		# 2 Rest

		3.  three
		      - a) sub
		4.  four

		between

		5.  five

		<!-- end list -->

		9.  nine

		<!-- end list -->

		    a  b
		    c

		seen
	END
	assert_equal "$(about a.odt)" '[["headers and footers","hidden text"],null]'
}

# epub NAME SPINE MANIFEST [METADATA]: an EPUB of the parts.
epub() {
	part META-INF/container.xml <<<'<container><rootfiles><rootfile full-path="a b/deep/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
	part 'a b/deep/book.opf' <<<"<package xmlns:dc='dc' xmlns:opf='o'><metadata><dc:title>T</dc:title>${4-}</metadata><manifest>$3</manifest><spine>$2</spine></package>"
	packed "$1"
}

@test 'notes of an EPUB become notes of Markdown, wherever they are' {
	part 'a b/1.xhtml' <<-'END'
		<html xmlns:epub="e"><body><h1>One</h1><p>A word<sup><a epub:type="noteref" href="#n1">1</a></sup> and <a role="doc-noteref" href="notes%20x.xhtml#n2"><sup>2</sup></a>, <a epub:type="noteref" href="#none">3</a>.</p>
		<aside epub:type="footnote" id="n1" hidden="hidden"><p>Here. <a epub:type="backlink" href="#r1">back</a></p></aside></body></html>
	END
	part 'a b/notes x.xhtml' <<<'<html xmlns:epub="e"><body><section epub:type="endnotes"><h2>Notes</h2><ol><li epub:type="endnote" id="n2">There.</li><li epub:type="endnote" id="n9">Lost.</li></ol></section></body></html>'
	epub a.epub '<itemref idref="a"/><itemref idref="n" linear="no"/>' '<item id="a" href="../1.xhtml"/><item id="n" href="../notes%20x.xhtml"/>'
	run -0 --separate-stderr bi-parse -t a.epub
	assert_output - <<-'END'
		# One

		A word[^1] and [^2], \[3\].

		## Notes

		Lost.

		[^1]: Here.

		[^2]: There.
	END
}

@test 'all authors and the formulas of an EPUB are kept, and a lost chapter is named' {
	part 'a b/1.xhtml' <<<'<html><body><p>E: <m:math xmlns:m="http://www.w3.org/1998/Math/MathML"><m:msup><m:mi>x</m:mi><m:mn>2</m:mn></m:msup><m:mspace/></m:math> and <math xmlns="http://www.w3.org/1998/Math/MathML"><mfrac><mi>a</mi><mi>b</mi></mfrac></math></p></body></html>'
	epub a.epub '<itemref idref="a"/><itemref idref="z"/>' '<item id="a" href="../1.xhtml"/><item id="z" href="gone.xhtml"/>' \
		'<dc:creator opf:role="aut">Eve</dc:creator><dc:creator>Adam</dc:creator><dc:creator>Eve</dc:creator>'
	assert_regex "$(bi-parse -t a.epub)" 'E: \$`x\^2 ?`\$ and \$`\\frac\{a\}\{b\}`\$'
	assert_equal "$(bi-parse -j a.epub | jq -c '[.author, .missing]')" '["Eve, Adam",["chapters"]]'
}

@test 'an EPUB with obfuscated fonts is read, one with encrypted text is encrypted' {
	part 'a b/1.xhtml' <<<'<html><body><p>Words</p></body></html>'
	part META-INF/encryption.xml <<<'<encryption><e:EncryptedData xmlns:e="e"><e:EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding"/><e:CipherData><e:CipherReference URI="fonts/a.otf"/></e:CipherData></e:EncryptedData></encryption>'
	epub a.epub '<itemref idref="a"/>' '<item id="a" href="../1.xhtml"/>'
	assert_equal "$(bi-parse -t a.epub)" Words
	part META-INF/encryption.xml <<<'<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/><CipherReference URI="a%20b/1.xhtml"/></EncryptedData></encryption>'
	epub b.epub '<itemref idref="a"/>' '<item id="a" href="../1.xhtml"/>'
	run -1 bi-parse -j b.epub
	assert_output --partial parse_encrypted
}
