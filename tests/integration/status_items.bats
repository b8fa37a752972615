#!/usr/bin/env bats
# bi-status --items, and what the table says below a batch.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# Ten items: six completed, three failed, and one whose worker was killed.
ten() {
	local list=()

	faulty_start
	for i in 1 2 3 4 5 6; do
		list+=("$FAULTY/bytes/${i}00/$i.jpg")
	done
	list+=("$FAULTY/status/404/7.jpg" "$FAULTY/status/404/8.jpg" "$FAULTY/status/410/9.jpg")
	run ! bi-fetch --quiet -b b "${list[@]}"
	bi-fetch --queue --quiet -b b $'/tmp/\e[31mx.jpg'
}

@test "items for people: what was asked for, what it became, what is wrong; nothing steers the terminal" {
	ten
	run -0 --separate-stderr bi-status --items b
	assert_line --regexp "^ *1  completed   $FAULTY/bytes/100/1.jpg$"
	assert_line --regexp '^    files/i1_1.*, application/octet-stream, 100 B$'
	assert_line --regexp "^ *7  failed      $FAULTY/status/404/7.jpg$"
	assert_line --regexp '^    http_404: .+'
	assert_line '10  pending     /tmp/?[31mx.jpg'
	[[ "$output" != *$'\e'* ]]
	assert_equal "$stderr" ''
}

@test "items: failed ones alone, and pages of both" {
	ten
	run -0 bi-status --items --failed b
	assert_equal "$(grep -c '^ *[0-9]*  failed ' <<<"$output")" 3
	refute_output --partial completed
	run -0 bi-status --items --failed --limit 1 --offset 1 b
	assert_line --regexp '^ 8  failed '
	assert_line '... and 1 more: --offset 2'
	run -0 bi-status --items --limit 2 --offset 3 b
	assert_line --index 0 --regexp '^ 4  completed '
	assert_line --index 2 --regexp '^ 5  completed '
	assert_line '... and 5 more: --offset 5'
	run -0 bi-status --items --offset 10 b
	assert_output 'no more items'
	run -0 bi-status --items --limit 0 --json b
	assert_output '{"end":"bi-status","items":0,"exit":0}'
	bi-fetch --quiet -b good "$FAULTY/bytes/1/x.jpg"
	run -0 bi-status --items --failed good
	assert_output 'no item failed'
	run -0 bi-status --items --failed good b
	assert_line good:
	assert_line b:
}

@test "items as records are those of bi-fetch, end with an end record, and are items again" {
	ten
	bi-status --items --json b >records
	assert_equal "$(jq -r .status records | sort | uniq -c | tr -s ' \n' ' ')" " 6 completed 3 failed 1 null 1 pending "
	assert_equal "$(tail -n 1 records)" '{"end":"bi-status","items":10,"exit":0}'
	jq -es 'map(select(.item)) | map(.item) == [range(1; 11)] and all(.batch == "b" and (.url or .file)) and
		(.[0] | .path | startswith("/")) and .[6].error.code == "http_404" and (.[9] | has("bi") | not)' records
	[ -f "$(jq -r 'select(.item == 1).path' records)" ]
	run ! bi-fetch --quiet -b again < <(bi-status --items --failed --json b)
	assert_equal "$(jq -r .batch_job.failed_items < <(bi-status --json --limit 0 again))" 3
}

@test 'items that are not there, cannot be, or cannot be parsed are named' {
	ten
	run -66 --separate-stderr bi-status --items nope b
	assert_regex "$stderr" "^bi-status: there is no batch 'nope'"
	assert_line --regexp '^ *1  completed '
	run -66 --separate-stderr bi-status --items --json nope
	assert_output '{"end":"bi-status","items":0,"exit":66}'
	for args in '--failed' '--failed --json' '--items --wait' '--items --strict' '--items --watch' '--items --doctor' \
		'--watch --json' '--watch --limit 1' '--watch --events' '--watch --timeout 1' '--from-start' '--events --offset 1'; do
		# shellcheck disable=SC2086 # several words
		run -2 --separate-stderr bi-status $args b
		assert_output ''
	done
	printf '\xff\n[1]\n' >"$BI_ROOT/batches/b/items.ndjson"
	: >"$BI_ROOT/batches/b/results.ndjson"
	run -0 --separate-stderr bi-status --items b
	assert_line --regexp '^1  completed   \?$'
	run -0 --separate-stderr bi-status --items --json b
	assert_line --index 0 '{"batch":"b","item":1,"status":"completed"}'
}

@test "the table says who works on a batch, how fast, what failed, and marks what nobody works on" {
	local now state holders=()

	mkdir -p "$BI_ROOT/batches/b/files"
	: >"$BI_ROOT/batches/b/lock"
	for ((i = 1; i <= 100; i++)); do
		printf '{"bi":{"n":%d,"key":"%032d","id":"i%d","idx":1},"url":"https://example.com/%d"}\n' "$i" "$i" "$i" "$i"
	done >"$BI_ROOT/batches/b/items.ndjson"
	printf -v state '%40s%10s%50s' '' f ''
	state=${state// /c}
	printf %s "${state:0:40}ffffffffff$(printf 'p%.0s' {1..50})" >"$BI_ROOT/batches/b/state"
	now=$(date -u -d '-2 seconds' +%Y-%m-%dT%H:%M:%SZ)
	for ((i = 1; i <= 40; i++)); do
		printf '{"item":%d,"status":"completed","path":"files/i%d_1.jpg","bytes":1000,"finished_at":"%s"}\n' "$i" "$i" "$now"
	done >"$BI_ROOT/batches/b/results.ndjson"
	for ((i = 41; i <= 50; i++)); do
		printf '{"item":%d,"status":"failed","error":{"code":"%s","message":"m","retryable":false},"finished_at":"%s"}\n' \
			"$i" "$([ "$i" -gt 47 ] && echo timeout || echo http_404)" "$now"
	done >>"$BI_ROOT/batches/b/results.ndjson"

	run -0 bi-status b
	assert_line '  ! nobody works on it'
	assert_line '  10 failed: http_404 7, timeout 3'
	refute_output --partial ' s left'

	for i in 1 2; do
		mkfifo "hold$i"
		start "$BI_BUILD/tests/hold" b <>"hold$i" >"held$i"
		holders+=($!)
		poll 10 grep -q held "held$i"
	done
	run -0 bi-status b
	# 50 items in the seconds since; how many these are by now, who knows.
	assert_line --regexp '^  (2 workers|being worked on), [0-9.]+/s, [0-9.]+ [A-Z]*B/s, [0-9:]+ (s|min) left$'
	refute_output --partial nobody
	stop "${holders[0]}"
	stop "${holders[1]}"

	mkdir -p "$BI_ROOT/queue"
	: >"$BI_ROOT/queue/b"
	run -0 bi-status b
	# shellcheck disable=SC2016 # a command that is shown
	assert_line '  ! no worker runs: `bi-fetch --work` takes it'
}

@test "kinds of failures are the same by the index and without it, and of an item the last result counts" {
	local dir

	ten
	run -0 bi-status b
	assert_line '  3 failed: http_404 2, http_410 1'
	dir=$BI_ROOT/batches/b
	mv "$dir/results.index" away
	run -0 bi-status b
	assert_line '  3 failed: http_404 2, http_410 1'
	# An index that is behind, and one of another file.
	cp away "$dir/results.index"
	printf '{"item":7,"status":"failed","error":{"code":"timeout","message":"m","retryable":true}}\n' >>"$dir/results.ndjson"
	run -0 bi-status b
	assert_line '  3 failed: http_404 1, http_410 1, timeout 1'
	head -c 800 /dev/zero | tr '\0' '\377' >"$dir/results.index"
	run -0 bi-status b
	assert_line '  3 failed: http_404 1, http_410 1, timeout 1'
}
