#!/usr/bin/env bats
# bi-api behind the real lighttpd: what reviewers pick, who may write it, and the state of batches.
load helpers

# batch NAME: the subjects 7 (three items), 8 (two) and Z (one), with pages as bi-render would have left them.
batch() {
	local i

	mkdir -p files "$BI_ROOT/review/$1"
	for i in 1 2 3 4 5 6; do
		echo "$i" >"files/$i.txt"
	done
	printf '{"subject":{"id":"%s"},"file":"files/%s.txt"}\n' 7 1 7 2 7 3 8 4 8 5 Z 6 | bi-fetch -q -b "$1" >/dev/null
	echo "<!doctype html><title>$1</title>" >"$BI_ROOT/review/$1/index.html"
}

# serve [OPTION...] BATCH: sets URL, TOKEN, KEEPER and PORT.
serve() {
	local first=$((12000 + RANDOM % 7000)) record

	bi-serve -p "$first-$((first + 200))" "$@" >record 2>serve.err || {
		cat serve.err >&2
		return 1
	}
	record=$(head -n 1 record)
	PORT=$(jq .port <<<"$record")
	KEEPER=$(jq .pid <<<"$record")
	TOKEN=$(<"$BI_ROOT/token")
	URL=http://localhost:$PORT/api/v1
}

# call [CURL OPTION...] PATH: the answer's status in $code, its body in the file body.
call() {
	local path=${*: -1}

	: >body
	code=$(curl -s -o body -w '%{http_code}' --path-as-is --max-time 60 "${@:1:$#-1}" "$URL$path")
}

# put BATCH JSON [CURL OPTION...]
put() {
	local batch=$1 json=$2

	shift 2
	call -X PUT -H "X-CSRFToken: $TOKEN" -H 'Content-Type: application/json' -d "$json" "$@" "/batches/$batch/selections/"
}

# refused CODE ERROR: the last answer was that; that it is JSON is seen for all at once, in the end.
refused() {
	assert_regex "$code $(<body)" "^$1 \\{\"success\":false,\"error\":\"$2\",\"detail\":\".{6,}\"\\}\$"
	cat body >>refusals
}

teardown() {
	local rc=0

	[ ! -e refusals ] || jq empty refusals || rc=1
	bi_teardown
	return "$rc"
}

lines() {
	wc -l <"$BI_ROOT/batches/$1/picks.ndjson"
}

children_of() {
	local child

	for child in $(<"/proc/$1/task/$1/children"); do
		[ "$(<"/proc/$child/comm")" != "$2" ] || echo "$child"
	done
}

@test "picks are kept, merged and shown, by reviewer" {
	batch A
	serve A
	call /batches/A/selections/
	assert_equal "$code $(<body)" '200 {"batch":"A","selections":{},"reviewers":{},"disagreements":[]}'
	[ ! -e "$BI_ROOT/batches/A/picks.ndjson" ]
	put A '{"reviewer":"ada","selections":{"7":3,"8":0},"at":{"7":"2026-11-22T15:04:05.123Z"}}'
	assert_equal "$code $(jq -c .selections body)" '200 {"7":3,"8":0}'
	assert_equal "$(head -n 1 "$BI_ROOT/batches/A/picks.ndjson")" \
		'{"subject":"7","choice":3,"reviewer":"ada","at":"2026-11-22T15:04:05.123Z"}'
	put A '{"reviewer":"böb","selections":{"7":1,"Z":1}}'
	assert_equal "$code $(jq -c '[.selections, .disagreements, (.reviewers | keys)]' body)" \
		'200 [{"8":0,"Z":1},["7"],["ada","böb"]]'
	assert_equal "$(command jq -c '[.reviewers.ada["7"], .reviewers["böb"]["7"].choice]' body)" \
		'[{"choice":3,"at":"2026-11-22T15:04:05.123Z"},1]'
	put A '{"reviewer":"böb","selections":{"7":null}}'
	assert_equal "$code $(jq -c '[.selections, .disagreements]' body)" '200 [{"7":3,"8":0,"Z":1},[]]'
	cp body last
	# A page asks for what each reviewer decided, and works out the rest.
	call '/batches/A/selections/?fields=reviewers'
	assert_equal "$code $(jq -c 'keys, .reviewers.ada["7"].choice' body | tr '\n' ' ')" '200 ["batch","reviewers"] 3 '
	call '/batches/A/selections/?fields=others'
	assert_equal "$code $(jq -r .detail body)" '400 fields must be reviewers'
	call /batches/A/selections # without its last slash
	assert_equal "$code $(<body)" "200 $(<last)"
	assert_equal "$(lines A)" 5
	put A '{"reviewer":"ada","selections":{"7":3}}' # which is so already
	assert_equal "$code $(lines A)" '200 5'
	put A '{"selections":{"8":1}}' -H 'Prefer: return=minimal'
	assert_equal "$code $(<body)" '204 '
	assert_equal "$(tail -n 1 "$BI_ROOT/batches/A/picks.ndjson" | jq -r .reviewer)" anonymous
}

@test 'a pick with an old ETag is refused, and a GET with the current one gets 304' {
	local etag old

	batch A
	serve A
	call -D headers /batches/A/selections/
	old=$(sed -n 's/^[Ee][Tt]ag: \(.*\)\r$/\1/p' headers)
	put A '{"selections":{"7":1}}' -H "If-Match: $old" -D headers
	assert_equal "$code" 200
	etag=$(sed -n 's/^[Ee][Tt]ag: \(.*\)\r$/\1/p' headers)
	refute [ "$etag" = "$old" ]
	put A '{"selections":{"7":2}}' -H "If-Match: $old" -D headers
	assert_equal "$code $(jq -c .selections body)" '412 {"7":1}'
	grep -qiF "ETag: $etag" headers
	assert_equal "$(lines A)" 1
	call -H "If-None-Match: $etag" /batches/A/selections/
	assert_equal "$code $(<body)" '304 '
	# Somebody wrote it without us.
	echo '{"subject":"8","choice":2,"reviewer":"eve","at":"2026-11-22T15:04:05Z"}' >>"$BI_ROOT/batches/A/picks.ndjson"
	call -H "If-None-Match: $etag" /batches/A/selections/
	assert_equal "$code $(jq -c .selections body)" '200 {"7":1,"8":2}'
	put A '{"selections":{"7":2}}' -H 'If-Match: *'
	assert_equal "$code" 200
}

@test "any server of the root takes the picks of any batch" {
	batch A
	batch B
	serve A
	put B '{"selections":{"Z":1}}'
	assert_equal "$code $(jq -c '[.batch, .selections]' body)" '200 ["B",{"Z":1}]'
	[ ! -e "$BI_ROOT/batches/A/picks.ndjson" ]
	# Taken away and made again, it is another batch of that name, also to those who had it in memory.
	rm -r "$BI_ROOT/batches/B"
	for _ in 1 2 3 4 5 6; do
		call /batches/B/selections/
		refused 404 no_such_batch
	done
	bi-fetch -q -b B files/1.txt >/dev/null
	for _ in 1 2 3 4 5 6; do
		call /batches/B/selections/
		assert_equal "$code $(jq -c .selections body)" '200 {}'
	done
	put B '{"selections":{"Z":1}}'
	refused 422 bad_selections
	put B '{"selections":{"i1":1}}'
	assert_equal "$code $(jq -c .selections body)" '200 {"i1":1}'
}

@test "writes without the token, from other sites, and of other roots are refused" {
	local good='{"selections":{"7":1}}' host origin

	batch A
	serve A
	json=(-X PUT -H 'Content-Type: application/json' -d "$good")
	call "${json[@]}" /batches/A/selections/
	refused 401 token_missing
	for other in x "${TOKEN%?}" "${TOKEN}0" "$(tr 0-9a-f 1-9a-f0 <<<"$TOKEN")" "$(printf '%064d' 0)"; do
		call "${json[@]}" -H "X-CSRFToken: $other" /batches/A/selections/
		refused 401 token_wrong
		call "${json[@]}" -H "Authorization: Bearer $other" /batches/A/selections/
		refused 401 token_wrong
	done
	for origin in http://evil.example null "http://localhost:$((PORT + 1))" http://localhost "http://localhost.evil.example:$PORT"; do
		put A "$good" -H "Origin: $origin"
		refused 403 origin_not_ours
	done
	for site in cross-site same-site; do
		put A "$good" -H "Sec-Fetch-Site: $site"
		refused 403 origin_not_ours
	done
	for host in evil.example "evil.example:$PORT" localhost.evil.example 192.0.2.1 ''; do
		put A "$good" -H "Host: $host"
		[ "$code" = 403 ] || [ "$code" = 400 ]
		put A "$good" -H "Host: $host" -H "Origin: http://$host"
		[ "$code" = 403 ] || [ "$code" = 400 ]
		call -H "Host: $host" /status/
		[ "$code" = 403 ] || [ "$code" = 400 ]
	done
	[ ! -e "$BI_ROOT/batches/A/picks.ndjson" ]
	put A "$good" -H "Origin: http://localhost:$PORT" -H 'Sec-Fetch-Site: same-origin'
	assert_equal "$code" 200
	put A '{"selections":{"7":2}}' -H 'Host: 127.0.0.1:9000' -H 'Origin: http://127.0.0.1:9000' # a forwarded port
	assert_equal "$code" 200
	call "${json[@]}" -H "Authorization: Bearer $TOKEN" /batches/A/selections/
	assert_equal "$code" 200
	# The token is in no answer, no lease and no list of servers.
	call /batches/A/selections/
	! grep -qr "$TOKEN" body "$BI_ROOT/leases" "$BI_ROOT/review" || false
	! bi-clean list | grep -q "$TOKEN" || false
	! bi-status --servers --json | grep -q "$TOKEN" || false
	! tr '\0' '\n' <"/proc/$KEEPER/cmdline" | grep -q "$TOKEN" || false
	jq -r .url record | grep -q "#token=$TOKEN\$"
}

# The routes of all tables of bi-api, as "METHOD PATH" with "x" for any word.
routes() {
	sed -n 's/^\t{"\([A-Z]*\)", "\([^"]*\)", [a-zA-Z_]*},$/\1 \2/p' "$BATS_TEST_DIRNAME"/../../tools/api/*.c | sed 's/\*/x/g'
}

@test "no route but GET is answered without the token, or to a page of another site" {
	local method path writes=0 reads=0

	batch A
	serve A
	routes >table
	while read -r method path; do
		if [ "$method" = GET ]; then
			reads=$((reads + 1))
			case $path in *stream) continue ;; esac
			call "/$path/"
			[[ $code != 401 && $code != 403 ]] || fail "$method $path: $code"
			continue
		fi
		writes=$((writes + 1))
		call -X "$method" -d '{}' "/$path/"
		refused 401 token_missing
		call -X "$method" -d '{}' -H "X-CSRFToken: ${TOKEN//[0-9]/x}" "/$path/"
		refused 401 token_wrong
		call -X "$method" -d '{}' -H "X-CSRFToken: $TOKEN" -H 'Origin: http://elsewhere.example' "/$path/"
		refused 403 origin_not_ours
		call -X "$method" -d '{}' -H "X-CSRFToken: $TOKEN" "/$path/"
		[[ $code != 401 && $code != 403 ]] || fail "$method $path: $code with the token"
	done <table
	# As many as there are in the tables: the pattern above has missed none.
	run -0 grep -hc '^	{"[A-Z]*", "' "$BATS_TEST_DIRNAME"/../../tools/api/{request_answer,stream,submit_server}.c
	assert_equal "$((writes + reads))" "$((${lines[0]} + ${lines[1]} + ${lines[2]}))"
	[ "$writes" -ge 7 ]
}

@test "the token of another root does not write" {
	batch A
	serve A
	BI_ROOT=$PWD/two run -0 bi-serve --new-token
	refute [ "$(<two/token)" = "$TOKEN" ]
	TOKEN=$(<two/token)
	put A '{"selections":{"7":1}}'
	refused 401 token_wrong
}

@test "--new-token counts at once" {
	batch A
	serve A
	old=$TOKEN
	run -0 bi-serve --new-token </dev/null
	put A '{"selections":{"7":1}}'
	refused 401 token_wrong
	TOKEN=$(<"$BI_ROOT/token")
	refute [ "$TOKEN" = "$old" ]
	put A '{"selections":{"7":1}}'
	assert_equal "$code $(stat -c %a "$BI_ROOT/token")" '200 600'
	chmod 644 "$BI_ROOT/token" # anybody may have read it
	put A '{"selections":{"7":2}}'
	refused 401 no_token
	run -0 --separate-stderr bi-serve -p "$PORT" A
	refute_output -p "$TOKEN"
	assert_output -p "#token=$(<"$BI_ROOT/token")"
}

@test "sets that are wrong are refused whole, and say what is wrong" {
	local json many

	batch A
	serve A
	put A '{"reviewer":"ada","selections":{"7":1}}'
	cp "$BI_ROOT/batches/A/picks.ndjson" before
	for json in 'x' '{' '' '{"selections":{"7":1}} x' $'{"selections":{"\xff":1}}'; do
		put A "$json"
		refused 400 bad_json
	done
	for json in '[]' '7' '{}' '{"selections":[]}' '{"selections":{"9":1}}' '{"selections":{"7":4}}' '{"selections":{"7":-1}}' \
		'{"selections":{"7":1.5}}' '{"selections":{"7":"1"}}' '{"selections":{"7":99999999999999999999}}' \
		'{"selections":{"../7":1}}' '{"selections":{"":1}}' '{"batch":"B","selections":{"7":2}}' \
		'{"reviewer":7,"selections":{"7":2}}' '{"reviewer":"a\u0000b","selections":{"7":2}}' \
		'{"reviewer":"a\nb","selections":{"7":2}}' '{"selections":{"7":2},"at":{"7":"now"}}' \
		'{"selections":{"7":2},"at":{"7":7}}' '{"selections":{"7":2,"8":9}}' \
		"{\"reviewer\":\"$(printf '%065d' 0)\",\"selections\":{\"7\":2}}"; do
		put A "$json"
		[[ "$code $(<body)" =~ ^(422.*\"bad_selections\"|400.*\"bad_json\"), ]] || fail "$json: $code $(<body)"
	done
	put A '{"selections":{"7":2,"8":9,"<script>":1}}'
	refused 422 bad_selections
	assert_equal "$(jq -r .detail body)" \
		"the selections are refused: subject '8' has the candidates 1 to 2, not 9 (and 1 more are wrong); nothing was written"
	diff before "$BI_ROOT/batches/A/picks.ndjson"
}

@test 'requests of a wrong type, length, method or path are refused with the status for that' {
	local path type

	batch A
	serve A
	for type in text/plain application/x-www-form-urlencoded application/jsonx ''; do
		call -X PUT -H "X-CSRFToken: $TOKEN" -H "Content-Type: $type" -d '{"selections":{"7":1}}' /batches/A/selections/
		refused 415 not_json
	done
	call -X PUT -H "X-CSRFToken: $TOKEN" -H 'Content-Type: application/json; charset=utf-8' -d '{"selections":{"7":1}}' \
		/batches/A/selections/
	assert_equal "$code" 200
	for size in 4300000 50000000; do
		head -c "$size" /dev/zero | tr '\0' ' ' >big
		call -X PUT -H "X-CSRFToken: $TOKEN" -H 'Content-Type: application/json' --data-binary @big /batches/A/selections/
		refused 413 too_large
	done
	call -X DELETE /batches/A/selections/
	refused 405 method_not_allowed
	call -X POST -d x=1 /status/
	refused 405 method_not_allowed
	call -X OPTIONS -D headers /batches/A/selections/
	refused 405 method_not_allowed
	grep -q '^Allow: GET, HEAD, PUT' headers
	for path in /nothing /batches/A /batches/A/selections/x //health /health/x /batches//selections /statusx /status/x; do
		call "$path"
		refused 404 not_found
	done
	for path in B .. . %2e%2e %2e%2e%2f%2e%2e A%2f..%2fA A/../A ../A api assets home A%20 'A;' \
		"$(printf '%0200d' 0)" "$(printf '%0300d' 0)"; do
		call "/batches/$path/selections/"
		[[ "$code $(<body)" =~ ^40[34]\ \{\"success\":false, ]] || fail "$path: $code $(<body)"
		put "$path" '{"selections":{"7":1}}'
		[[ "$code $(<body)" =~ ^40[34]\ \{\"success\":false, ]] || fail "$path: $code $(<body)"
	done
	call '/batches/%41%0a/selections/' # which lighttpd takes for no request
	assert_equal "$code" 400
	call /batches/%41/selections/ # which is A
	assert_equal "$code" 200
	call /health
	assert_equal "$code $(<body)" '200 {"success":true}'
	call -I /batches/A/selections/
	assert_equal "$code" 200
	ln -s A "$BI_ROOT/batches/L"
	call /batches/L/selections/
	refused 404 no_such_batch
}

@test "every answer has the headers that keep it from doing harm" {
	local what

	batch A
	serve A
	echo '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>' >"$BI_ROOT/review/A/7_1.svg"
	for what in / /A/index.html /A/7_1.svg /nosuch /api/v1/status/ /api/v1/health/ /api/v1/nosuch /api/v1/notebooks/files/f_1/raw/ /A/.x; do
		curl -si --max-time 60 "http://localhost:$PORT$what" >answer
		for header in 'X-Content-Type-Options: nosniff' 'Referrer-Policy: no-referrer' 'X-Frame-Options: DENY' \
			'Cross-Origin-Resource-Policy: same-origin' "frame-ancestors 'none'"; do
			grep -q "$header" answer || fail "$what has no $header: $(head -n 15 answer)"
		done
		! grep -i '^content-security-policy:' answer | grep -qE "script-src.*unsafe|default-src [^']" || false
		! grep -qi '^server:' answer || false
	done
	run -0 curl -si "http://localhost:$PORT/A/7_1.svg"
	assert_output -p 'sandbox'
	refute_output -p 'script-src'
	# Under no other path is it a page, or a script for one.
	echo '<script src="/A/7_2.js/x"></script>' >"$BI_ROOT/review/A/7_1.html"
	echo 'alert(1)' | tee "$BI_ROOT/review/A/7_2.js" >"$BI_ROOT/review/A/7_3.x.html"
	for what in 7_1.html/x 7_1.html/ 7_1.html/index.html 7_2.js/x 7_1.svg/x.svg 7_1.html%2fx 7_3.x.html/x index.html/x; do
		run -0 curl -s -o answer -w '%{http_code}' --path-as-is "http://localhost:$PORT/A/$what"
		assert_regex "$what $output" '40[34]$'
	done
	for what in 7_1.html 7_2.js 7_3.x.html '7_1.html?x' %37_1.html /7_1.html ./7_1.html; do
		run -0 curl -si --path-as-is "http://localhost:$PORT/A/$what"
		assert_line -p 'Content-Type: text/plain'
		assert_line -p 'sandbox'
	done
}

@test "8 reviewers, 50 requests each at once: every line is there and whole" {
	local r i pids=()

	batch A
	serve A
	for r in 1 2 3 4 5 6 7 8; do
		{
			for i in {1..50}; do
				printf 'next\nurl = "%s/batches/A/selections/"\nrequest = PUT\nheader = "X-CSRFToken: %s"\n' "$URL" "$TOKEN"
				printf 'header = "Content-Type: application/json"\noutput = /dev/null\nwrite-out = "%%{http_code}\\n"\n'
				printf 'data = "{\\"reviewer\\":\\"r%s\\",\\"selections\\":{\\"7\\":%s,\\"8\\":%s}}"\n' "$r" $((i % 3 + 1)) $((i % 2))
			done
		} | tail -n +2 >"curl.$r"
		curl -s --max-time 60 --parallel --parallel-max 50 -K "curl.$r" >"codes.$r" 2>/dev/null 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	assert_equal "$(cat codes.* | sort | uniq -c | tr -s ' ')" ' 400 200'
	jq -e -s 'map(select(.subject and (.choice | type == "number") and .reviewer and .at)) | length >= 16' \
		"$BI_ROOT/batches/A/picks.ndjson"
	assert_equal "$(jq -r .reviewer "$BI_ROOT/batches/A/picks.ndjson" | sort -u | wc -l)" 8
	# What is said to stand is what the file says.
	call /batches/A/selections/
	assert_equal "$(jq -S -c '.reviewers | map_values(map_values(.choice))' body)" \
		"$(jq -S -s -c 'reduce .[] as $p ({}; .[$p.reviewer][$p.subject] = $p.choice)' "$BI_ROOT/batches/A/picks.ndjson")"
}

# Picks from 1 on, a subject's turns told apart by their reviewer, as long as there is a file go; each that was
# answered is noted.
stream_of_picks() {
	local i=0 code

	while [ -e go ]; do
		i=$((i + 1))
		code=$(curl -s -o /dev/null -w '%{http_code}' --max-time 5 -X PUT -H "X-CSRFToken: $TOKEN" \
			-H 'Content-Type: application/json' -d "{\"reviewer\":\"r$i\",\"selections\":{\"7\":$((i % 3 + 1))}}" \
			"http://localhost:$(<port)/api/v1/batches/A/selections/") || :
		[ "$code" != 200 ] || echo "r$i" >>answered
	done
}

@test "killed with -9 during a stream of picks: every pick that was answered is there" {
	local round rounds='1 2 3' victim stream

	[ -z "${BI_LONG-}" ] || rounds='1 2 3 4 5 6'
	batch A
	serve A
	echo "$PORT" >port
	touch go
	stream_of_picks 3>&- &
	stream=$!
	STARTED+=("$stream")
	for round in $rounds; do
		touch answered
		before=$(wc -l <answered)
		more() { [ "$(wc -l <answered)" -gt $((before + 5)) ]; }
		poll 20 more
		case $round in
		1 | 4) victim=$(children_of "$KEEPER" bi-api | head -n 1) ;;
		2 | 5) victim=$(children_of "$KEEPER" lighttpd) ;;
		*) victim=$KEEPER ;;
		esac
		old=$(children_of "$KEEPER" bi-api)
		kill -KILL "$victim"
		if [ "$((round % 3))" != 1 ]; then
			poll 10 gone "$KEEPER"
			for child in $old; do
				poll 10 gone "$child"
			done
			serve A
			echo "$PORT" >port
		fi
	done
	rm go
	poll 20 gone "$stream"
	sort -u answered >wanted
	jq -r .reviewer "$BI_ROOT/batches/A/picks.ndjson" | sort -u >have
	[ "$(wc -l <wanted)" -gt 15 ] # more than five each round
	assert_equal "$(comm -23 wanted have)" ''
}

@test "whoever is killed, nothing stays and the port is free at once" {
	local who victims all pid

	batch A
	serve A
	for who in keeper lighttpd all-but-keeper all lighttpd-and-keeper; do
		all="$KEEPER $(children_of "$KEEPER" lighttpd) $(children_of "$KEEPER" bi-api) $(children_of "$KEEPER" bi-fetch)"
		assert_equal "$(wc -w <<<"$all")" 9
		start curl -sN --max-time 60 -o stream "$URL/status/stream"
		poll 10 test -s stream
		rm stream
		case $who in
		keeper) victims=$KEEPER ;;
		lighttpd) victims=$(children_of "$KEEPER" lighttpd) ;;
		all-but-keeper) victims=${all#* } ;;
		all) victims=$all ;;
		*) victims="$(children_of "$KEEPER" lighttpd) $KEEPER" ;;
		esac
		# shellcheck disable=SC2086 # process ids
		kill -KILL $victims
		for pid in $all; do
			poll 10 gone "$pid"
		done
		run -0 bi-clean list
		assert_output 'No active servers'
		old=$PORT
		run -0 --separate-stderr bi-serve -p "$PORT" A
		KEEPER=$(jq -r 'select(.port) | .pid' <<<"$output")
		put A '{"selections":{"7":1}}'
		assert_equal "$who $code" "$who 200"
	done
}

@test "a bi-api that is killed is started again, and what comes meanwhile waits" {
	local i all pid

	batch A
	serve A
	for i in 1 2 3; do
		all=$(children_of "$KEEPER" bi-api)
		# shellcheck disable=SC2086 # process ids
		kill -KILL $all
		for pid in $all; do # one that is dying may take a request along
			poll 10 gone "$pid"
		done
		put A "{\"selections\":{\"7\":$i}}"
		assert_equal "$code" 200
		call /status/
		assert_equal "$code" 200
	done
	grep -q 'bi-api ended unexpectedly (137) and is started again' "$BI_ROOT/leases/$PORT.log"
	assert_equal "$(lines A)" 3
}

@test 'the status has the document of bi-status of each batch, with failures, pages and review' {
	batch A
	bi-fetch -q -b B files/1.txt "$PWD/nosuch" >/dev/null || :
	serve A
	put A '{"reviewer":"a","selections":{"7":1,"8":1}}'
	put A '{"reviewer":"b","selections":{"7":2}}'
	call /status/
	assert_equal "$code" 200
	for b in A B; do
		assert_equal "$(jq -S -c --arg b "$b" '.batches[] | .batch_job | select(.name == $b)' body)" \
			"$(bi-status --json "$b" | jq -S -c .batch_job)"
	done
	assert_equal "$(command jq -c '.batches[0] | [.bytes, .failures, .pages, .review, (.history.items | add)]' body)" \
		'[12,{},true,{"subjects":3,"decided":2,"disagreements":1,"reviewers":{"a":2,"b":1}},6]'
	assert_equal "$(jq -c '.batches[1] | [.failures, .pages]' body)" '[{"no_such_file":1},false]'
	echo x >nosuch
	bi-fetch -q -b B --retry failed --resume >/dev/null
	call /status
	assert_equal "$(jq -c '.batches[1] | [.failures, .batch_job.completed_items]' body)" '[{},2]'
	rm -r "$BI_ROOT/batches/B"
	call /status
	assert_equal "$(jq -c '[.batches[].batch_job.name]' body)" '["A"]'
}

@test 'a candidate that was removed is chosen by nobody, and cannot be' {
	batch A
	serve A
	put A '{"reviewer":"ada","selections":{"7":2,"8":1}}'
	call -D headers /batches/A/selections/
	etag=$(sed -n 's/^[Ee][Tt]ag: \(.*\)\r$/\1/p' headers)
	bi-clean items -y -b A 2 6 >/dev/null 2>&1
	call -H "If-None-Match: $etag" /batches/A/selections/
	assert_equal "$code $(jq -c '[.selections, .reviewers.ada["7"]]' body)" '200 [{"8":1},null]'
	put A '{"reviewer":"bob","selections":{"7":2}}'
	refused 422 bad_selections
	assert_regex "$(<body)" "candidate 2 of subject '7' was removed"
	put A '{"reviewer":"bob","selections":{"7":3}}'
	assert_equal "$code $(jq -c .selections body)" '200 {"7":3,"8":1}'
	call /status/
	assert_equal "$(command jq -c '.batches[0] | [.review, .batch_job.total_items, .batch_job.removed_items]' body)" \
		'[{"subjects":2,"decided":2,"disagreements":0,"reviewers":{"bob":1,"ada":1}},4,2]'
	# Back again, it can be chosen.
	echo '{"subject":{"id":"7"},"file":"files/2.txt"}' | bi-fetch -q -b A >/dev/null 2>&1
	put A '{"reviewer":"bob","selections":{"7":2}}'
	assert_equal "$code" 200
	sed -i 's/"format":2/"format":3/' "$BI_ROOT/batches/A/batch.json"
	call /status/
	assert_regex "$(jq -r '.batches[0].error_message' body)" 'a newer bi made it'
}

# How many whole events have come.
events() {
	grep -c '^data: ' events || [ $? -eq 1 ]
}

events_reach() {
	[ "$(events)" -ge "$1" ]
}

# The last event, as jq -c sees it.
last_event() {
	grep '^data: ' events | tail -n 1 | cut -c 7- | jq -c "$1"
}

event_is() {
	[ "$(last_event "$1")" = "$2" ]
}

@test "the stream tells each change" {
	batch A
	serve A
	start curl -sN --max-time 120 -o events -D headers "$URL/status/stream"
	poll 10 events_reach 1
	grep -qi '^content-type: text/event-stream' headers
	assert_equal "$(last_event '[.batches[].batch_job.name]')" '["A"]'
	put A '{"selections":{"7":1}}'
	poll 10 event_is .batches[0].review.decided 1
	echo 7 >files/7.txt
	bi-fetch -q -b A files/7.txt >/dev/null
	poll 10 event_is .batches[0].batch_job.completed_items 7
	poll 10 event_is .batches[0].batch_job.status '"completed"'
	bi-fetch -q -b C files/7.txt >/dev/null
	poll 10 event_is '[.batches[].batch_job.name]' '["A","C"]'
	bi-fetch -q -b C files/1.txt >/dev/null
	poll 10 event_is '.batches[1].batch_job.completed_items' 2
	rm -r "$BI_ROOT/batches/C"
	poll 10 event_is '[.batches[].batch_job.name]' '["A"]'
}

@test "more batches than the soft limit of files, and bodies that nobody reads" {
	local i

	batch A
	for i in {1..12}; do
		cp -r "$BI_ROOT/batches/A" "$BI_ROOT/batches/A$i"
		cp -r "$BI_ROOT/review/A" "$BI_ROOT/review/A$i"
	done
	ulimit -Sn 100
	serve A
	call /status/
	assert_equal "$code $(jq -c '[(.batches | length), ([.batches[] | select(.error_message)] | length)]' body)" '200 [13,0]'
	head -c 1000000 /dev/zero | tr '\0' x >big
	for i in 1 2 3; do
		call -X PUT --data-binary @big /status/
		refused 405 method_not_allowed
		call -X POST --data-binary @big /status/stream
		refused 405 method_not_allowed
	done
}

@test "many who watch keep nobody waiting, and a server that is stopped ends them" {
	local i

	batch A
	serve A
	for i in {1..20}; do
		start curl -sN --max-time 120 -o "stream.$i" "$URL/status/stream"
	done
	for i in {1..20}; do
		poll 20 grep -q '^data: ' "stream.$i"
	done
	put A '{"selections":{"7":1}}'
	assert_equal "$code" 200
	for i in {1..20}; do
		poll 20 grep -q '"decided":1' "stream.$i"
	done
	run -0 bi-clean stop "$PORT"
	for i in "${STARTED[@]}"; do
		poll 10 gone "$i"
	done
}

@test '--private serves nothing without the password, which is shown once' {
	local password

	batch A
	serve --private A
	password=$(sed -n 's/.*shown only now: review //p' serve.err)
	assert_equal "${#password} $(stat -c %a "$BI_ROOT/htpasswd")" '20 600'
	! grep -q "$password" "$BI_ROOT/htpasswd" || false
	for path in /health/ /status/ /status/stream /batches/A/selections/ /nosuch; do
		call "$path"
		refused 401 password_missing
	done
	assert_equal "$(curl -s -o body -w '%{http_code}' "http://localhost:$PORT/A/index.html")" 401
	grep -q "<h1>Name and password required" body
	assert_equal "$(curl -s -o body -w '%{http_code}' "http://localhost:$PORT/")" 401
	put A '{"selections":{"7":1}}'
	assert_equal "$code" 401
	call -u "review:x$password" /health/
	assert_equal "$code" 401
	put A '{"selections":{"7":1}}' -u "review:$password"
	assert_equal "$code" 200
	call -u "review:$password" -X PUT -H 'Content-Type: application/json' -d '{"selections":{"7":2}}' /batches/A/selections/
	refused 401 token_missing # the password does not write
	assert_equal "$(curl -s -o body -w '%{http_code}' -u "review:$password" "http://localhost:$PORT/A/index.html")" 200
	# It stays, and is not shown again; another one takes its place.
	bi-clean stop-all
	serve --private A
	assert_equal "$(<serve.err)" ''
	call -u "review:$password" /health/
	assert_equal "$code" 200
	echo mended >"$BI_ROOT/htpasswd" # which lets nobody in
	run -0 --separate-stderr bi-serve --private -p "$PORT" A
	assert_regex "$stderr" 'shown only now: review [a-z2-9]{20}$'
	echo 'a password of mine' >mine
	run -0 --separate-stderr bi-serve --private --password-file mine -p "$PORT" A
	call -u 'review:a password of mine' /health/
	assert_equal "$code" 200
	echo short >mine
	run -65 bi-serve --private --password-file mine -p "$PORT" A
	run -66 bi-serve --private --password-file nosuch -p "$PORT" A
	# An open server of the same root shows the same pages.
	run -0 --separate-stderr bi-serve -p "$PORT-$((PORT + 50))" A
	run -0 --separate-stderr bi-serve --private -p "$PORT" A
	assert_regex "$stderr" 'shows the same pages to every user of this machine'
	assert_equal "$(bi-clean list | grep -c '^Port ')" 2
}

@test '--share listens beyond this machine with TLS and a password only' {
	local password fingerprint

	batch A
	run -2 bi-serve --address 0.0.0.0 A
	assert_output -p 'use --share'
	run -2 bi-serve --cert files/1.txt --key files/2.txt A
	serve --share --allow-host box.example A
	password=$(sed -n 's/.*shown only now: review //p' serve.err)
	fingerprint=$(sed -n 's/.*fingerprint.*: \([0-9A-F:]*\)$/\1/p' serve.err)
	assert_equal "${#fingerprint}" 95
	assert_equal "$(stat -c %a "$BI_ROOT/tls/server.pem")" 600
	assert_equal "$(jq -r .url record | head -n 1)" "https://box.example:$PORT/A/index.html#token=$TOKEN"
	# The certificate made is for the name, and is the one whose fingerprint was printed.
	sed -n '/BEGIN CERT/,$p' "$BI_ROOT/tls/server.pem" >ca.pem
	safe=(--cacert ca.pem --resolve "box.example:$PORT:127.0.0.1" -u "review:$password")
	URL=https://box.example:$PORT/api/v1
	call "${safe[@]}" /health/
	assert_equal "$code" 200
	assert_equal "$(sed 1d ca.pem | sed '$d' | base64 -d | sha256sum | cut -d' ' -f1)" "$(tr -d : <<<"${fingerprint,,}")"
	call --cacert ca.pem --resolve "box.example:$PORT:127.0.0.1" /health/
	refused 401 password_missing
	put A '{"selections":{"7":1}}' "${safe[@]}" -H "Origin: https://box.example:$PORT"
	assert_equal "$code" 200
	put A '{"selections":{"7":2}}' "${safe[@]}" -H "Origin: https://evil.example"
	refused 403 origin_not_ours
	call "${safe[@]}" -H 'Host: evil.example' /health/
	refused 403 forbidden
	! curl -s --max-time 5 "http://127.0.0.1:$PORT/" || false # no answer without TLS
	! curl -sk --max-time 5 --tls-max 1.1 "${safe[@]}" "$URL/health/" || false
	# It stays the same.
	bi-clean stop-all
	serve --share --allow-host box.example A
	grep -qF "$fingerprint" serve.err
	# One that is given, and one that is not its own.
	bi-clean stop-all
	sed '/BEGIN CERT/,$d' "$BI_ROOT/tls/server.pem" >key.pem
	rm -r "$BI_ROOT/tls"
	serve --share --allow-host box.example --cert ca.pem --key key.pem A
	grep -qF "$fingerprint" serve.err
	[ ! -e "$BI_ROOT/tls" ]
	URL=https://box.example:$PORT/api/v1
	call --cacert ca.pem --resolve "box.example:$PORT:127.0.0.1" -u "review:$password" /health/
	assert_equal "$code" 200
	run -65 bi-serve --share --cert ca.pem --key files/1.txt A
	run -66 bi-serve --share --cert nosuch --key key.pem A
}

@test '--allow-host lets requests with that name in, and no others' {
	batch A
	serve --allow-host box.example --allow-host Other.example A
	for host in box.example box.example:99 other.example localhost; do
		call -H "Host: $host" /health/
		assert_equal "$host $code" "$host 200"
	done
	call -H 'Host: boxxexample' /health/
	refused 403 forbidden
	put A '{"selections":{"7":1}}' -H 'Host: box.example' -H 'Origin: https://box.example'
	assert_equal "$code" 200
	for name in '' 'a b' 'a|b' '(x' 'a:80' '.*'; do
		run -2 bi-serve --allow-host "$name" A
		assert_output -p 'allow-host'
	done
}

@test 'picks that cannot be written are refused with the reason, and no part of them is kept' {
	batch A
	serve A
	put A '{"selections":{"7":1}}'
	mv "$BI_ROOT/batches/A/picks.ndjson" picks
	mkdir "$BI_ROOT/batches/A/picks.ndjson"
	put A '{"selections":{"7":2}}'
	[ "$code" = 500 ]
	assert_equal "$(jq .success body)" false
	rmdir "$BI_ROOT/batches/A/picks.ndjson"
	# Nor does what is no file keep anybody waiting, or lead elsewhere.
	ln -s "$PWD/picks" "$BI_ROOT/batches/A/picks.ndjson"
	put A '{"selections":{"7":2}}'
	assert_equal "$code $(jq .success body)" '500 false'
	rm "$BI_ROOT/batches/A/picks.ndjson"
	batch B
	mkfifo "$BI_ROOT/batches/A/picks.ndjson"
	for f in items.ndjson results.ndjson batch.json; do
		rm "$BI_ROOT/batches/B/$f"
		mkfifo "$BI_ROOT/batches/B/$f"
	done
	for b in A B; do
		put "$b" '{"selections":{"7":2}}'
		[[ "$code $(jq .success body)" =~ ^[45][0-9][0-9]\ false$ ]] || fail "$b: $code $(<body)"
	done
	call /status/
	assert_equal "$code $(jq -c '.batches | length' body)" '200 2'
	rm "$BI_ROOT/batches/A/picks.ndjson"
	mv picks "$BI_ROOT/batches/A/picks.ndjson"
	printf '{"subject":"8","cho' >>"$BI_ROOT/batches/A/picks.ndjson" # who wrote it was killed
	put A '{"selections":{"7":2}}'
	assert_equal "$code $(jq -c .selections body)" '200 {"7":2}'
	assert_equal "$(lines A) $(jq -s length "$BI_ROOT/batches/A/picks.ndjson")" '2 2'
}

@test "bi-api by hand says what starts it" {
	run -2 bi-api </dev/null
	assert_output -p 'start bi-api through bi-serve'
}
