#!/usr/bin/env bats
# Lists as they occur: with byte order marks, blanks, quotes and comments, as tables, sitemaps and feeds, several at once.
# shellcheck disable=SC2154,SC2016,SC2238 # run --separate-stderr sets stderr; scripts for bash -c; a file called more
load helpers

# urls: the URLs of the completed items in $output, in the order of the items, without the server.
urls() {
	jq -rs 'map(select(.status == "completed")) | sort_by(.item)[].url' <<<"$output" | sed "s|$FAULTY/bytes/5/||"
}

# items MEMBER...: these members of each item of the batch t, in order.
items() {
	jq -c "[$(printf '.%s,' "$@" | sed 's/,$//')]" "$BI_ROOT/batches/t/items.ndjson"
}

# fetch ARGUMENT...: runs bi-fetch into the batch t.
fetch() {
	run --separate-stderr bi-fetch --tries 1 -b t "$@"
}

@test "marks, blanks and quotes around a line are removed, blanks in a URL are sent as %20, comments are skipped" {
	faulty_start
	{
		printf '\357\273\277%s/bytes/5/bom\r\n' "$FAULTY"
		printf '# a comment\n  # another\n \t \r\n\n'
		printf '%s/bytes/5/behind \t\r\n' "$FAULTY"
		printf ' \302\240%s/bytes/5/before\n' "$FAULTY"
		printf '%s/bytes/5/a b  c\n' "$FAULTY"
		printf '"%s/bytes/5/quoted"\n' "$FAULTY"
		printf "'%s/bytes/5/single'\n" "$FAULTY"
		printf '<%s/bytes/5/angle>\n' "$FAULTY"
		printf '\357\273\277%s/bytes/5/second-bom\n' "$FAULTY"
		printf '{"url":" %s/bytes/5/record\\n"}\n' "$FAULTY"
		printf '  {"url":"%s/bytes/5/x y"}\n' "$FAULTY"
		printf '%s/bytes/5/last' "$FAULTY"
	} >in
	fetch <in
	[ "$status" -eq 0 ]
	assert_equal "$(urls)" 'bom
behind
before
a%20b%20%20c
quoted
single
angle
second-bom
record
x%20y
last'
	# The same URL in another form is the same item.
	fetch "$FAULTY/bytes/5/a%20b%20%20c" " $FAULTY/bytes/5/last "
	[ "$status" -eq 0 ]
	assert_equal "$(wc -l <"$BI_ROOT/batches/t/items.ndjson")" 11
}

@test "a blank in a host, and a tab, are no URL" {
	printf '%s\n' 'http://a b/c' $'http://127.0.0.1:1/1.jpg\tA caption' 'http://127.0.0.1:1/1.jpg A caption' >in
	fetch <in
	[ "$status" -eq 1 ]
	assert_equal "$(jq -rs 'map(select(.item)) | sort_by(.item)[].error.code' <<<"$output" | xargs)" \
		'bad_url bad_url connect_failed'
	assert_equal "$(jq -r 'select(.item == 3).url' <<<"$output")" http://127.0.0.1:1/1.jpg%20A%20caption
}

@test "a file whose name is like a comment or has blanks at its ends can be named" {
	mkdir dir
	cd dir
	for name in '#1.txt' ' a ' 'b ' $'c\nd' '"q"' '-' '{}'; do
		printf 'the file %q' "$name" >"$name"
	done
	printf '%s\n' './#1.txt' '"#1.txt"' '{"file":"b "}' '#1.txt' './"q"' 'b ' >../in
	fetch <../in
	[ "$status" -eq 1 ]
	assert_equal "$(jq -rs 'map(select(.item)) | sort_by(.item)[] | "\(.file | split("/")[-1]) \(.error.code)"' <<<"$output")" \
		$'#1.txt null\n#1.txt null\nb  null\n"q" null\nb no_such_file'
	# NUL-separated names and operands are used unchanged.
	rm -rf "$BI_ROOT"
	find . -type f -print0 | sort -z >../names
	fetch -0 <../names
	[ "$status" -eq 0 ]
	assert_equal "$(jq -s 'map(select(.status == "completed")) | length' <<<"$output")" 7
	rm -rf "$BI_ROOT"
	printf '#1.txt\0 a \0-\0{}\0' >../names
	fetch --null --input ../names
	[ "$status" -eq 0 ]
	rm -rf "$BI_ROOT"
	fetch '#1.txt' ' a ' ./- $'c\nd' '"q"'
	[ "$status" -eq 0 ]
	assert_equal "$(jq -s 'map(select(.status == "completed")) | length' <<<"$output")" 5
}

@test "a list in UTF-16 is one failed line with the remedy" {
	printf 'http://127.0.0.1:1/1\r\nhttp://127.0.0.1:1/2\r\n' | iconv -t UTF-16 >in
	fetch <in
	[ "$status" -eq 1 ]
	assert_equal "$(jq -s 'map(select(.item)) | length' <<<"$output")" 1
	assert_regex "$(jq -r 'select(.item).error.message' <<<"$output")" 'iconv -f UTF-16 -t UTF-8'
	iconv -f UTF-16 -t UTF-8 <in >converted
	fetch <converted
	assert_equal "$(jq -s 'map(select(.error.code == "connect_failed")) | length' <<<"$output")" 2
}

@test "operands, - and --input are read one after the other" {
	faulty_start
	printf '%s\n' "$FAULTY/bytes/5/3" '# no' "$FAULTY/bytes/5/4" >list
	printf '\357\273\277%s\r\n' "$FAULTY/bytes/5/5" >more
	fetch --input list "$FAULTY/bytes/5/1" - "$FAULTY/bytes/5/2b" -i more <<<"$FAULTY/bytes/5/2"
	[ "$status" -eq 0 ]
	assert_equal "$(urls | xargs)" '1 2 2b 3 4 5'
	# Without operands, --input is read instead of standard input, unless it is -.
	rm -rf "$BI_ROOT"
	fetch --input list <<<"$FAULTY/bytes/5/no"
	assert_equal "$(urls | xargs)" '3 4'
	rm -rf "$BI_ROOT"
	fetch --input - --input list <<<"$FAULTY/bytes/5/yes"
	assert_equal "$(urls | xargs)" 'yes 3 4'
	# A list may be a pipe whose lines arrive one by one.
	mkfifo pipe
	rm -rf "$BI_ROOT"
	start bi-fetch -q -b t --input pipe >out
	exec 5>pipe
	echo "$FAULTY/bytes/5/1" >&5
	poll 20 grep -q '"completed"' out
	echo "$FAULTY/bytes/5/2" >&5
	exec 5>&-
	poll 20 grep -q '"end":"bi-fetch","completed":2' out
}

@test "a list that cannot be read is an error before anything is made" {
	run -66 --separate-stderr bi-fetch -b t --input none http://127.0.0.1:1/
	assert_regex "$stderr" "cannot read the list 'none': No such file"
	mkdir dir
	run -66 --separate-stderr bi-fetch -b t --input dir
	assert_regex "$stderr" "cannot read the list 'dir'.*directory"
	run -2 --separate-stderr bi-fetch -b t --resume --input x
	run -2 --separate-stderr bi-fetch -b t -0 --list-format csv
	run -2 --separate-stderr bi-fetch -b t --list-format xls
	run -2 --separate-stderr bi-fetch -b t --list-format lines --column x
	run -2 --separate-stderr bi-fetch -b t --list-format feed --column x
	[ ! -e "$BI_ROOT" ]
}

@test "a pattern that matches no file is an error of use as an operand, and a failed item as a line" {
	local pattern

	for pattern in '*.jpg' 'a?.jpg' 'none/[ab].jpg' "$PWD/*.png"; do
		run -64 --separate-stderr bi-fetch -b t "$pattern"
		assert_regex "$stderr" 'is a pattern that matches no file'
		assert_output ''
		[ ! -e "$BI_ROOT" ]
		run -1 --separate-stderr bi-fetch -b t <<<"$pattern"
		assert_regex "$(jq -r 'select(.item) | .error.code + .error.message' <<<"$output")" \
			'no_such_file.*the lines of a list are no patterns'
		rm -rf "$BI_ROOT"
	done
	# A file of such a name is a file, a URL is not a name, and a file that cannot be examined does not count as missing.
	echo x >'a[1].jpg'
	run -0 --separate-stderr bi-fetch -b t 'a[1].jpg'
	run -1 --separate-stderr bi-fetch -b t --tries 1 'http://127.0.0.1:1/?a=*' '{"file":"*"}' 'a[.jpg'
	assert_equal "$(jq -s 'map(select(.item)) | length' <<<"$output")" 3
	need_refusals
	mkdir -m 0 closed
	run -1 --separate-stderr "${AS[@]}" bi-fetch -b t 'closed/*.jpg'
	assert_equal "$(jq -r 'select(.item).error.code' <<<"$output")" unreadable_file
}

@test "a file that is a list of URLs is stored, with a hint" {
	local name

	printf '# list\n\nhttp://127.0.0.1:1/1\r\n"https://127.0.0.1:1/2"\n' >urls.txt
	cp urls.txt urls
	printf 'url,title\nhttp://127.0.0.1:1/1,x\n' >urls.csv
	printf '<?xml version="1.0"?>\n<urlset><url><loc>http://127.0.0.1:1/1</loc></url></urlset>' >map.xml
	for name in urls.txt urls urls.csv map.xml; do
		fetch "$name"
		[ "$status" -eq 0 ]
		assert_regex "$stderr" "'$name' is a list of URLs, and is stored as a file.*--input $name"
		assert_equal "$(jq -r 'select(.item).status' <<<"$output")" completed
		fetch <<<"$name"
		assert_regex "$stderr" '--input'
	done
	# The command in the hint works.
	fetch --input urls.txt
	assert_equal "$(jq -s 'map(select(.error.code == "connect_failed")) | length' <<<"$output")" 2
	# Other files get no hint.
	printf 'http://127.0.0.1:1/1 is where it was\nand here is text\n' >text.txt
	: >empty.txt
	fetch text.txt '{"file":"urls.txt"}' <<<''
	[ "$status" -eq 0 ]
	assert_equal "$stderr" ''
}

@test "a table: the columns become members of the items" {
	faulty_start
	printf '\357\273\277Title;URL;license;subject;bytes;my own\r\n"a ""b"";\r\nc"; "%s/bytes/5/1" ;CC0;7;5;x\r\n;%s/bytes/5/a b;;;;\r\n' \
		"$FAULTY" "$FAULTY" >a.csv
	sed -i 's| "http\(.*\)/1" |"http\1/1"|' a.csv
	fetch --input a.csv
	[ "$status" -eq 0 ]
	assert_equal "$(items url title license subject bytes '"my own"')" "$(printf '%s\n' \
		"[\"$FAULTY/bytes/5/1\",\"a \\\"b\\\";\\r\\nc\",\"CC0\",\"7\",5,\"x\"]" \
		"[\"$FAULTY/bytes/5/a%20b\",null,null,null,null,null]")"
	assert_equal "$(jq -r 'select(.item == 1).bytes' <<<"$output")" 5
	# A size in the list is checked.
	printf 'url,bytes\n%s/bytes/5/2,6\n' "$FAULTY" >size.csv
	fetch --input size.csv
	assert_equal "$(jq -r 'select(.item).error.code' <<<"$output")" size_mismatch
}

@test "a table: --column names the one with the URLs or files, from standard input too" {
	faulty_start
	printf 'Picture\tPage\n%s/bytes/5/1\thttp://x.invalid/\nlocal file.txt\t\n# %s/no\tx\n\n' "$FAULTY" "$FAULTY" >t.tsv
	echo local >'local file.txt'
	fetch --list-format tsv --column picture <t.tsv
	[ "$status" -eq 0 ]
	assert_equal "$(items url page)" "[\"$FAULTY/bytes/5/1\",\"http://x.invalid/\"]"$'\n[null,null]'
	assert_equal "$(jq -r 'select(.item == 2).file' <<<"$output")" "$PWD/local file.txt"
	# The URL of the row is then its page.
	printf 'url,image\nhttp://x.invalid/p,%s/bytes/5/2\n' "$FAULTY" >u.csv
	fetch --column image --input u.csv
	assert_equal "$(items url page | tail -n 1)" "[\"$FAULTY/bytes/5/2\",\"http://x.invalid/p\"]"
}

@test "a table without the column: nothing is taken, and the message names the columns" {
	printf 'Name,Link\nx,http://127.0.0.1:1/\n' >a.csv
	fetch --input a.csv
	[ "$status" -eq 65 ]
	assert_regex "$stderr" "'a.csv': it has no column url, file or media.*--column.*its columns are 'name', 'link'"
	assert_equal "$output" '{"end":"bi-fetch","completed":0,"failed":0,"exit":65}'
	fetch --column url --input a.csv
	[ "$status" -eq 65 ]
	assert_regex "$stderr" "no column 'url'; its columns are 'name', 'link'"
	# The other lists are still read.
	printf 'http://127.0.0.1:1/1\n' >b.txt
	fetch --input a.csv --input b.txt
	[ "$status" -eq 65 ]
	assert_equal "$(jq -r 'select(.item).error.code' <<<"$output")" connect_failed
	for text in '[{"url":"x"}]' '{"url":"x"}' $'\377\376u\n'; do
		printf '%s\n' "$text" >c.csv
		fetch --input c.csv
		[ "$status" -eq 65 ]
		assert_regex "$stderr" "nothing was taken from the list 'c.csv'"
	done
	: >empty.csv
	fetch --input empty.csv
	[ "$status" -eq 0 ]
}

@test "a table: bad rows are failed items with their line, and rows cannot do more than records" {
	faulty_start
	printf 'url,title\n%s/bytes/5/1,a,b\n,no url\n%s/bytes/5/2,\377\n%s/bytes/5/3,ok\n"%s/bytes/5/4,open\n' \
		"$FAULTY" "$FAULTY" "$FAULTY" "$FAULTY" >a.csv
	fetch --input a.csv
	[ "$status" -eq 1 ]
	assert_equal "$(jq -rs 'map(select(.line)) | sort_by(.line)[] | "\(.line) \(.error.code)"' <<<"$output")" \
		$'2 bad_row\n3 no_url\n4 bad_row\n6 bad_row'
	assert_equal "$(urls)" 3
	printf 'file,batch,item,status\n/etc/passwd,other,7,completed\n' >b.csv
	run -1 --separate-stderr bi-fetch --public-only --input b.csv
	assert_equal "$(jq -r 'select(.item).error.code' <<<"$output")" bad_batch
	printf 'file\n/etc/passwd\n' >b.csv
	run -1 --separate-stderr bi-fetch --public-only --input b.csv
	assert_equal "$(jq -rs 'map(select(.item))[-1].error.code' <<<"$output")" blocked_address
}

@test "a table that comes slowly does not hold up what was read" {
	faulty_start
	mkfifo pipe
	start bi-fetch -q -b t --list-format csv --input pipe >out
	exec 5>pipe
	printf 'url\n%s/bytes/5/1\n%s/byt' "$FAULTY" "$FAULTY" >&5
	poll 20 grep -q '"completed"' out
	printf 'es/5/2\n' >&5
	exec 5>&-
	poll 20 grep -q '"end":"bi-fetch","completed":2' out
}

# sitemap: a sitemap with a picture and a video, on standard output.
sitemap() {
	cat <<-END
		<?xml version="1.0" encoding="UTF-8"?>
		<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
		  xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" xmlns:v="http://www.google.com/schemas/sitemap-video/1.1">
		  <url><loc> $FAULTY/bytes/5/p1?a=1&amp;b=2 </loc><lastmod>2020-01-01</lastmod>
		    <image:image><image:loc>$FAULTY/bytes/5/i1</image:loc><image:title>A &lt;title&gt;</image:title>
		      <image:license>http://x.invalid/cc0</image:license></image:image>
		    <image:image><image:loc><![CDATA[$FAULTY/bytes/5/i 2]]></image:loc></image:image>
		    <v:video><v:title>Film</v:title><v:content_loc>$FAULTY/bytes/5/v1</v:content_loc></v:video></url>
		  <url><loc>$FAULTY/bytes/5/p2</loc></url>
		</urlset>
	END
}

@test "a sitemap: its pages, pictures and videos" {
	faulty_start
	sitemap >map.xml
	fetch --list-format sitemap --input map.xml
	[ "$status" -eq 0 ]
	assert_equal "$(items url page title license_url | sed "s|$FAULTY/bytes/5/||g")" '["p1?a=1&b=2",null,null,null]
["i1","p1?a=1&b=2","A <title>","http://x.invalid/cc0"]
["i%202","p1?a=1&b=2",null,null]
["v1","p1?a=1&b=2","Film",null]
["p2",null,null,null]'
	rm -rf "$BI_ROOT"
	# The extension of a file is enough; the lines of a sitemap that is read as a list of lines do not become names of files.
	fetch --input map.xml
	assert_equal "$(urls | wc -l)" 5
	rm -rf "$BI_ROOT"
	fetch <map.xml
	[ "$status" -eq 65 ]
	assert_regex "$stderr" "'standard input': it is XML: give --list-format sitemap or feed"
	[ ! -e "$BI_ROOT/batches" ] || [ -z "$(ls "$BI_ROOT/batches")" ]
	# From a pipe, with only one kind of URL.
	sitemap | { fetch --list-format sitemap --column image:loc; printf '%s\n' "$output" >out; }
	output=$(cat out)
	assert_equal "$(urls | xargs)" 'i1 i%202'
}

@test "a feed: the media of its entries, and the pages of those without" {
	faulty_start
	cat >rss.xml <<-END
		<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"
		  xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>T</title><link>http://no.invalid/</link>
		<item><title>One</title><enclosure url="$FAULTY/bytes/5/e1" type="audio/mpeg" length="5"/>
		  <link>$FAULTY/bytes/5/l1</link><dc:creator>Ada</dc:creator><content:encoded>&lt;p&gt;</content:encoded></item>
		<item><title>Two</title><link>$FAULTY/bytes/5/l2</link></item>
		<item><link>$FAULTY/bytes/5/l3</link><media:group><media:content url="$FAULTY/bytes/5/m1"/>
		  <media:content url="$FAULTY/bytes/5/m2"/></media:group></item>
		</channel></rss>
	END
	fetch --list-format feed --input rss.xml
	[ "$status" -eq 0 ]
	assert_equal "$(items url page title author | sed "s|$FAULTY/bytes/5/||g")" '["e1","l1","One","Ada"]
["l2",null,"Two",null]
["m1","l3",null,null]
["m2","l3",null,null]'
	rm -rf "$BI_ROOT"
	fetch --list-format feed --column link --input rss.xml
	assert_equal "$(urls | xargs)" 'l1 l2 l3'
	rm -rf "$BI_ROOT"
	cat >atom.xml <<-END
		<feed xmlns="http://www.w3.org/2005/Atom"><link href="http://no.invalid/"/><title>T</title>
		<entry><title type="text">One</title><author><name>Ada</name></author><link rel="self" href="http://no.invalid/s"/>
		  <link rel="alternate" href="$FAULTY/bytes/5/a1"/><link rel="enclosure" href="$FAULTY/bytes/5/e1"/></entry>
		<entry><link href="$FAULTY/bytes/5/a2"/><content type="html">text</content></entry></feed>
	END
	fetch --list-format feed <atom.xml
	[ "$status" -eq 0 ]
	assert_equal "$(items url page title author | sed "s|$FAULTY/bytes/5/||g")" '["e1","a1","One","Ada"]
["a2",null,null,null]'
	rm -rf "$BI_ROOT"
	printf '{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1","url":"%s/bytes/5/j1","title":"J"},
		{"id":"2","url":"%s/bytes/5/j2","attachments":[{"url":"%s/bytes/5/j3"}]}]}' "$FAULTY" "$FAULTY" "$FAULTY" >feed.json
	fetch --list-format feed --input feed.json
	assert_equal "$(urls | xargs)" 'j1 j3'
}

@test "a document that is no sitemap or feed: nothing is taken, and the reason is said" {
	local reason

	while IFS='|' read -r text reason; do
		printf '%b' "$text" >x.xml
		fetch --list-format sitemap --input x.xml
		[ "$status" -eq 65 ]
		assert_regex "$stderr" "nothing was taken from the list 'x.xml': .*$reason"
		[ ! -e "$BI_ROOT/batches/t" ]
	done <<-'END'
		<html><body/></html>|its first element is <html>
		<urlset><url><loc>http://127.0.0.1:1/</loc></url>|not well-formed
		plain text|not well-formed
		|not well-formed
		\037\213\010\000|gunzip
		{"url":"x"}|not a JSON Feed
		<sitemapindex><sitemap><loc>http://a.invalid/1.xml</loc></sitemap><sitemap><loc>x</loc></sitemap></sitemapindex>|index of 2 sitemaps.*the first is http://a.invalid/1.xml.*--input
		<a><b><c/></b>|its first element is <a>
	END
	printf '<urlset></urlset>' >x.xml
	fetch --list-format sitemap --input x.xml
	[ "$status" -eq 0 ]
	assert_regex "$stderr" "the list 'x.xml' has no URLs"
	# An entry without a URL is not lost.
	printf '<urlset><url><lastmod>2020</lastmod></url></urlset>' >x.xml
	fetch --list-format sitemap --input x.xml
	assert_equal "$(jq -r 'select(.item).error.code' <<<"$output")" no_url
}

@test "hostile documents: no entity is expanded, no file is read, and none reaches a local file" {
	echo secret >secret
	while read -r declaration; do
		printf '<?xml version="1.0"?><!DOCTYPE urlset [%s]><urlset><url><loc>http://127.0.0.1:1/&a;</loc></url></urlset>' \
			"$declaration" >x.xml
		fetch --list-format sitemap --input x.xml
		[ "$status" -eq 65 ]
		assert_regex "$stderr" 'declares entities'
		refute_regex "$output$stderr" secret
	done <<-END
		<!ENTITY a "x">
		<!ENTITY a SYSTEM "file://$PWD/secret">
		<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;
		<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;"><!ENTITY z "&y;&y;&y;&y;&y;&y;&y;&y;"><!ENTITY a "&z;&z;">
	END
	printf '<urlset><url><loc>file:///etc/passwd</loc></url><url><loc>/etc/passwd</loc></url><url><loc>{"file":"x"}</loc></url></urlset>' >x.xml
	fetch --list-format sitemap --input x.xml
	[ "$status" -eq 1 ]
	assert_equal "$(jq -r 'select(.item).error.code' <<<"$output" | sort -u)" bad_url
	# Nesting without end, and a name without end.
	python3 -c 'print("<urlset>" + "<url>" * 200000)' >x.xml
	fetch --list-format sitemap --input x.xml
	[ "$status" -eq 65 ]
	python3 -c 'print("<urlset><url><loc>" + "x" * 5000000 + "</loc></url></urlset>")' >x.xml
	fetch --list-format sitemap --input x.xml
	[ "$status" -eq 1 ]
	[ "$(jq -s 'map(select(.item)) | length' <<<"$output")" -eq 1 ]
	# A document that is too large.
	head -c 70000000 /dev/zero | tr '\0' ' ' >x.xml
	fetch --list-format sitemap <x.xml
	[ "$status" -eq 65 ]
	assert_regex "$stderr" 'more than 64 MiB'
}

@test "a sitemap of 50000 URLs is read whole" {
	{
		echo '<urlset>'
		seq -f '<url><loc>http://127.0.0.1:1/a-rather-long-path/of-a-page/%.0f.html</loc></url>' 50000
		echo '</urlset>'
	} >map.xml
	run -0 --separate-stderr bi-fetch --queue -b t --list-format sitemap --input map.xml
	assert_output '{"end":"bi-fetch","queued":50000,"exit":0}'
	assert_equal "$(tail -n 1 "$BI_ROOT/batches/t/items.ndjson" | jq -r .url)" \
		http://127.0.0.1:1/a-rather-long-path/of-a-page/50000.html
}

@test "the helper that reads a sitemap dies: it is started again, or the list is refused" {
	need_strace
	faulty_start
	sitemap >map.xml
	mkdir bin
	cp "$BI_BIN"/bi-* bin/
	mv bin/bi-parse bin/bi-parse.real
	printf '#!/bin/sh\nif mkdir %q 2>/dev/null; then kill -KILL $$; fi\nexec %q "$@"\n' "$PWD/died" "$PWD/bin/bi-parse.real" >bin/bi-parse
	chmod +x bin/bi-parse
	run -0 --separate-stderr bin/bi-fetch -b t --list-format sitemap --input map.xml
	[ -d died ]
	assert_equal "$(jq -s 'map(select(.status == "completed")) | length' <<<"$output")" 5
	printf '#!/bin/sh\nexit 7\n' >bin/bi-parse
	run -71 --separate-stderr bin/bi-fetch -b t2 --list-format sitemap --input map.xml
	assert_regex "$stderr" 'bi-parse, which reads it in a confined process, cannot be started'
}


@test "the results of one batch are the items of another, without what became of them there" {
	echo same >a
	echo same >b
	bi-fetch -q -b one a b >results
	run -0 --separate-stderr bi-fetch -q -b two <results
	assert_equal "$(jq -s 'map(select(.item and .same_as)) | length' results)" 1
	sed -n '/same_as/p;/"end"/p' results >second
	run -0 --separate-stderr bi-fetch -q -b three <second
	assert_equal "$(jq -c 'select(.item) | [.item, .same_as]' <<<"$output")" '[1,null]'
}
