#!/usr/bin/env bats
# bi-source: APIs that misbehave and catalogs that are wrong. Each is said, none stops the other subjects, and the exit
# code tells.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# failed ID: code, whether it may pass, and message of the failure of subject ID in $output.
failed() {
	jq -r --argjson id "$1" 'select(.status == "failed" and .subject.id == $id) | .error | "\(.code) \(.retryable) \(.message)"' <<<"$output"
}

# Subject ID has candidates in $output.
found() {
	[ "$(jq -c --argjson id "$1" 'select(.rank and .subject.id == $id)' <<<"$output" | wc -l)" -gt 0 ]
}

@test "maxlag is waited for; for ever, it is a failure of that subject" {
	local times

	wiki_start
	people 'Lag 2 One' 'Plain Two' >list
	run -0 --separate-stderr source_wiki --json --set ways=title <list
	assert_equal "$stderr" ''
	found 1
	found 2
	mapfile -t times < <(grep -h Lag "${ORIGIN_LOGS[@]}" | cut -d' ' -f1)
	assert_equal "${#times[@]}" 3
	[ $((times[1] - times[0])) -ge 1000 ] # Retry-After, and no less than maxlag_wait
	[ $((times[2] - times[1])) -ge 1000 ]
	people 'Lag 0 One' 'Plain Two' >list
	run -1 --separate-stderr source_wiki --json --set ways=title,phrase --set tries=2 --set maxlag_wait=0 <list
	assert_equal "$(failed 1)" 'maxlag true the API answers maxlag: Waiting for db1: 7 seconds lagged'
	[[ "$stderr" == *'subject 1 (Lag 0 One): the API answers maxlag: Waiting for db1: 7 seconds lagged; run the same command again to try again'* ]]
	found 2
	assert_equal "$(origin_hits 'Lag%200')" 2
	assert_equal "$(tail -n 1 <<<"$output" | jq -c '[.subjects, .failed, .exit]')" '[2,1,1]'
}

@test "without Retry-After the wait is the source's own" {
	local times

	wiki_start
	people 'Status 503 1 One' >list
	run -0 --separate-stderr source_wiki --json --set ways=title <list
	mapfile -t times < <(grep -h Status "${ORIGIN_LOGS[@]}" | cut -d' ' -f1)
	[ $((times[1] - times[0])) -ge 1000 ]
	found 1
}

@test "429 holds the host back for every process; error pages are not repeated" {
	local times

	wiki_start
	people 'Later 429 1 One' 'Status 404 0 Two' 'Status 500 0 Three' >list
	run -1 --separate-stderr source_wiki --json --set ways=title --set tries=2 <list
	found 1
	assert_equal "$(failed 2)" 'http_404 false Wikimedia Commons answers 404: there is nothing by that name'
	assert_equal "$(failed 3)" 'http_500 true Wikimedia Commons answers 500'
	mapfile -t times < <(grep -h Later "${ORIGIN_LOGS[@]}" | cut -d' ' -f1)
	[ $((times[1] - times[0])) -ge 1000 ]
	run ! grep -r 192.0.2.1 "$BI_ROOT"
}

@test "errors with status 200, HTML, half a JSON, nothing at all: never 'no results'" {
	wiki_start
	people 'Apierror A' 'Half B' 'Html C' 'Nobody D' 'Plain E' 'Void F' >list
	run -1 --separate-stderr source_wiki --json --set ways=title --set tries=1 <list
	assert_equal "$(failed 1)" 'api_cirrussearch-backend-error false the API answers cirrussearch-backend-error: We could not complete your search.'
	[[ "$(failed 2)" == 'bad_reply true the answer of Wikimedia Commons is not JSON: unexpected end of data'* ]]
	[[ "$(failed 3)" == 'bad_reply true the answer of Wikimedia Commons is not JSON:'* ]]
	assert_equal "$(failed 4)" 'no_candidates false Wikimedia Commons has nothing for it, searched in 1 ways'
	found 5
	[[ "$(failed 6)" == 'bad_reply true the answer of Wikimedia Commons is not JSON: it is empty'* ]]
	assert_equal "$(grep -c '^bi-source: subject' <<<"$stderr")" 5
	# A reply that was wrong is not kept.
	run -1 --separate-stderr source_wiki --json --cache --set ways=title --set tries=1 <list
	assert_equal "$(find "$BI_ROOT/cache" -type f | wc -l)" 3 # and what the wiki is
}

@test "a redirect elsewhere is not followed; one to the same host is" {
	wiki_start
	people 'Elsewhere A' 'Moved B' >list
	run -1 --separate-stderr source_wiki --json --set ways=title <list
	assert_equal "$(failed 1)" "bad_redirect false Wikimedia Commons redirects to 'http://elsewhere.invalid/w/api.php': only redirects to the same host are followed"
	found 2
}

@test 'after a 403 about the User-Agent nothing more is asked for' {
	wiki_start
	people 'A One' 'Agent Two' 'B Three' 'C Four' >list
	run -1 --separate-stderr source_wiki --json --set ways=title <list
	found 1
	[[ "$(failed 2)" == 'agent_refused true Wikimedia Commons answers 403: its policy requires a contact'* ]]
	[[ "$(failed 3)" == 'host_given_up true no requests are sent to Wikimedia Commons: its policy requires a contact'* ]]
	[[ "$(failed 4)" == host_given_up* ]]
	assert_equal "$(origin_hits gsrsearch)" 2
}

@test "what is not the API of a MediaWiki is named as that, in one line, and nothing more is asked" {
	local path said
	local -A answers=(
		[/page]=" is a web page, not the API of a MediaWiki; that page says that its API is WIKI/stock/api.php: use --set api=WIKI/stock/api.php"
		[/bare]=" is a web page, not the API of a MediaWiki; it is often at /w/api.php or /api.php"
		[/gone/api.php]=" answers 404: there is nothing by that name; that page says that its API is WIKI/stock/api.php: use --set api=WIKI/stock/api.php"
		[/nothing]=" answers 404: there is nothing by that name"
		[/json/api.php]=" answers JSON, but not as the API of a MediaWiki does"
		[/void/api.php]=" answers nothing, which is not what the API of a MediaWiki does"
		[/private/api.php]=": the API answers readapidenied: You need read permission to use this module."
		[/away/api.php]=" redirects to 'http://elsewhere.invalid/w/api.php': only redirects to the same host are followed"
	)

	wiki_start
	people 'Plain One' 'Plain Two' >list
	for path in "${!answers[@]}"; do
		: >"${ORIGIN_LOGS[0]}"
		run -78 --separate-stderr source_wiki --json --set "api=$WIKI$path" <list
		said=${answers[$path]//WIKI/"$WIKI"}
		assert_equal "$stderr" "bi-source: $WIKI$path$said"
		assert_equal "$output" ''
		assert_equal "$(origin_hits .)" 1
	done
}

@test "a setting that no source has, or with a wrong value, is refused before anything is asked" {
	refused() {
		run -2 --separate-stderr source_wiki --json "${@:2}" <list
		assert_equal "$output" ''
		assert_equal "$stderr" "bi-source: $1"
	}

	wiki_start
	people 'Plain One' >list
	refused "the source 'wikimedia' has no setting 'apiurl'; near it are: api" --set apiurl=http://127.0.0.1:9/
	refused "the source 'wikimedia' has no setting 'timout'; near it are: timeout" --set timout=5
	refused "the source 'wikimedia' has no setting 'thumbwidth'; near it are: thumb_width" --set thumbwidth=5
	refused "the source 'none' has no setting 'zzz'; it has: title, api, slow, cache, enough, give_up, longest_wait, pages, reply_megabytes, requests, slow_wait, timeout, tries" -s none --set zzz=1
	refused "--set: the source 'wikimedia' cannot have page_size = many, which is not a number" --set page_size=many
	refused "--set: the source 'wikimedia' cannot have weight.size = x, which is not a number" --set weight.size=x
	refused "--set: the source 'wikimedia' cannot have tries = 0, and the number must be from 1 to 100" --set tries=0
	refused "--set: the source 'wikimedia' cannot have tries = -3, and the number must be from 1 to 100" --set tries=-3
	refused "--set: the source 'wikimedia' cannot have api = commons.wikimedia.org, which is not a URL of http or https" --set api=commons.wikimedia.org
	refused "--set: the source 'wikimedia' cannot have api = , which is not a URL of http or https" --set api=
	refused "--set: the source 'wikimedia' cannot have api = ftp://h/, which is not a URL of http or https" --set api=ftp://user:secret@h/
	refused "the setting api is a URL without '?' and '#', such as https://wiki.example.org/w/api.php" --set "api=$WIKI/w/api.php?x=1"
	refused "there is no search called 'titel': ways are depicts, title, dated, kind, phrase, words, drawings" --set 'ways=title titel'
	refused "the setting ways is empty: ways are depicts, title, dated, kind, phrase, words, drawings" --set ways=
	refused "the setting search is cirrus or database, not 'elastic'" --set search=elastic
	assert_equal "$(origin_hits .)" 0
	# Categories and weights are the user's, and digits stay text where the source has text.
	run -0 source_wiki --json --set category.M=2 --set weight.size=0 --set widths=960 --set ways=title <list
	printf 'api = nowhere\n' >mine.conf
	run -78 --separate-stderr bi-source --json -s ./mine <list
	assert_equal "$stderr" "bi-source: ./mine.conf, line 1, has api = nowhere, which is not a URL of http or https"
	# A key without a value is one that has no default.
	printf 'country =\n' >mine.conf
	echo 'def requests($conf): empty; def candidates($conf): {candidates: [{url: "http://x.example/\($conf.country)"}]};' >mine.jq
	run -0 --separate-stderr bi-source --json -s ./mine --set country=de <list
	assert_equal "$(jq -r '.url // empty' <<<"$output")" http://x.example/de
}

@test "a source that fails again and again is given up; one that is not there too" {
	wiki_start
	people A B C D E >list
	run -1 --separate-stderr bi-source --contact t@example.org --set api=http://127.0.0.1:1/w/api.php --set tries=1 --set give_up=3 --json <list
	[[ "$stderr" == *'http://127.0.0.1:1/w/api.php does not say what it is: the request to Wikimedia Commons failed: '*'; it is searched for plain words and phrases'* ]]
	[[ "$(failed 1)" == 'connect_failed true the request to 127.0.0.1:1 failed: '* ]]
	[[ "$(failed 3)" == connect_failed* ]]
	assert_equal "$(failed 4)" 'source_given_up true 127.0.0.1:1 failed 3 times in a row and is not searched again'
	[[ "$(failed 5)" == source_given_up* ]]
}

@test "what one way fails at, another may find; the failure is said all the same" {
	echo '{"id":1,"name":"Plain One","category":"Apierror"}' >list
	wiki_start
	run -1 --separate-stderr source_wiki --json --set 'ways=kind title' --set category.Apierror=x --set name_most=9 < <(
		echo '{"id":1,"name":"Plain One","category":"Apierror"}' | jq -c '.birth_date = "1900"'
		echo '{"id":2,"name":"Apierror Two"}'
	)
	found 1
	[[ "$(failed 2)" == api_* ]]
}

@test "a catalog with lines that are no subjects, and ids that come twice: the rest goes on" {
	printf '%s\n' '{"id":1,"name":"A","urls":["https://a.example/1.jpg"]}' '{"name":"B"}' '{"id":3}' '{"id":1,"name":"C"}' 'no json' \
		'{"id":"a b","name":"D"}' '[1]' '{"id":7,"name":"E","urls":"https://a.example/7.jpg"}' >list
	printf '{"id":8,"name":"F\xff"}\n' >>list
	run -1 --separate-stderr bi-source -s none --json <list
	assert_equal "$(jq -r 'select(.rank) | .subject.id' <<<"$output" | paste -sd' ')" '1 7'
	assert_equal "$stderr" "bi-source: line 2 of the catalog has no \"id\": that subject is left out
bi-source: line 3 of the catalog has no \"name\": subject 3 is left out
bi-source: line 4 of the catalog repeats the id '1' of line 1: 'C' is left out
bi-source: line 5 of the catalog is not JSON: null expected, at byte 2
bi-source: line 6 of the catalog has the id 'a b', which may have only ASCII letters, digits and . -: that subject is left out
bi-source: line 7 of the catalog is not a JSON object
bi-source: line 9 of the catalog is not JSON: invalid utf-8 string, at byte 18"
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-source","subjects":2,"candidates":2,"failed":7,"asked":0,"cached":0,"exit":1}'
	# The same id in two categories is two subjects, as long as one of these is asked for.
	printf '%s\n' '{"id":1,"name":"A","category":"M","url":"https://a.example/1.jpg"}' '{"id":1,"name":"A","category":"P","url":"https://a.example/2.jpg"}' >list
	run -0 bi-source -s none --json P <list
	run -1 bi-source -s none --json ALL <list
}

@test 'wrong lines of a table are named, and files that are not a catalog are refused' {
	printf 'id,name\n1,A,M\n2,"B\n3,C\n4,\xff\n5,E\n' >list
	run -1 --separate-stderr bi-source -s none --json <list
	assert_equal "$(jq -r 'select(.subject) | .subject.id' <<<"$output" | paste -sd' ')" '3 5'
	assert_equal "$(grep 'of the catalog' <<<"$stderr")" 'bi-source: line 2 of the catalog has 3 cells, and the first line 2: is a quote missing?
bi-source: line 3 of the catalog has a quote that does not end
bi-source: line 5 of the catalog is not UTF-8 text'
	run -65 --separate-stderr bi-source -s none --json < <(printf 'number,name\n1,A\n')
	assert_equal "$stderr" "bi-source: the catalog's first line names no column 'id': a table begins with a line such as id,name,category or item,itemLabel; other catalogs have a JSON object, a name or a Wikidata id on each line (names with commas need --file FILE.txt)"
	run -65 --separate-stderr bi-source -s none --json < <(printf '[{"id":1}]')
	[[ "$stderr" == *"jq -c '.[]' makes lines of it" ]]
	run -65 --separate-stderr bi-source -s none --json < <(printf '\xff\xfei\0d\0')
	[[ "$stderr" == *'the catalog is UTF-16'* ]]
	run -65 --separate-stderr bi-source -s none --json </dev/null
	assert_equal "$stderr" 'bi-source: the catalog is empty'
	run -66 --separate-stderr bi-source -s none --json -f nowhere.csv
	[[ "$stderr" == *"cannot read the catalog 'nowhere.csv'"* ]]
}

@test "lists and SPARQL results with wrong lines: each is named once, and the rest goes on" {
	printf 'Ada Lovelace\nada lovelace\n\xff\n\n# them\nBach\nAda Lovelace\n' >list
	run -1 --separate-stderr bi-source -s none --json <list
	assert_equal "$(jq -r 'select(.subject) | .subject.id' <<<"$output" | paste -sd' ')" 'ada-lovelace bach'
	assert_equal "$(grep 'of the catalog' <<<"$stderr")" "bi-source: line 2 of the catalog repeats the id 'ada-lovelace' of line 1: 'ada lovelace' is left out
bi-source: line 3 of the catalog is not UTF-8 text
bi-source: line 7 of the catalog repeats the id 'ada-lovelace' of line 1: 'Ada Lovelace' is left out"
	run -65 --separate-stderr bi-source -s none --json < <(printf '\n<!DOCTYPE html>\n<html>\n')
	assert_equal "$stderr" 'bi-source: the catalog is HTML or XML, not a list'
	run -65 --separate-stderr bi-source -s none --json < <(printf 'id\n1\n')
	assert_equal "$stderr" 'bi-source: the catalog has ids only: a table begins with a line such as id,name,category'
	printf 'item,itemLabel\n,Nobody\nhttp://www.wikidata.org/entity/Q1,\n' >list
	run -1 --separate-stderr bi-source -s none --json <list
	assert_equal "$(head -n 1 <<<"$stderr")" 'bi-source: line 2 of the catalog has no "id": that subject is left out'
	assert_equal "$(jq -r 'select(.subject) | .subject.name' <<<"$output")" Q1
}

@test 'a category without subjects, and a window behind the last one, are named with what there is' {
	people A B >list
	run -1 --separate-stderr bi-source -s none --json X 5 0 <list
	assert_equal "$stderr" 'bi-source: the catalog has no subject of category X; it has M'
	run -1 --separate-stderr bi-source -s none --json M 5 5 <list
	assert_equal "$stderr" 'bi-source: there is no subject after the first 5: the catalog has 2 subjects of category M'
	assert_equal "$output" '{"end":"bi-source","subjects":0,"candidates":0,"failed":0,"asked":0,"cached":0,"exit":1}'
}

@test 'wrong use is refused with a message and exit 2' {
	people A >list
	echo '{"id":1,"name":"A","category":"a b"}' >spaces
	run -2 --separate-stderr bi-source -s none --json M 0 <list
	[[ "$stderr" == *"COUNT is a whole number from 1 to"* ]]
	run -2 --separate-stderr bi-source -s none --json M 5 x <list
	[[ "$stderr" == *"OFFSET is a whole number"* ]]
	run -2 --separate-stderr bi-source -s none --json M 5 0 7 <list
	run -2 --separate-stderr bi-source -s none --json --ids 'a/b' <list
	[[ "$stderr" == *"'a/b' cannot be a subject's id"* ]]
	run -2 --separate-stderr bi-source -s none --json --ids '' <list
	run -2 --separate-stderr bi-source -s none --json 'a b' 1 <spaces
	[[ "$stderr" == *"choose another name with --batch"* ]]
	run -2 --separate-stderr bi-source -s none --json -b ../x <list
	[ ! -e "$BI_ROOT/batches" ]
}

@test "a subject whose name is nothing that can be asked about, and one that is all operators" {
	wiki_start
	people '"-:*' 'Plain -intitle:"Two" OR *' >list
	run -1 --separate-stderr source_wiki --json <list
	assert_equal "$(failed 1)" 'no_query false it has nothing for which Wikimedia Commons can be searched'
	assert_equal "$(grep -hoE 'gsrsearch=[^&]*' "${ORIGIN_LOGS[@]}" | grep -E 'Two' | sort -u)" \
		'gsrsearch=filetype%3Abitmap%20filew%3A%3E320%20%22Plain%20intitle%20Two%20OR%22
gsrsearch=filetype%3Abitmap%20filew%3A%3E320%20Plain%20intitle%20Two%20or
gsrsearch=filetype%3Abitmap%20filew%3A%3E320%20intitle%3A%22Plain%20intitle%20Two%20OR%22
gsrsearch=filetype%3Adrawing%20%22Plain%20intitle%20Two%20OR%22'
}

@test "without jq it is said what to install" {
	mkdir bin
	people A >list
	run -69 --separate-stderr env PATH="$PWD/bin" "$BI_BIN/bi-source" -s none --json <list
	[[ "$stderr" == *'cannot start jq, which runs the filters of sources; install it'* ]]
}

@test "a killed bi-source: the next program notices that its end is missing" {
	local fetch source code=0

	wiki_start
	people 'A One' 'Held Two' >list
	mkfifo pipe
	bi-fetch --contact t@example.org -q <pipe >out 2>err 3>&- &
	fetch=$!
	start bi-source --contact t@example.org --set "api=$WIKI/w/api.php" --set ways=title --json <list >pipe
	source=$!
	poll 20 origin_asked Held
	kill -KILL "$source"
	poll 20 gone "$fetch"
	wait "$fetch" || code=$?
	assert_equal "$code" 1
	grep -q 'stopped without an end record' err
}

origin_asked() {
	[ "$(origin_hits "$1")" -gt 0 ]
}
