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
	run -0 bi-parse -t a.docx
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
	run -0 bi-parse -t a.docx
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
	run -0 bi-parse -t a.docx
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
	run -0 bi-parse -t a.docx
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
	run -0 bi-parse -t a.docx
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
	run -0 bi-parse -t a.docx
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
	part word/charts/c.xml <<<'<c:chart xmlns:c="c" xmlns:a="a"><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:chart>'
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
	run -0 bi-parse -t a.docx
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
	assert_equal "$(about a.docx)" '[["charts","pictures","headers and footers"],null]'
}

@test 'a DOCX that is damaged in the middle keeps what is before, and circles end' {
	{
		p 'Before the damage'
		printf '<w:tbl><w:tr><w:tc><w:p><w:r><w:t>cell</w:t></w:q>'
	} | word a.docx
	run -0 bi-parse -t a.docx
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
	run -0 bi-parse -t b.docx
	assert_line --index 0 circle
	word c.docx <<<''
	assert_equal "$(about c.docx)" '[["text"],null]'
}
