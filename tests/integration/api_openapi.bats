#!/usr/bin/env bats
# share/api/openapi.json describes every path of bi-api, and each answer is one that it describes.
# shellcheck disable=SC2154 # call sets code
load helpers
load submit

# is STATUS METHOD PATH [CURL OPTION...]: the answer has the status, and is described.
is() {
	[[ " $* " == *' -d '* || " $* " == *' -F '* || $2 = GET ]] || set -- "$@" -d ''
	call -X "$2" -H "X-CSRFToken: $TOKEN" -H 'Content-Type: application/json' "${@:4}" "$URL$3"
	[ "$code" = "$1" ] || fail "$2 $3: $code $(<body)"
	run node "$BATS_TEST_DIRNAME/openapi.mjs" "$BI_SHARE/api/openapi.json" "$2" "$3" "$code" <body
	[ "$status" = 0 ] || fail "$2 $3: $output: $(<body)"
}

@test 'it has the paths that there are, and no others' {
	node "$BATS_TEST_DIRNAME/openapi.mjs" "$BI_SHARE/api/openapi.json" | sort >described
	sed -n 's/^\t{"\([A-Z]*\)", "\([^"]*\)", [a-zA-Z_]*},$/\1 \2/p' "$BATS_TEST_DIRNAME"/../../tools/api/*.c | sort >routes
	[ "$(wc -l <routes)" -ge 30 ]
	diff routes described
}

@test 'the answers are described' {
	local nb=/notebooks/nb id k

	mkdir -p "$BI_ROOT" origin
	echo '127.0.0.1 private=allow' >"$BI_ROOT/hosts.conf"
	origin_start
	for i in 1 2 3; do
		echo "<title>Page $i</title><p>Text $i of it.</p><img src=$i.gif>" >"origin/$i.html"
	done
	echo '{"subject":{"id":"7"},"url":"file:///none"}' | bi-fetch -q -b A >/dev/null || [ $? -eq 1 ]
	serve
	is 200 GET /health/
	is 200 GET /notebooks/
	for path in files batch-jobs knowledge-base; do
		is 200 GET "$nb/$path/"
	done
	is 201 POST "$nb/files/parse_url/" -d "{\"url\":\"$ORIGIN/1.html\"}"
	id=$(jq -r .file_id body)
	is 422 POST "$nb/files/parse_url/" -d '{"url":"nothing"}'
	is 202 POST "$nb/files/parse_url_media/" -d "{\"urls\":[\"$ORIGIN/2.html\",\"nothing\"]}"
	bi-status --wait --timeout 60 job-3 >/dev/null || :
	is 202 POST "$nb/files/parse_document_url/" -d "{\"urls\":[\"$ORIGIN/3.html\",\"$ORIGIN/none\"]}"
	bi-status --wait --timeout 60 job-4 >/dev/null || :
	for i in 2 3 4; do
		is 200 GET "$nb/batch-jobs/$i/status/"
		[ "$(jq '.items | length' body)" -gt 0 ]
		is 200 GET "/nb/batch-jobs/$i/status?limit=0"
	done
	is 404 GET "$nb/batch-jobs/99/status/"
	is 200 GET "$nb/batch-jobs/"
	is 200 GET "$nb/files/?content_type=text"
	[ "$(jq .count body)" -ge 3 ]
	is 200 GET "$nb/files/$id/status/"
	is 200 GET "$nb/files/$id/content/"
	is 200 GET "/notebooks/files/$id/content/"
	is 200 GET "$nb/knowledge-base/"
	k=$(jq '.results[0].knowledge_base_item_id' body)
	is 204 DELETE "$nb/knowledge-base/" -d "{\"knowledge_item_id\":$k}"
	is 201 POST "$nb/knowledge-base/" -d "{\"knowledge_base_item_id\":$k,\"notes\":\"x\"}"
	is 200 GET "$nb/knowledge-base/?all=1"
	is 202 POST "$nb/batch-jobs/4/retry/"
	bi-status --wait --timeout 60 job-4 >/dev/null || :
	is 409 POST "$nb/batch-jobs/4/cancel/"
	is 200 GET '/batches/job-4/items/?status=failed'
	is 200 GET /batches/A/selections/
	is 200 GET /status/
	is 200 GET '/status/?changes=1'
	is 200 DELETE "$nb/batch-jobs/4/"
	is 404 GET "$nb/batch-jobs/4/status/"
	is 200 GET "$nb/batch-jobs/"
	is 204 DELETE "$nb/files/$id/"
	is 404 GET "$nb/files/$id/content/"
}

@test 'an answer that it does not describe is found' {
	local check=$BATS_TEST_DIRNAME/openapi.mjs doc=$BI_SHARE/api/openapi.json

	run -0 node "$check" "$doc" GET /notebooks/ 200 <<<'{"success":true,"count":1,"results":["a"],"data":["a"]}'
	run -1 node "$check" "$doc" GET /notebooks/ 200 <<<'{"success":true,"count":1,"results":["a"]}'
	assert_output 'the answer has no data'
	run -1 node "$check" "$doc" GET /notebooks/ 200 <<<'{"success":true,"count":-1,"results":[1],"data":{}}'
	assert_equal "${#lines[@]}" 3
	run -1 node "$check" "$doc" GET /notebooks/x/batch-jobs/ 200 <<<'{"success":true,"count":1,"results":[{"id":1,"status":"done"}],"data":[]}'
	assert_output 'the answer.results[0] is not one of 2'
	run -1 node "$check" "$doc" GET /nothing/ 200 <<<'{}'
	assert_output --partial 'is not described'
}
