# shellcheck shell=bash
# Documents of each kind with the same features: make_KIND FILE N writes one whose plain paragraphs are there N times.

# repeat N TEXT: the text N times, with its number for @.
repeat() {
	local i

	for ((i = 1; i <= $1; i++)); do
		printf '%s\n' "${2//@/$i}"
	done
}

# package FILE: a ZIP of the working directory.
package() {
	rm -f "$1"
	[ ! -e mimetype ] || zip -q -X -0 "$1" mimetype
	zip -q -X -r "$1" . -x mimetype
}

make_docx() {
	mkdir -p word/_rels _rels docProps
	cat >'[Content_Types].xml' <<-'END'
		<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>
	END
	cat >_rels/.rels <<-'END'
		<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/><Relationship Id="r2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>
	END
	cat >word/_rels/document.xml.rels <<-'END'
		<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="l1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="https://example.com/link" TargetMode="External"/><Relationship Id="f1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes" Target="footnotes.xml"/><Relationship Id="s1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="n1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/numbering" Target="numbering.xml"/></Relationships>
	END
	cat >docProps/core.xml <<-'END'
		<?xml version="1.0"?><cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Title of the file</dc:title><dc:creator>Ada Lovelace</dc:creator></cp:coreProperties>
	END
	cat >word/styles.xml <<-'END'
		<?xml version="1.0"?><w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>
	END
	cat >word/numbering.xml <<-'END'
		<?xml version="1.0"?><w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="-"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>
	END
	cat >word/footnotes.xml <<-'END'
		<?xml version="1.0"?><w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:footnote w:id="2"><w:p><w:r><w:t>The text of the note.</w:t></w:r></w:p></w:footnote></w:footnotes>
	END
	{
		cat <<-'END'
			<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><w:body>
			<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Heading of the part</w:t></w:r></w:p>
		END
		repeat "$2" '<w:p><w:r><w:t>A plain paragraph with some words, number @ of many.</w:t></w:r></w:p>'
		cat <<-'END'
			<w:p><w:r><w:t xml:space="preserve">Order one has </w:t></w:r><w:hyperlink r:id="l1"><w:r><w:t>a link</w:t></w:r></w:hyperlink><w:r><w:footnoteReference w:id="2"/></w:r></w:p>
			<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>First of the list, order two</w:t></w:r></w:p>
			<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>Second of the list</w:t></w:r></w:p>
			<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w="2000"/><w:gridCol w:w="2000"/></w:tblGrid><w:tr><w:tc><w:p><w:r><w:t>Animal</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Count</w:t></w:r></w:p></w:tc></w:tr><w:tr><w:tc><w:p><w:r><w:t>Dog</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>12</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
			<w:p><m:oMath><m:r><m:t>E=m</m:t></m:r><m:sSup><m:e><m:r><m:t>c</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath></w:p>
			<w:p><w:r><w:t>Order three ends it.</w:t></w:r></w:p></w:body></w:document>
		END
	} >word/document.xml
	package "$1"
}

make_odt() {
	mkdir -p META-INF
	printf application/vnd.oasis.opendocument.text >mimetype
	cat >META-INF/manifest.xml <<-'END'
		<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>
	END
	cat >meta.xml <<-'END'
		<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:title>Title of the file</dc:title><dc:creator>Ada Lovelace</dc:creator></office:meta></office:document-meta>
	END
	echo '<office:document-styles xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"><office:font-face-decls/><office:styles/><office:automatic-styles/><office:master-styles/></office:document-styles>' >styles.xml
	{
		cat <<-'END'
			<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"><office:automatic-styles/><office:body><office:text>
			<text:h text:outline-level="1">Heading of the part</text:h>
		END
		repeat "$2" '<text:p>A plain paragraph with some words, number @ of many.</text:p>'
		cat <<-'END'
			<text:p>Order one has <text:a xlink:href="https://example.com/link">a link</text:a><text:note text:id="n1" text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>The text of the note.</text:p></text:note-body></text:note></text:p>
			<text:list><text:list-item><text:p>First of the list, order two</text:p></text:list-item><text:list-item><text:p>Second of the list</text:p></text:list-item></text:list>
			<table:table><table:table-column table:number-columns-repeated="2"/><table:table-header-rows><table:table-row><table:table-cell><text:p>Animal</text:p></table:table-cell><table:table-cell><text:p>Count</text:p></table:table-cell></table:table-row></table:table-header-rows><table:table-row><table:table-cell><text:p>Dog</text:p></table:table-cell><table:table-cell><text:p>12</text:p></table:table-cell></table:table-row></table:table>
			<text:p><draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></text:p>
			<text:p>Order three ends it.</text:p></office:text></office:body></office:document-content>
		END
	} >content.xml
	mkdir -p 'Object 1'
	echo '<math xmlns="http://www.w3.org/1998/Math/MathML"><mrow><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></mrow></math>' >'Object 1/content.xml'
	package "$1"
}

# page N: the body of a web page.
page() {
	echo '<h1>Heading of the part</h1>'
	repeat "$1" '<p>A plain paragraph with some words, number @ of many.</p>'
	cat <<-'END'
		<p>Order one has <a href="https://example.com/link">a link</a><sup><a href="#n1" id="r1">1</a></sup></p>
		<ul><li>First of the list, order two</li><li>Second of the list</li></ul>
		<table><thead><tr><th>Animal</th><th>Count</th></tr></thead><tbody><tr><td>Dog</td><td>12</td></tr></tbody></table>
		<p><math xmlns="http://www.w3.org/1998/Math/MathML"><mrow><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></mrow></math></p>
		<p>Order three ends it.</p>
		<ol><li id="n1">The text of the note. <a href="#r1">back</a></li></ol>
	END
}

make_html() {
	{
		echo '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Title of the file</title><meta name="author" content="Ada Lovelace"></head><body><nav><a href="/">Menu of the site</a></nav><article>'
		page "$2"
		echo '</article></body></html>'
	} >"$1"
}

make_epub() {
	mkdir -p META-INF
	printf application/epub+zip >mimetype
	echo '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>' >META-INF/container.xml
	cat >book.opf <<-'END'
		<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">x</dc:identifier><dc:title>Title of the file</dc:title><dc:creator>Ada Lovelace</dc:creator><dc:language>en</dc:language></metadata><manifest><item id="c" href="chapter.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c"/></spine></package>
	END
	{
		echo '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Chapter</title></head><body>'
		page "$2"
		echo '</body></html>'
	} >chapter.xhtml
	package "$1"
}

make_rtf() {
	{
		printf '%s\n' '{\rtf1\ansi{\info{\title Title of the file}{\author Ada Lovelace}}{\fonttbl{\f0 Times;}}'
		echo '{\stylesheet{\s1 heading 1;}}\pard\s1\outlinelevel0 Heading of the part\par\pard'
		repeat "$2" 'A plain paragraph with some words, number @ of many.\par'
		cat <<-'END'
			Order one has {\field{\*\fldinst{HYPERLINK "https://example.com/link"}}{\fldrslt a link}}{\super\chftn{\footnote\pard The text of the note.}}\par
			{\listtext\bullet\tab}First of the list, order two\par
			{\listtext\bullet\tab}Second of the list\par
			\trowd\cellx1000\cellx2000\pard\intbl Animal\cell Count\cell\row
			\trowd\cellx1000\cellx2000\pard\intbl Dog\cell 12\cell\row\pard
			Order three ends it.\par}
		END
	} >"$1"
}

make_csv() {
	{
		echo 'Animal,Count'
		echo 'Order one,Order two'
		echo 'Dog,12'
		repeat "$2" 'A plain paragraph with some words,@'
		echo 'Order three,0'
	} >"$1"
}

make_xlsx() {
	mkdir -p xl/_rels xl/worksheets/_rels _rels docProps
	cat >'[Content_Types].xml' <<-'END'
		<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>
	END
	echo '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/><Relationship Id="r2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>' >_rels/.rels
	echo '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Title of the file</dc:title><dc:creator>Ada Lovelace</dc:creator></cp:coreProperties>' >docProps/core.xml
	echo '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Heading of the part" sheetId="1" r:id="r1"/></sheets></workbook>' >xl/workbook.xml
	echo '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>' >xl/_rels/workbook.xml.rels
	echo '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="l1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="https://example.com/link" TargetMode="External"/><Relationship Id="c1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments" Target="../comments1.xml"/></Relationships>' >xl/worksheets/_rels/sheet1.xml.rels
	echo '<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors><author>Ada</author></authors><commentList><comment ref="A1" authorId="0"><text><r><t>The text of the note.</t></r></text></comment></commentList></comments>' >xl/comments1.xml
	{
		echo '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheetData>'
		echo '<row r="1"><c r="A1" t="inlineStr"><is><t>Animal</t></is></c><c r="B1" t="inlineStr"><is><t>Count</t></is></c></row>'
		echo '<row r="2"><c r="A2" t="inlineStr"><is><t>Order one</t></is></c><c r="B2" t="inlineStr"><is><t>Order two</t></is></c></row>'
		echo '<row r="3"><c r="A3" t="inlineStr"><is><t>Dog</t></is></c><c r="B3"><f>6*2</f><v>12</v></c></row>'
		repeat "$2" '<row><c t="inlineStr"><is><t>A plain paragraph with some words</t></is></c><c><v>@</v></c></row>'
		echo '<row><c t="inlineStr"><is><t>Order three</t></is></c></row></sheetData><hyperlinks><hyperlink ref="A3" r:id="l1"/></hyperlinks></worksheet>'
	} >xl/worksheets/sheet1.xml
	package "$1"
}

make_pptx() {
	local paragraph='<a:p><a:r><a:t>A plain paragraph with some words, number @ of many.</a:t></a:r></a:p>'
	local names='xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
	local types=http://schemas.openxmlformats.org/officeDocument/2006/relationships

	mkdir -p ppt/_rels ppt/slides/_rels ppt/notesSlides _rels docProps
	echo '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/ppt/presentation.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/></Types>' >'[Content_Types].xml'
	echo "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"$types/officeDocument\" Target=\"ppt/presentation.xml\"/><Relationship Id=\"r2\" Type=\"http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/></Relationships>" >_rels/.rels
	echo '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Title of the file</dc:title><dc:creator>Ada Lovelace</dc:creator></cp:coreProperties>' >docProps/core.xml
	echo "<p:presentation $names><p:sldIdLst><p:sldId id=\"256\" r:id=\"r1\"/><p:sldId id=\"257\" r:id=\"r2\"/></p:sldIdLst></p:presentation>" >ppt/presentation.xml
	echo "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"$types/slide\" Target=\"slides/slide2.xml\"/><Relationship Id=\"r2\" Type=\"$types/slide\" Target=\"slides/slide1.xml\"/></Relationships>" >ppt/_rels/presentation.xml.rels
	echo "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"l1\" Type=\"$types/hyperlink\" Target=\"https://example.com/link\" TargetMode=\"External\"/><Relationship Id=\"n1\" Type=\"$types/notesSlide\" Target=\"../notesSlides/notesSlide1.xml\"/></Relationships>" >ppt/slides/_rels/slide2.xml.rels
	echo "<p:notes $names><p:cSld><p:spTree><p:sp><p:nvSpPr><p:nvPr><p:ph type=\"body\"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>The text of the note.</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:notes>" >ppt/notesSlides/notesSlide1.xml
	{
		echo "<p:sld $names><p:cSld><p:spTree><p:sp><p:nvSpPr><p:nvPr><p:ph type=\"title\"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>Heading of the part</a:t></a:r></a:p></p:txBody></p:sp><p:sp><p:nvSpPr><p:nvPr><p:ph idx=\"1\"/></p:nvPr></p:nvSpPr><p:txBody>"
		repeat "$2" "$paragraph"
		echo '<a:p><a:r><a:rPr><a:hlinkClick r:id="l1"/></a:rPr><a:t>Order one has a link</a:t></a:r></a:p><a:p><a:pPr><a:buChar char="-"/></a:pPr><a:r><a:t>First of the list, order two</a:t></a:r></a:p></p:txBody></p:sp>'
		echo '<p:graphicFrame><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table"><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>Animal</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>Count</a:t></a:r></a:p></a:txBody></a:tc></a:tr><a:tr><a:tc><a:txBody><a:p><a:r><a:t>Dog</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>12</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame></p:spTree></p:cSld></p:sld>'
	} >ppt/slides/slide2.xml
	echo "<p:sld $names><p:cSld><p:spTree><p:sp><p:txBody><a:p><a:r><a:t>Order three ends it.</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>" >ppt/slides/slide1.xml
	package "$1"
}

# A page of PDF has two columns, which the order depends on.
make_pdf() {
	local numbers='' page i count=$((($2 + 39) / 40))

	pdf_begin "$1"
	for ((page = 1; page <= count; page++)); do
		numbers+=" $((10 * page + 10))"
	done
	# shellcheck disable=SC2086 # the numbers of the pages
	pdf_catalog '/Outlines 6 0 R' 10 $numbers
	pdf_object 4 '<</Title(Title of the file)/Author(Ada Lovelace)>>'
	pdf_object 6 '<</Type/Outlines/First 7 0 R/Last 7 0 R/Count 1>>'
	pdf_object 7 '<</Title(Heading of the part)/Parent 6 0 R/Dest[10 0 R/Fit]>>'
	pdf_object 8 '<</Type/Annot/Subtype/Text/Rect[300 700 320 720]/T(Ada)/Contents(The text of the note.)>>'
	pdf_object 9 '<</Type/Annot/Subtype/Link/Rect[72 616 250 630]/A<</S/URI/URI(https://example.com/link)>>>>'
	pdf_page 10 '/Annots[8 0 R 9 0 R]' "$(pdf_text 72 700 'Heading of the part')
		$(for i in {1..6}; do pdf_text 330 $((632 - i * 14)) "Line $i of the right column of it"; done; pdf_text 330 534 'Order two is at the right here')
		$(pdf_text 72 618 'Order one has a link at the left')
		$(for i in {2..6}; do pdf_text 72 $((632 - i * 14)) "Line $i of the left column of it"; done)
		72 400 200 20 re 72 420 200 20 re S 172 400 m 172 440 l S
		$(pdf_text 80 426 Animal) $(pdf_text 180 426 Count) $(pdf_text 80 406 Dog) $(pdf_text 180 406 12)
		$(pdf_text 72 300 'A plain paragraph with some words, number 0 of many.') $(pdf_text 72 280 'Order three ends it.')"
	for ((page = 1; page <= count; page++)); do
		pdf_page $((10 * page + 10)) '' "$(for ((i = 1; i <= 40; i++)); do
			pdf_text 72 $((760 - i * 17)) "A plain paragraph with some words, number $i of many."
		done)"
	done
	pdf_end '/Info 4 0 R'
}

make_eml() {
	{
		printf '%s\r\n' 'From: Ada Lovelace <ada@example.com>' 'To: alan@example.com' 'Subject: Title of the file' \
			'Date: Mon, 1 Jan 2024 10:00:00 +0000' 'MIME-Version: 1.0' 'Content-Type: text/html; charset=utf-8' ''
		page "$2"
	} >"$1"
}
