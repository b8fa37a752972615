#!/usr/bin/env bats
# The priority of batches in the queue: how it is given, kept, shown and heeded.
# shellcheck disable=SC2154 # call sets code, run --separate-stderr sets stderr
# shellcheck disable=SC2016 # expressions are for poll and jq to expand
load helpers
load submit

# priority_of BATCH: as its document says.
priority_of() {
	bi-status --json "$1" | jq -c .batch_job.priority
}

# hand_in BATCH COUNT [OPTION...]
hand_in() {
	seq 1 "$2" | sed "s|.*|$FAULTY/bytes/20/$1-&.txt|" | bi-fetch --queue -b "$1" "${@:3}" >/dev/null
}

# asked: the batches of the URLs that the server was asked for, in that order, each run of one batch once.
asked() {
	origin_paths | grep -o '/bytes/20/[a-z]*' | sed 's,.*/,,' | uniq | xargs
}

@test 'a batch is handed in with a priority, which it keeps' {
	faulty_start
	hand_in a 1 --priority high
	hand_in b 1 --priority 0
	hand_in c 1
	assert_equal "$(priority_of a) $(priority_of b) $(priority_of c)" '7 0 4'
	assert_equal "$(od -c "$BI_ROOT/batches/a/priority" | head -n 1 | tr -s ' ')" '0000000 7 \n'
	[ ! -e "$BI_ROOT/batches/c/priority" ]
	hand_in a 2
	assert_equal "$(priority_of a)" 7
	hand_in a 3 --priority low
	assert_equal "$(priority_of a)" 1
	run -0 bi-status b
	assert_output --partial 'priority 0'
	run -0 bi-status c
	refute_output --partial priority
	run -0 bi-clean check a b c
}

@test 'batches of a higher priority come first, the oldest of one priority first' {
	faulty_start
	hand_in b 2
	hand_in a 2
	hand_in low 2 --priority low
	hand_in top 2 --priority 9
	hand_in high 2 --priority high
	bi-fetch -q --work --once -P 1
	# Those of one priority take turns.
	assert_equal "$(asked)" 'top high b a b a low'
}

@test 'a batch of a higher priority passes one that is worked on, of which nothing is lost' {
	faulty_start
	seq 1 400 | sed "s|.*|$FAULTY/slow/20/bytes/50/long-&.txt|" | bi-fetch --queue -b long --priority low >/dev/null
	start bi-fetch -q --work --per-host 1
	poll 20 eval '[ $(bi-status --json long | jq .batch_job.completed_items) -gt 3 ]'
	hand_in urgent 3 --priority high
	bi-status --wait --timeout 30 urgent
	assert_equal "$(bi-status --json urgent | jq .batch_job.completed_items)" 3
	[ "$(bi-status --json long | jq '.batch_job.completed_items')" -lt 300 ]
	assert_equal "$(bi-status --json long | jq '.batch_job.failed_items')" 0
}

@test 'a priority that is none is refused in words' {
	local given

	for given in 10 -1 1.5 urgent High '' ' 7'; do
		run -2 --separate-stderr bi-fetch --queue -b a "--priority=$given" http://127.0.0.1/
		[[ "$stderr" = *'an integer from 0 to 9, or low (1), normal (4) or high (7)'* ]]
	done
	run -2 --separate-stderr bi-fetch -b a --priority high http://127.0.0.1/
	[[ "$stderr" = *'give --queue too'* ]]
	[ ! -e "$BI_ROOT/batches/a" ]
}

@test 'a priority that cannot be read keeps its batch in the queue, and is none in the document' {
	faulty_start
	hand_in a 1
	hand_in b 1
	echo urgent >"$BI_ROOT/batches/a/priority"
	assert_equal "$(priority_of a)" null
	run --separate-stderr bi-fetch -q --work --once
	[ "$status" -ne 0 ]
	[[ "$stderr" = *"'a' stays in the queue: cannot read its priority"* ]]
	assert_equal "$(ls "$BI_ROOT/queue")" a
	run -1 bi-status --doctor
	assert_output --partial "the priority of a, which is in the queue, cannot be read: the file has no priority; remove '$BI_ROOT/batches/a/priority'"
	rm "$BI_ROOT/batches/a/priority"
	bi-fetch -q --work --once
	assert_equal "$(ls "$BI_ROOT/queue")" ''
}

@test 'a job is handed in over HTTP with a priority, and is tried again with it' {
	local given before

	serve --no-worker
	json parse_url '{"urls":["https://a.example/1"],"priority":"high"}'
	assert_equal "$code" 202
	call "$URL/notebooks/nb/batch-jobs/1/status/"
	assert_equal "$(jq .batch_job.priority body)" 7
	json parse_url_media '{"urls":["https://a.example/1"],"priority":0}'
	json parse_url '{"urls":["https://a.example/1"],"priority":null}'
	echo x >x.txt
	form upload -F priority=9 -F files=@x.txt
	form upload -F files=@x.txt -F priority=
	call "$URL/notebooks/nb/batch-jobs/"
	assert_equal "$(jq -c '[.results[] | .priority]' body)" '[4,9,4,0,7]'
	before=$(state_of)
	for given in 10 -1 1.5 true '[7]' '{}' '"urgent"' '"HIGH"' '""' '" 1"' 4294967300; do
		json parse_url "{\"urls\":[\"https://a.example/1\"],\"priority\":$given}"
		refused 400 bad_priority
		[[ "$(jq -r .detail body)" = *'an integer from 0 to 9, or low (1), normal (4) or high (7)'* ]]
	done
	form upload -F priority=soon -F files=@x.txt
	refused 400 bad_priority
	form upload -F files=@x.txt -F priority=11
	refused 400 bad_priority
	assert_equal "$(state_of)" "$before"
	# The one item is refused by the worker, since a.example has no public address here.
	call -X POST -d '' -H "X-CSRFToken: $TOKEN" "$URL/notebooks/nb/batch-jobs/1/cancel/"
	poll 10 eval '[ $(bi-status --json job-1 | jq .batch_job.failed_items) -eq 1 ]'
	call -X POST -d '' -H "X-CSRFToken: $TOKEN" "$URL/notebooks/nb/batch-jobs/1/retry/"
	assert_equal "$(priority_of job-1)" 7
	[ -e "$BI_ROOT/queue/job-1" ]
}
