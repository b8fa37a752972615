#!/usr/bin/env bats
# bi-render: the review pages.

load helpers

setup() {
	bi_setup
	R=$BI_ROOT/review
}

# item ID FILE [MORE]: an item of subject ID; MORE are members, each with a comma before it.
item() {
	printf '{"subject":{"id":"%s","name":"Subject %s","category":"M"},"file":"%s"%s}\n' "$1" "$1" "$(realpath -m "$2")" "${3-}"
}

# The names of files that are no style sheets and scripts.
without_assets() {
	grep -vE '^[a-z]+-[0-9a-f]{8}\.(css|js)$'
}

# The text of a page without its tags.
words_of() {
	sed 's/<[^>]*>/ /g; s/   */ /g' "$1"
}

@test "subjects, candidates and thumbnails are where the seeds have them" {
	pictures M
	{
		item M1 origin/M-1-1.jpg ',"title":"First","license":"CC0","credit":"Someone","page":"https://example.org/p?a=1&b=2"'
		item M2 origin/M-2-2.png
		item M1 origin/M-1-3.jpg
	} | bi-fetch -b M_batch1 | bi-render >out
	run cat out
	assert_line --index 0 "{\"batch\":\"M_batch1\",\"review\":\"$BI_ROOT/review/M_batch1/index.html\",\"subjects\":2,\"candidates\":3}"
	assert_line --index 1 '{"end":"bi-render","batches":1,"exit":0}'
	run find "$R/M_batch1" -type f -printf '%P\n'
	assert_equal "$(without_assets <<<"$output" | sort)" "$(sort <<-'END'
		.pages
		.thumbs
		M1_1.jpg
		M1_2.jpg
		M1_review.html
		M2_1.png
		M2_review.html
		index.html
		subjects.json
		submit.html
		thumbs/M1_1.webp
		thumbs/M1_2.webp
		thumbs/M2_1.webp
	END
	)"
	cmp "$R/M_batch1/M1_2.jpg" origin/M-1-3.jpg
	run words_of "$R/M_batch1/M1_review.html"
	assert_output --partial '1600 × 1200'
	assert_output --partial '1200 × 1600' # turned by EXIF
	assert_output --partial 'Licence: CC0'
	assert_output --regexp 'Credit: +Someone'
	run cat "$R/M_batch1/M1_review.html"
	assert_output --partial 'href="https://example.org/p?a=1&amp;b=2"'
	assert_output --partial 'data-next="M2_review.html"'
	run cat "$R/M_batch1/M2_review.html"
	assert_output --partial 'data-next="submit.html"'
	assert_output --partial 'href="M1_review.html"'
	run grep -c 'class="subject"' "$R/M_batch1/index.html"
	assert_output 2
	# In the order of their first items.
	run grep -o 'data-subject="M[0-9]"' "$R/M_batch1/submit.html"
	assert_output $'data-subject="M1"\ndata-subject="M2"'
	[ -z "$(ls -A "$BI_ROOT/temp")" ]
}

@test "every value is escaped" {
	local evil="</script><script>alert(1)</script>\\\"'><img src=x onerror=alert(2)>"

	printf 'GIF89a\001\000\001\000\200\000\000\000\000\000\377\377\377;' >a.gif
	printf '{"subject":{"id":"E","name":"N%s","biography":"B%s","k%s":"v%s","n":12345678901234567},"file":"%s","title":"T%s","license":"L%s","credit":"C%s","page":"javascript:alert(3)","url2":"%s"}\n' \
		"$evil" "$evil" "$evil" "$evil" "$PWD/a.gif" "$evil" "$evil" "$evil" "$evil" >in
	printf '{"subject":{"id":"E"},"file":"/nowhere/%s"}\n' "$evil" >>in
	bi-fetch -b evil <in >records || [ $? -eq 1 ]
	run -1 bi-render <records
	for page in index submit E_review; do
		run grep -oiE '<script[^>]*>|<img src=x|onerror=[^&]*>|href="javascript' "$R/evil/$page.html"
		run grep -viE '^<script src="[a-z]+-[0-9a-f]{8}\.js" defer>$' <<<"$output"
		assert_output ''
	done
	run words_of "$R/evil/E_review.html"
	assert_output --partial '12345678901234567'
	assert_output --partial 'Source page: javascript:alert(3)'
	assert_output --partial '/nowhere/&lt;/script&gt;'
}

@test "pages load nothing from elsewhere, and have no script or style of their own" {
	pictures M
	item 1 origin/M-1-1.jpg | bi-fetch -b plain | bi-render
	run grep -ohE '(src|href)="[^"]*"' "$R"/plain/*.html
	refute_output --regexp '"(https?:)?//'
	run ! grep -qE 'style=|<style| on[a-z]+=|type="module"' "$R"/plain/*.html
	run ! grep -qE 'url\(|@import|https?:' "$R"/plain/*.css "$R"/plain/*.js
}

@test "what cannot be shown has a card that says why" {
	pictures M
	head -c 20000 origin/M-1-1.jpg >truncated.jpg
	printf '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><rect width="9" height="9"/></svg>\n' >drawing.svg
	printf '<!DOCTYPE html><html><body>hello</body></html>\n' >page.html
	printf 'plain words\n' >words.txt
	for file in origin/M-1-1.jpg truncated.jpg drawing.svg page.html words.txt missing.jpg; do
		item 1 "$file"
	done >in
	bi-fetch -b cards <in >records || [ $? -eq 1 ]
	run -1 bi-render <records # as bi-fetch, whose end record says so
	assert_output --partial '"exit":1}'
	run words_of "$R/cards/index.html"
	assert_output --partial '5 candidates, 1 item failed'
	run words_of "$R/cards/1_review.html"
	assert_output --regexp 'This file cannot be shown: the picture is cut short or damaged \(.*[Pp]remature end'
	refute_output --partial Vips
	assert_output --partial 'Web page'
	assert_output --partial 'can hold scripts'
	assert_output --partial 'Download 1_5.txt'
	assert_output --partial '1 item failed'
	assert_output --partial missing.jpg
	run grep -o '<a href="1_5.txt" download>' "$R/cards/1_review.html"
	assert_success
	# Nothing that a browser could run is in the folder that is served.
	[ -e "$R/cards/1_2.jpg" ]
	run find "$R/cards" -name '*_[0-9]*.html'
	assert_output ''
	# A drawing is a picture, and no link opens it as a document of ours.
	[ -e "$R/cards/thumbs/1_3.webp" ]
	[ -e "$R/cards/1_3.svg" ]
	run grep -o '<a href="1_3.svg"[^>]*>' "$R/cards/1_review.html"
	assert_output '<a href="1_3.svg" download>'
}

@test "a card says what the licence does not allow, and what else is known" {
	local n=0 licence

	for licence in 'CC BY-NC-ND 4.0' '<a href="https://creativecommons.org/licenses/by-nd/2.0/">Some rights</a>' \
		'CC BY 4.0' 'own work' 'All rights reserved' ''; do
		n=$((n + 1))
		echo "text $n" >"t$n.txt"
		jq -nc --arg f "$PWD/t$n.txt" --arg l "$licence" '{subject:"R",file:$f,license:$l,
			restrictions:"trademark|personality",description:"<i>On</i> & on",date:"12 May 1843"}'
	done | bi-fetch -q -b rights >/dev/null
	bi-render rights >/dev/null
	page=$BI_ROOT/review/rights/R_review.html
	run -0 grep -oE 'data-idx="[0-9]+"|badge rights">[^<]*' "$page"
	assert_output 'data-idx="1"
badge rights">not for commerce
badge rights">no changes
data-idx="2"
badge rights">no changes
data-idx="3"
data-idx="4"
badge rights">unknown licence
data-idx="5"
badge rights">not free
data-idx="6"'
	grep -q 'Restricted: trademark, personality' "$page"
	grep -q 'Date: <bdi>12 May 1843' "$page"
	grep -q 'Description: <bdi>On &amp; on' "$page"
	run ! grep -q '&lt;a href' "$page"
}

@test "run again, only what changed is written and decoded" {
	pictures M
	{
		item 1 origin/M-1-1.jpg
		item 2 origin/M-2-1.jpg
	} >in
	bi-fetch -b again <in | bi-render
	find "$R/again" \( -name '*.jpg' -o -name '*.webp' \) -printf '%p %i %C@\n' | sort >before
	item 3 origin/M-3-1.jpg | bi-fetch -b again | bi-render
	find "$R/again" \( -name '*.jpg' -o -name '*.webp' \) ! -name '3_*' -printf '%p %i %C@\n' | sort | diff before -
	[ -e "$R/again/thumbs/3_1.webp" ]
	# A thumbnail or a candidate that was lost or changed is made again.
	rm "$R/again/thumbs/1_1.webp"
	echo changed >"$R/again/2_1.jpg"
	bi-render again
	[ -e "$R/again/thumbs/1_1.webp" ]
	cmp "$R/again/2_1.jpg" origin/M-2-1.jpg
	cmp "$BI_ROOT/batches/again/files/2_1.jpg" origin/M-2-1.jpg
}

@test "an edited copy does not change the batch" {
	pictures M
	item 1 origin/M-1-1.jpg | bi-fetch -b copy | bi-render
	echo edited >>"$R/copy/1_1.jpg"
	cmp "$BI_ROOT/batches/copy/files/1_1.jpg" origin/M-1-1.jpg
}

@test "what an earlier batch of that name left goes, other files stay" {
	pictures M
	{
		item 1 origin/M-1-1.jpg
		item 9 origin/M-2-1.jpg
	} | bi-fetch -b same | bi-render
	echo mine >"$R/same/notes.txt"
	rm -r "$BI_ROOT/batches/same"
	item 1 origin/M-1-2.jpg | bi-fetch -b same | bi-render
	assert_equal "$(find "$R/same" -mindepth 1 -maxdepth 1 -name '[^.]*' -printf '%P\n' | without_assets | sort)" "$(sort <<-'END'
		1_1.jpg
		1_review.html
		index.html
		notes.txt
		subjects.json
		submit.html
		thumbs
	END
	)"
	cmp "$R/same/1_1.jpg" origin/M-1-2.jpg
	run ls "$R/same/thumbs"
	assert_output 1_1.webp
}

@test "two at once of one batch do not disturb each other" {
	local i

	pictures M
	for i in 1 2 3 4 5; do
		item "$i" "origin/M-$i-1.jpg"
	done | bi-fetch -b both >records
	for i in 1 2 3 4; do
		start bi-render both >"out.$i"
	done
	for i in "${STARTED[@]}"; do
		wait "$i"
	done
	for i in 1 2 3 4; do
		grep -q '"subjects":5,"candidates":5' "out.$i"
	done
	[ "$(find "$R/both/thumbs" -name '*.webp' | wc -l)" -eq 5 ]
	run grep -c 'class="subject"' "$R/both/index.html"
	assert_output 5
	[ -z "$(ls -A "$BI_ROOT/temp")" ]
}

@test "killed at any moment, it leaves whole pages and goes on when run again" {
	local i steps='1 5 13'

	need_strace
	[ -z "${BI_LONG-}" ] || steps='1 2 3 5 6 8 11 13'
	pictures M
	for i in 1 2 3 4 5; do
		item "$i" "origin/M-$i-1.jpg"
	done | bi-fetch -b killed >records
	for i in $steps; do
		rm -rf "$R/killed"
		run -137 timeout -s KILL 120 env ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e inject=linkat:signal=KILL:when="$i" "$BI_BIN/bi-render" killed
		for page in "$R"/killed/*.html; do
			[ ! -e "$page" ] || [ "$(tail -n 1 "$page")" = '</html>' ]
		done
		run -0 bi-render killed
		[ "$(find "$R/killed/thumbs" -name '*.webp' | wc -l)" -eq 5 ]
		[ "$(grep -c 'class="subject"' "$R/killed/index.html")" -eq 5 ]
		[ "$(tail -n 1 "$R/killed/index.html")" = '</html>' ]
	done
}

@test "a stream that was cut is said, and what is there is rendered" {
	pictures M
	item 1 origin/M-1-1.jpg | bi-fetch -b cut | grep -v '"end"' >records
	run -1 --separate-stderr bi-render <records
	# shellcheck disable=SC2154 # set by run
	[[ $stderr == *'end record'* ]]
	assert_output --partial '"exit":1}'
	[ -e "$R/cut/index.html" ]
}

@test 'a missing batch, a bad name, a missing root and bad lines are named with their exit codes' {
	printf 'GIF89a\001\000\001\000\200\000\000\000\000\000\377\377\377;' >a.gif
	item 1 a.gif | bi-fetch -b good >records
	run -66 bi-render missing good
	assert_output --partial 'no batch missing'
	assert_output --partial '"batches":1'
	[ -e "$R/good/index.html" ]
	[ ! -e "$R/missing" ]
	run -2 bi-render ../good
	run -66 bi-render -r "$PWD/nowhere" good
	[ ! -e nowhere ]
	printf 'good\n{"no":"batch"}\n{bad\n' >in
	for in in '' '{"end":"bi-fetch","completed":0,"failed":0,"exit":0}'; do
		run -1 bi-render <<<"$in"
		assert_line --index 0 --partial 'no batch was named'
		assert_line --index 1 '{"end":"bi-render","batches":0,"exit":1}'
	done
	run -1 bi-render <in
	assert_output --partial 'line 2'
	assert_output --partial 'line 3'
	assert_output --partial '"batches":1'
}

@test "a completed item whose file is gone is no candidate, and what the message says gets it again" {
	pictures M
	cp origin/M-1-1.jpg 'a b.jpg'
	printf '%s\n' 'a b.jpg' origin/M-2-1.jpg | bi-fetch -b lost | bi-render >out
	grep -q '"candidates":2' out
	rm "$BI_ROOT"/batches/lost/files/i1_1.jpg
	run -0 --separate-stderr bi-render lost
	# shellcheck disable=SC2154 # set by run
	assert_equal "$stderr" 'bi-render: batch lost: 1 completed item has lost its file; `bi-status --rebuild lost` and then `bi-fetch -b lost --resume` fetch it again'
	assert_output --partial '"candidates":1'
	run words_of "$R/lost/index.html"
	assert_output --partial 'Failed File lost'
	run -0 bi-status --rebuild lost
	assert_output 'lost: 1 of 2 states differed'
	run -1 bi-status --strict --json lost
	assert_output --partial 'its file is gone'
	run -0 bi-status --rebuild lost
	assert_output 'lost: 0 of 2 states differed'
	run -0 bi-fetch -b lost --resume
	cmp "$BI_ROOT/batches/lost/files/i1_1.jpg" 'a b.jpg'
	run -0 --separate-stderr bi-render lost
	assert_equal "$stderr" ''
	assert_output --partial '"candidates":2'
	# All of them, with files/ itself.
	rm -r "$BI_ROOT/batches/lost/files"
	run -0 bi-status --rebuild lost
	assert_output 'lost: 2 of 2 states differed'
	run -0 bi-fetch -b lost --resume
	[ "$(find "$BI_ROOT/batches/lost/files" -type f | wc -l)" -eq 2 ]
}

@test "what has no title is called by its base name" {
	pictures M
	cp origin/M-1-1.jpg 'origin/a b.jpg'
	origin_start
	printf '%s\n' "$ORIGIN/a%20b.jpg?size=1#top" "$ORIGIN/M-1-2.jpg" "$PWD/origin/M-2-1.jpg" "$ORIGIN" |
		bi-fetch -b base >records || :
	bi-render <records || :
	run grep -ohE '<h2><bdi>.*</bdi></h2>' "$R/base/index.html"
	assert_output "<h2><bdi>a b.jpg</bdi></h2>
<h2><bdi>M-1-2.jpg</bdi></h2>
<h2><bdi>M-2-1.jpg</bdi></h2>
<h2><bdi>${ORIGIN#http://}</bdi></h2>"
}

@test "on a terminal it shows how far it is" {
	pictures M
	item 1 origin/M-1-1.jpg | bi-fetch -b shown >records
	run -0 on_terminal bi-render shown
	assert_output --regexp 'shown: [0-9]+ of 1 items'
	assert_output --partial 'shown: 1 subject with 1 candidate'
}

@test "items that are not there yet are counted, and items without a subject are on a sheet" {
	pictures M
	realpath origin/M-1-1.jpg origin/M-2-1.jpg >in
	bi-fetch -b lines <in | bi-render >out
	grep -q '"subjects":2,"candidates":2' out
	[ -e "$R/lines/i2_1.jpg" ]
	run find "$R/lines" -name '*_review.html'
	assert_output ''
	run grep -o '<li class="group item" id="i[0-9]*"' "$R/lines/index.html"
	assert_output $'<li class="group item" id="i1"\n<li class="group item" id="i2"'
	grep -q '<a href="index.html#i2">' "$R/lines/submit.html"
	# As if one had not been fetched yet.
	sed -i '/"item":2/d' "$BI_ROOT/batches/lines/results.ndjson"
	rm -f "$BI_ROOT/batches/lines/results.index"
	bi-render lines >out
	grep -q '"subjects":2,"candidates":1' out
	run words_of "$R/lines/index.html"
	assert_output --partial 'Not fetched yet'
	# With one subject among the items each has a page again, and without it no page is left.
	cp -r "$BI_ROOT/batches/lines" kept
	item 7 origin/M-1-1.jpg | bi-fetch -b lines | bi-render
	[ -e "$R/lines/i1_review.html" ] && [ -e "$R/lines/7_review.html" ]
	run ! grep -q 'class="group item"' "$R/lines/index.html"
	rm -r "$BI_ROOT/batches/lines"
	mv kept "$BI_ROOT/batches/lines"
	bi-render lines
	run find "$R/lines" -name '*_review.html'
	assert_output ''
	find "$R/lines" -name '[^.]*' -printf '%p %C@\n' | sort >before
	bi-render lines
	find "$R/lines" -name '[^.]*' -printf '%p %C@\n' | sort | diff before -
}

@test "a full disk is said, and the old page stays" {
	need_strace
	printf 'GIF89a\001\000\001\000\200\000\000\000\000\000\377\377\377;' >a.gif
	item 1 a.gif | bi-fetch -b full | bi-render
	sha256sum "$R"/full/*.html >before
	item 2 a.gif | bi-fetch -b full >records
	run -74 --separate-stderr env ASAN_OPTIONS=detect_leaks=0 strace -o /dev/null -e trace=linkat -e inject=linkat:error=ENOSPC "$BI_BIN/bi-render" full
	# shellcheck disable=SC2154 # set by run
	[[ $stderr == *'No space left'* ]]
	sha256sum --quiet -c before
	run -74 bash -c 'bi-render full >/dev/full'
	# A reader that has gone ends it as it does any filter, without a word.
	run -141 --separate-stderr bash -c 'exec {gone}> >(:); wait "$!"; bi-render full >&"$gone"'
	assert_equal "$stderr" ''
	run -0 bi-render full
}

@test "what is in the way of its files is replaced, not followed or waited for" {
	local name

	printf 'GIF89a\001\000\001\000\200\000\000\000\000\000\377\377\377,\000\000\000\000\001\000\001\000\000\002\002D\001\000;' >a.gif
	{
		item 1 a.gif
		item 2 a.gif
	} | bi-fetch -b way | bi-render
	cd "$R/way"
	sha256sum -- *.html >../before
	echo mine >../../mine
	for name in .pages .thumbs index.html 1_review.html review-*.css 1_1.gif thumbs/1_1.webp; do
		rm "$name"
		mkfifo "$name"
		run -0 timeout 60 bi-render way
		sha256sum --quiet -c ../before
		[ -f "$name" ]
		rm "$name"
		ln -s "$BI_ROOT/mine" "$name"
		run -0 bi-render way
		sha256sum --quiet -c ../before
		[ -f "$name" ] && [ ! -L "$name" ]
	done
	assert_equal "$(cat ../../mine)" mine
}

@test "a damaged .pages is made again" {
	local size cut

	printf 'GIF89a\001\000\001\000\200\000\000\000\000\000\377\377\377;' >a.gif
	{
		item 1 a.gif
		item 2 a.gif
	} | bi-fetch -b cut | bi-render
	cd "$R/cut"
	sha256sum -- *.html >../before
	size=$(stat -c %s .pages)
	for cut in 1 100 $((size / 2)) $((size - 20)) "$size"; do
		truncate -s $((size - cut)) .pages
		rm 1_review.html
		run -0 bi-render cut
		sha256sum --quiet -c ../before
		assert_equal "$(stat -c %s .pages)" "$size"
	done
}

@test "a jq program that fails leaves the old pages, and is said" {
	printf 'GIF89a\001\000\001\000\200\000\000\000\000\000\377\377\377;' >a.gif
	item 1 a.gif | bi-fetch -b broken | bi-render
	sha256sum "$R"/broken/index.html "$R"/broken/submit.html >before
	cp -r "$BI_SHARE" share
	# shellcheck disable=SC2016
	for program in 'error("no")' '.' '[{name:"../x.html",text:"x"}]' '[{name:"index.html",text:1}]' '{name:"index.html",text:"x"}' '[]' 'if .subject then empty else . end' '('; do
		printf '%s\n' "$program" >share/review/render.jq
		run -70 --separate-stderr env BI_SHARE="$PWD/share" bi-render broken
		[[ $stderr == *'batch broken: '*jq* ]]
		sha256sum --quiet -c before
	done
	[ ! -e "$R/x.html" ]
	rm "$R/broken/index.html"
	run -69 env PATH=/nowhere "$BI_BIN/bi-render" broken
	assert_output --partial jq
}

# bare NAME SUBJECTS CANDIDATES: a batch of empty text files, as if they had been fetched.
bare() {
	local dir=$BI_ROOT/batches/$1

	mkdir -p "$dir/files"
	: >"$dir/lock"
	echo '{"name":"'"$1"'","job_id":7,"job_type":"url_parse","created_at":"2026-11-22T10:30:00Z"}' >"$dir/batch.json"
	awk -v dir="$dir" -v subjects="$2" -v candidates="$3" 'BEGIN {
		for (s = 1; s <= subjects; s++)
			for (c = 1; c <= candidates; c++) {
				n++
				printf "c" >(dir "/state")
				printf "{\"bi\":{\"n\":%d,\"key\":\"%032d\",\"id\":\"%d\",\"idx\":%d},\"subject\":{\"id\":\"%d\",\"name\":\"Subject %d\"},\"url\":\"https://example.com/%d\"}\n", n, n, s, c, s, s, n >(dir "/items.ndjson")
				printf "{\"item\":%d,\"status\":\"completed\",\"path\":\"files/%d_%d.txt\",\"bytes\":0,\"mime\":\"text/plain\",\"sha256\":\"%064d\"}\n", n, s, c, n >(dir "/results.ndjson")
				print "files/" s "_" c ".txt"
			}
	}' | (cd "$dir" && xargs touch)
}

@test "a subject with thousands of candidates has them on pages of 500, and its copies are folded" {
	local d=$BI_ROOT/batches/b n=3000 pages

	bare b 1 "$n"
	sed -i -E 's/"sha256":"0*([0-9]+)"/"sha256":"\1"/' "$d/results.ndjson"
	jq -c '.sha256 = ((.sha256 | tonumber) % 1000 | "0" * (64 - (tostring | length)) + tostring)' "$d/results.ndjson" >results
	mv results "$d/results.ndjson"
	run -0 bi-render b
	cd "$R/b"
	pages=(1_review.html 1_review-2.html)
	assert_equal "$(echo 1_review*)" "1_review-2.html 1_review.html"
	assert_equal "$(cat "${pages[@]}" | grep -c '<article class="candidate"')" "$n"
	assert_equal "$(cat "${pages[@]}" | grep -c '<div class="group">')" 1000
	assert_equal "$(cat "${pages[@]}" | grep -c 'similar: ')" 1000
	assert_equal "$(grep -c '<div class="group">' 1_review.html)" 500
	assert_equal "$(cat "${pages[@]}" | grep -o '2 similar: 1001, 2001')" '2 similar: 1001, 2001'
	assert_equal "$(cat "${pages[@]}" | grep -c 'same file as 1000<')" 2
	for page in "${pages[@]}"; do
		grep -q 'data-numbers="1-3000"' "$page"
		assert_equal "$(tail -n 1 "$page")" '</html>'
	done
	grep -q '<a rel="next" href="1_review-2.html">' 1_review.html
	# A page that is lost is made again; one that is no longer needed goes.
	sha256sum -- *.html >../before
	rm 1_review-2.html
	run -0 bi-render b
	sha256sum --quiet -c ../before
	echo mine >1_review-02.html
	rm -r "$d"
	bare b 1 500
	run -0 bi-render b
	assert_equal "$(echo 1_review*)" "1_review-02.html 1_review.html"
	run ! grep -q 'class="pages"\|data-numbers' 1_review.html
	rm -r "$d"
	bare b 1 501
	run -0 bi-render b
	[ -e 1_review-2.html ]
	rm -r "$d"
	printf '{"subject":{"id":"2"},"file":"%s"}\n' "$BATS_TEST_FILENAME" | bi-fetch -b b | bi-render
	assert_equal "$(echo [0-9]_review*)" "1_review-02.html 2_review.html"
}

@test "the index has pages of 500 subjects, and those that are no longer needed go" {
	local d=$BI_ROOT/batches/b

	bare b 1203 1
	run -0 bi-render b
	cd "$R/b"
	for page in index.html index-2.html index-3.html; do
		grep -c 'class="subject"' "$page"
		assert_equal "$(tail -n 1 "$page")" '</html>'
	done >counts
	assert_equal "$(tr '\n' ' ' <counts)" '500 500 203 '
	run grep -o 'data-subject="[0-9]*"' index-2.html
	assert_line --index 0 'data-subject="501"'
	assert_equal "$(grep -o '<a [^>]*href="index[^"]*"[^>]*>[^<]*' index-2.html | sed 's/.*href="\([^"]*\)".*>/\1 /' | tail -n 4 | tr '\n' ' ')" \
		'index.html Previous index.html 1 index-3.html 3 index-3.html Next '
	jq -e 'length == 1203 and .[0] == ["1","Subject 1",1] and .[1202] == ["1203","Subject 1203",1]' subjects.json
	grep -q 'data-index="index-3.html"' 1001_review.html
	# A page that was lost or changed is made again, and nothing else.
	sha256sum -- *.html subjects.json >../before
	find . -name '*.html' -printf '%p %i\n' | sort >../files
	rm index-2.html
	echo edited >>index-3.html
	run -0 bi-render b
	sha256sum --quiet -c ../before
	find . -name '*.html' -printf '%p %i\n' | sort | diff ../files - >../changed || :
	assert_equal "$(sed -n 's/^> \(.*\) .*/\1/p' ../changed | tr '\n' ' ')" './index-2.html ./index-3.html '
	# One subject changes: the index page that it is on, and no other.
	sed -i '700s/Subject 700/Renamed/' "$d/items.ndjson"
	find . -name 'index*' -printf '%p %i\n' | sort >../files
	run -0 bi-render b
	find . -name 'index*' -printf '%p %i\n' | sort | diff ../files - >../changed || :
	assert_equal "$(sed -n 's/^> \(.*\) .*/\1/p' ../changed | tr '\n' ' ')" './index-2.html '
	grep -q '"700","Renamed"' subjects.json
	# Fewer subjects have fewer pages. A file of another name stays.
	echo mine >index-03.html
	rm -r "$d"
	bare b 500 1
	run -0 bi-render b
	assert_equal "$(echo index*.html)" 'index-03.html index.html'
	run ! grep -q 'class="pages"' index.html
}

@test "style sheets and scripts have the version of their bytes, and old ones stay for an hour" {
	local old

	printf 'GIF89a\001\000\001\000\200\000\000\000\000\000\377\377\377;' >a.gif
	item 1 a.gif | bi-fetch -b b | bi-render
	cd "$R/b"
	for name in *.css *.js; do
		[[ $name == *-"$(sha256sum "$name" | cut -c 1-8)".* ]]
	done
	grep -ohE '[a-z]+-[0-9a-f]{8}\.(css|js)' -- *.html | sort -u >../named
	[ "$(wc -l <../named)" -ge 9 ]
	run ! ls -d home* add*
	printf '%s\n' *.css *.js | sort | comm -13 - ../named >../missing
	assert_equal "$(cat ../missing)" ''
	old=$(echo review-*.css)
	# As a version of bi before left them.
	touch review.css mine.css
	cp -r "$BI_SHARE" ../share
	echo '/* new */' >>../share/review/review.css
	find . -name '*.js' -printf '%p %i\n' | sort >../before
	BI_SHARE=$PWD/../share run -0 bi-render b
	find . -name '*.js' -printf '%p %i\n' | sort | diff ../before -
	assert_equal "$(find . -name 'review-*.css' | wc -l)" 2
	run ! grep -q "$old" index.html 1_review.html submit.html
	BI_SHARE=$PWD/../share run -0 bi-render b
	[ -e "$old" ] && [ -e review.css ]
	touch -d '2 hours ago' "$old" review.css
	BI_SHARE=$PWD/../share run -0 bi-render b
	[ ! -e "$old" ] && [ ! -e review.css ] && [ -e mine.css ]
	# Pages that could not be made again keep what they need.
	cp -r ../share ../broken
	echo 'error("no")' >../broken/review/render.jq
	echo '/* newer */' >>../broken/review/review.css
	BI_SHARE=$PWD/../broken run -70 bi-render b
	grep -ohE '[a-z]+-[0-9a-f]{8}\.(css|js)' index.html | xargs ls
}

@test "a picture has another address when its bytes are others" {
	local before

	pictures M
	item 1 origin/M-1-1.jpg | bi-fetch -b b | bi-render
	before=$(grep -ohE '1_1\.(jpg|webp)\?v=[0-9a-f]{8}' "$R"/b/*.html | sort -u)
	assert_equal "$(sed 's/?v=.*//' <<<"$before" | tr '\n' ' ')" '1_1.jpg 1_1.webp '
	bi-render b
	assert_equal "$(grep -ohE '1_1\.(jpg|webp)\?v=[0-9a-f]{8}' "$R"/b/*.html | sort -u)" "$before"
	cp origin/M-2-1.jpg origin/M-1-1.jpg
	item 1 origin/M-1-1.jpg | bi-fetch --update -b b | bi-render
	run grep -ohE '1_1\.(jpg|webp)\?v=[0-9a-f]{8}' "$R"/b/*.html
	refute_output --partial "${before##*=}"
	assert_output --partial '1_1.webp?v='
}

@test "badges judge the original, in plain words" {
	vips black low.png 320 64 --bands 3
	vips gaussnoise noise.v 100 100 && vips cast noise.v noise.png uchar
	{
		item M1 low.png ',"original_width":3000,"original_height":600'
		item M2 low.png
		item M3 low.png ',"original_width":320,"original_height":64'
		item M4 noise.png ',"original_width":3000,"original_height":199'
	} | bi-fetch -b M_batch1 | bi-render >out
	for id in 1 2 3 4; do
		grep -c '<li class="badge poor">under 200 pixels</li>' "$R/M_batch1/M${id}_review.html" || :
	done >counts
	assert_equal "$(tr '\n' ' ' <counts)" '0 1 1 1 '
}
