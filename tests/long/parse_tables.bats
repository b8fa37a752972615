#!/usr/bin/env bats
# bi-parse: tables with a million cells and more end in a record within the limits of time and memory.

load ../integration/helpers

# check FILE: it is completed and truncated, and its text is the beginning of the table.
check() {
	run -0 bi-parse --json "$1"
	assert_equal "$(jq -c '[.status, .truncated, (.text | contains("| 1 | 2 |"))]' <<<"$output")" '["completed",true,true]'
}

@test "a workbook of 1,600,000 cells" {
	mkdir -p xl/worksheets xl/_rels
	echo '<Types/>' >'[Content_Types].xml'
	echo '<workbook xmlns:r="r"><sheets><sheet name="One" r:id="a"/></sheets></workbook>' >xl/workbook.xml
	echo '<Relationships><Relationship Id="a" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>' >xl/_rels/workbook.xml.rels
	awk 'BEGIN { printf "<worksheet><sheetData>"
		while (i++ < 800000) printf "<row><c><v>1</v></c><c><v>2</v></c></row>"
		printf "</sheetData></worksheet>" }' >xl/worksheets/sheet1.xml
	zip -q -X -1 -r a.xlsx '[Content_Types].xml' xl
	check a.xlsx
}

@test "a workbook whose sheet is longer unpacked than a part may be" {
	mkdir -p xl/worksheets xl/_rels
	echo '<Types/>' >'[Content_Types].xml'
	echo '<workbook xmlns:r="r"><sheets><sheet name="One" r:id="a"/></sheets></workbook>' >xl/workbook.xml
	echo '<Relationships><Relationship Id="a" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>' >xl/_rels/workbook.xml.rels
	{
		printf '<worksheet><sheetData><row><c><v>0</v></c><c/></row><row><c><v>1</v></c><c><v>2</v></c></row>'
		head -c 90000000 /dev/zero | tr '\0' ' '
	} >xl/worksheets/sheet1.xml
	zip -q -X -1 -r a.xlsx '[Content_Types].xml' xl
	check a.xlsx
}

@test "a sheet of OpenDocument whose rows and cells are repeated without end" {
	printf application/vnd.oasis.opendocument.spreadsheet >mimetype
	echo '<c xmlns:t="t"><body><spreadsheet><t:table t:name="A"><t:table-row><t:table-cell><p>1</p></t:table-cell><t:table-cell t:number-columns-repeated="500"><p>2</p></t:table-cell></t:table-row><t:table-row t:number-rows-repeated="1000000"><t:table-cell><p>1</p></t:table-cell><t:table-cell t:number-columns-repeated="500"><p>2</p></t:table-cell></t:table-row></t:table></spreadsheet></body></c>' >content.xml
	zip -q -X -0 a.ods mimetype
	zip -q -X a.ods content.xml
	check a.ods
}

@test "a CSV file of 1,100,000 records, with a quote that has no end" {
	{ printf '"open,1\n'; awk 'BEGIN { while (i++ < 1100000) print "1,2" }'; } >a.csv
	check a.csv
}
