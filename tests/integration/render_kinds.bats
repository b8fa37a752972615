#!/usr/bin/env bats
# bi-render: documents, their pages and texts, and items that failed.
# shellcheck disable=SC2154 # call sets code
load helpers
load submit

setup() {
	bi_setup
	R=$BI_ROOT/review
}

# pdf COUNT: one of so many pages.
pdf() {
	local i kids=

	for ((i = 0; i < $1; i++)); do
		kids+="$((3 + 2 * i)) 0 R "
	done
	printf '%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[%s]/Count %d>>endobj\n' "$kids" "$1"
	for ((i = 0; i < $1; i++)); do
		printf '%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 200]/Contents %d 0 R>>endobj\n' $((3 + 2 * i)) $((4 + 2 * i))
		printf '%d 0 obj<</Length 29>>stream\n1 0 0 rg 10 %2d 50 100 re f   \nendstream endobj\n' $((4 + 2 * i)) $((10 + i))
	done
	printf 'trailer<</Root 1 0 R>>\n'
}

pages() {
	find "$R/$1/pages" -type f -printf '%f\n' | sort | xargs
}

words_of() {
	sed 's/<[^>]*>/ /g' "$1" | tr -s ' \n' ' '
}

@test "the first eight pages of a PDF are drawn once, and go with it" {
	local before

	pdf 12 >twelve.pdf
	pdf 2 >two.pdf
	printf '{"subject":{"id":"A"},"file":"%s"}\n' "$PWD/twelve.pdf" "$PWD/two.pdf" | bi-fetch -q -b b >/dev/null
	bi-render b
	assert_equal "$(pages b)" "$(echo A_1_{1..8}.webp A_2_{1,2}.webp)"
	assert_equal "$(vipsheader -f height "$R/b/pages/A_1_8.webp")" 1400
	grep -q 'data-drawn="8" data-pages="12"' "$R/b/A_review.html"
	grep -q 'PDF, 12 pages' "$R/b/A_review.html"
	# Nothing is drawn again, but what is missing is.
	before=$(stat -c '%n %y' "$R"/b/pages/* "$R"/b/thumbs/*)
	bi-render b
	assert_equal "$(stat -c '%n %y' "$R"/b/pages/* "$R"/b/thumbs/*)" "$before"
	rm "$R/b/pages/A_1_3.webp"
	bi-render b
	assert_equal "$(pages b)" "$(echo A_1_{1..8}.webp A_2_{1,2}.webp)"
	# Another file under the same name, with fewer pages, and one that is gone.
	pdf 3 >twelve.pdf
	bi-fetch -q -b b --resume --update >/dev/null
	bi-render b
	assert_equal "$(pages b)" "$(echo A_1_{1..3}.webp A_2_{1,2}.webp)"
	run -0 bi-clean items -y -b b 1
	assert_equal "$(pages b)" "$(echo A_2_{1,2}.webp)"
}

@test "a killed bi-render draws the rest of the pages" {
	local i

	need_strace
	pdf 5 >five.pdf
	bi-fetch -q -b b five.pdf >/dev/null
	for i in 1 3 6; do
		rm -rf "$R/b"
		run -137 timeout -s KILL 120 env ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e inject=linkat:signal=KILL:when="$i" \
			"$BI_BIN/bi-render" b
		run -0 bi-render b
		assert_equal "$(pages b)" "$(echo i1_1_{1..5}.webp)"
	done
}

@test "a page that cannot be drawn ends the pages, and a damaged PDF has none" {
	pdf 4 | sed 's|^7 0 obj.*|7 0 obj null endobj|' >hole.pdf
	echo '%PDF-1.4 nothing else %%EOF' >damaged.pdf
	printf '{"subject":{"id":"A"},"file":"%s"}\n' "$PWD/hole.pdf" "$PWD/damaged.pdf" | bi-fetch -q -b b >/dev/null || :
	run -0 bi-render b
	[ ! -e "$R/b/pages/A_2_1.webp" ]
	[ ! -e "$R/b/pages/A_1_5.webp" ]
	run -0 bi-render b
}

@test "the text and the title of a document are on its card, cut and of its own bytes only" {
	printf '<title>A <b>title</b></title><p>See <a href="http://x.example/">"text":"no"</a>.</p>' >page.html
	seq -f 'línea %g' 2000 >long.txt
	printf 'a\000b' >binary.txt
	printf 'plain \360\237\222\251 words\001\033[31m' >plain.txt
	printf '{"subject":{"id":"A"},"file":"%s"}\n' "$PWD"/{page.html,long.txt,plain.txt} |
		bi-fetch -q -b b --through bi-parse >/dev/null
	bi-render b
	run -0 words_of "$R/b/A_review.html"
	assert_output --partial 'See [&quot;text&quot;:&quot;no&quot;](http://x.example/).'
	assert_output --partial 'línea 300'
	refute_output --partial 'línea 600'
	assert_output --partial 'plain 💩 words'
	# Without bi-parse the beginning of a plain text is there, and a page of strangers has none.
	printf '{"subject":{"id":"A"},"file":"%s"}\n' "$PWD"/{page.html,long.txt} | bi-fetch -q -b c >/dev/null
	bi-render c
	run -0 words_of "$R/c/A_review.html"
	assert_output --partial 'línea 300'
	refute_output --partial 'x.example'
	# What was parsed of other bytes does not count.
	echo 'other words' >long.txt
	bi-fetch -q -b b --resume --update >/dev/null
	bi-render b
	run -0 words_of "$R/b/A_review.html"
	refute_output --partial 'línea 300'
	assert_output --partial 'other words'
}

@test "reasons are in plain words, with the host, and hold no control characters" {
	faulty_start
	printf '{"subject":{"id":"A"},"url":"%s"}\n' "$FAULTY/status/404/a" "$FAULTY/status/418/a" "http://USER:secret@127.0.0.1:1/" |
		bi-fetch -q -b b --tries 1 >/dev/null || :
	printf '{"item":2,"status":"failed","error":{"code":"odd","message":"a\\u001b[31m\\u0007b","retryable":false}}\n' >>"$BI_ROOT/batches/b/results.ndjson"
	bi-render b
	run -0 words_of "$R/b/A_review.html"
	assert_output --partial 'Nothing to choose. All 3 items of this subject failed.'
	assert_output --partial "Not found (404) ${FAULTY#http://}"
	assert_output --partial 'No connection 127.0.0.1:1'
	assert_output --partial 'a [31m b'
	refute_output --partial secret
	run ! grep -qP '[\x01-\x08\x0b-\x1f]' "$R/b/A_review.html" "$R/b/index.html"
	grep -q 'data-items="1 2 3"' "$R/b/A_review.html"
	grep -q '^\["A",.*,0,3\]$' "$R/b/subjects.json"
}

@test "a decision goes on to the next subject with a candidate" {
	printf 'GIF89a\001\000\001\000\200\000\000\000\000\000\377\377\377;' >a.gif
	printf '{"subject":{"id":"%s"},"file":"%s"}\n' 1 "$PWD/a.gif" 2 /none/1 3 /none/2 4 "$PWD/a.gif" 5 /none/3 | bi-fetch -q -b b >/dev/null || :
	bi-render b
	assert_equal "$(grep -ho 'data-next="[^"]*"' "$R"/b/{1,2,3,4,5}_review.html | xargs)" \
		'data-next=4_review.html data-next=4_review.html data-next=4_review.html data-next=submit.html data-next=submit.html'
	grep -q 'id="next" href="2_review.html"' "$R/b/1_review.html"
}

@test "a deleted document leaves neither pages nor its text" {
	local job file

	serve
	pdf 2 >two.pdf
	form upload -F file=@two.pdf
	assert_equal "$code" 201
	job=job-$(jq .batch_job_id body)
	file=$(jq -r .file_id body)
	bi-render "$job"
	assert_equal "$(pages "$job")" 'i1_1_1.webp i1_1_2.webp'
	call -X DELETE -H "X-CSRFToken: $TOKEN" "$FILES/$file/"
	assert_equal "$code" 204
	assert_equal "$(pages "$job")" ''
	[ ! -e "$R/$job/index.html" ]
	bi-render "$job"
	grep -q '>Deleted<' "$R/$job/index.html"
}
