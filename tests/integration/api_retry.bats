#!/usr/bin/env bats
# bi-api: failed items are fetched again, by a worker that bi-serve started.
# shellcheck disable=SC2154 # call sets code
# shellcheck disable=SC2016 # expressions are for poll and jq to expand
load helpers
load submit

# again BATCH JSON [CURL OPTION...]: the request, with the token.
again() {
	call -H "X-CSRFToken: $TOKEN" -H 'Content-Type: application/json' -d "$2" "${@:3}" "$URL/batches/$1/retry/"
}

state() {
	cat "$BI_ROOT/batches/$1/state"
}

is_state() {
	[ "$(state "$1")" = "$2" ] && [ ! -e "$BI_ROOT/queue/$1" ]
}

# failing BATCH: item 1 is completed, 2 to 4 failed for good; their files are there afterwards, but that of 4.
failing() {
	mkdir -p "$BI_ROOT" origin
	echo '127.0.0.1 private=allow' >"$BI_ROOT/hosts.conf"
	echo one >origin/1.txt
	[ -n "${ORIGIN-}" ] || origin_start
	seq 1 4 | sed "s|.*|$ORIGIN/&.txt|" | bi-fetch -q -b "$1" >/dev/null || [ $? -eq 1 ]
	assert_equal "$(state "$1")" cfff
	echo two >origin/2.txt
	echo three >origin/3.txt
}

@test 'those that are named are fetched again, then all' {
	failing A
	serve
	again A '{"items":[3,1,3]}'
	assert_equal "$code $(<body)" '202 {"success":true,"batch":"A","retried":1,"left":2,"worker":true}'
	poll 20 is_state A cfcf
	assert_equal "$(cat "$BI_ROOT"/batches/A/files/i3_1.txt)" three
	again A '{}'
	assert_equal "$code $(<body)" '202 {"success":true,"batch":"A","retried":2,"left":0,"worker":true}'
	poll 20 is_state A cccf
	# The history has the reasons, the status counts the last one.
	assert_equal "$(jq -r 'select(.item == 4) | .status' "$BI_ROOT/batches/A/results.ndjson" | xargs)" 'failed pending failed'
	assert_equal "$(bi-status --json A | jq -c '.batch_job | [.completed_items, .failed_items, .status]')" \
		'[3,1,"partially_completed"]'
	call "$URL/status/"
	assert_equal "$(jq -c '.batches[] | select(.batch_job.name == "A").failures' body)" '{"http_404":1}'
	again A '{"from":4}'
	assert_equal "$code $(jq -c '[.retried, .left]' body)" '202 [1,0]'
	poll 20 is_state A cccf
}

@test 'without a worker they wait, and a killed request leaves nothing half done' {
	failing A
	serve --no-worker
	again A '{"items":[2,3]}'
	assert_equal "$code $(<body)" '202 {"success":true,"batch":"A","retried":2,"left":1,"worker":false}'
	assert_equal "$(state A) $(ls "$BI_ROOT/queue")" 'cppf A'
	# Pending items without an entry, as a kill leaves them: the next request hands the batch in.
	rm "$BI_ROOT/queue/A"
	again A '{"items":[2]}'
	assert_equal "$code $(jq -c '[.retried, .left]' body)" '202 [0,1]'
	[ -e "$BI_ROOT/queue/A" ]
	bi-fetch -q --work --once
	is_state A cccf
	# With nothing to do nothing is handed in.
	again A '{"items":[1]}'
	assert_equal "$code $(jq -c .retried body)" '202 0'
	[ ! -e "$BI_ROOT/queue/A" ]
	bi-status --rebuild A
	assert_equal "$(state A)" cccf
}

@test 'the rules of the batch and of the worker apply: local files and private addresses fail again' {
	failing A
	rm "$BI_ROOT/hosts.conf"
	serve
	bi-fetch -q -b L "$PWD/later.txt" >/dev/null || [ $? -eq 1 ]
	echo later >later.txt
	again L '{}'
	assert_equal "$code $(jq .retried body)" '202 1'
	poll 20 is_state L f
	again A '{}'
	poll 20 is_state A cfff
	assert_equal "$(tail -qn 1 "$BI_ROOT"/batches/{L,A}/results.ndjson | jq -r .error.code | xargs)" \
		'blocked_address blocked_address'
	[ ! -e "$BI_ROOT/batches/L/files/i1_1.txt" ]
}

@test 'a deleted file stays deleted, and so does what was removed from the batch' {
	local job

	failing A
	serve
	echo up >up.txt
	form upload -F file=@up.txt
	assert_equal "$code" 201
	job=job-$(jq .batch_job_id body)
	call -X DELETE -H "X-CSRFToken: $TOKEN" "$FILES/$(jq -r .file_id body)/"
	assert_equal "$code" 204
	again "$job" '{}'
	assert_equal "$code $(jq -c '[.retried, .left]' body)" '202 [0,1]'
	run -0 bi-clean items -y -b A 2
	again A '{"items":[2,3]}'
	assert_equal "$code $(jq -c '[.retried, .left]' body)" '202 [1,1]'
	poll 20 is_state A cxcf
}

@test 'without the token, for another batch, or with anything else it is refused, and nothing changes' {
	failing A
	serve
	call -H 'Content-Type: application/json' -d '{}' "$URL/batches/A/retry/"
	refused 401 token_missing
	again A '{}' -H 'Origin: http://evil.example'
	refused 403 origin_not_ours
	again nosuch '{}'
	refused 404 no_such_batch
	again ..%2fA '{}'
	refused 404 not_found
	for bad in '[]' '{"items":[]}' '{"items":"2"}' '{"items":[2,5]}' '{"items":[0]}' '{"items":[2,"3"]}' '{"items":[2.5]}' \
		'{"items":[4294967298]}' '{"from":0}' '{"from":"2"}' '{"items":null}' "{\"items\":[$(seq -s, 10001)]}"; do
		again A "$bad"
		refused 422 bad_items
	done
	again A '{"items":'
	refused 400 bad_json
	call -X GET "$URL/batches/A/retry/"
	refused 405 method_not_allowed
	assert_equal "$(state A)" cfff
	[ ! -e "$BI_ROOT/queue/A" ]
}

@test 'more than 10000 are asked for in parts' {
	mkdir "$BI_ROOT"
	seq 12000 | sed 's|.*|file:///none/&|' | bi-fetch -q --no-sync -b A >/dev/null || [ $? -eq 1 ]
	serve --no-worker
	again A '{}'
	assert_equal "$code $(jq -c '[.retried, .left, .next]' body)" '202 [10000,2000,10001]'
	again A "{\"from\":$(jq .next body)}"
	assert_equal "$code $(jq -c '[.retried, .left, .next]' body)" '202 [2000,0,null]'
	assert_equal "$(state A | tr -d '\0p' | wc -c)" 0
}
