#!/usr/bin/env bats
# bi-fetch --work: batches from the queue, by any number of workers, of which any may be killed.
# BI_LONG=1 hands in as much as the issue says: 8 clients, 50 batches of 139 URLs each.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr and stderr_lines
# shellcheck disable=SC2016 # expressions are for poll and jq to expand
load helpers

PATH=$BI_BUILD/tests:$PATH

# queue: what is in it.
queue() {
	ls "$BI_ROOT/queue" 2>/dev/null
}

# done_with BATCH...: they are not in the queue any more, and nobody holds them.
done_with() {
	local b

	for b; do
		[ ! -e "$BI_ROOT/queue/$b" ] || return
		bi-status --json "$b" | jq -e '.batch_job | .status | IN("completed", "failed", "partially_completed")' || return
	done
}

# state BATCH
state() {
	cat "$BI_ROOT/batches/$1/state"
}

# worker [OPTION...]: one that goes on; its process id is in $!.
worker() {
	start bi-fetch --work --quiet --backoff 0.1 "$@" >>worker.out 2>>worker.err
	poll 10 bi_has_worker
}

bi_has_worker() {
	[ -e "$BI_ROOT/queue/.lock" ]
}

# hand_in BATCH COUNT PATH: URLs of the faulty server at /PATH/BATCH-1 and so on.
hand_in() {
	seq 1 "$2" | sed "s|.*|$FAULTY/$3/$1-&.txt|" | bi-fetch --queue -b "$1" >"$1.handed" || return
	jq -e --argjson n "$2" '.queued == $n and .exit == 0' "$1.handed"
}

# completed_once BATCH COUNT: each of its items has exactly one result that says completed, and a file.
completed_once() {
	local results=$BI_ROOT/batches/$1/results.ndjson

	[ "$(state "$1" | tr -d c)" = '' ] || return
	[ "$(jq -r 'select(.status == "completed").item' "$results" | sort -n | uniq -c | awk '$1 == 1' | wc -l)" = "$2" ] || return
	[ "$(find "$BI_ROOT/batches/$1/files" -type f | wc -l)" = "$2" ]
}

@test "lines are handed in and fetched by a worker, which ends with --once" {
	faulty_start
	hand_in a 3 bytes/20
	assert_equal "$(queue)" a
	assert_equal "$(state a)" ppp
	assert_equal "$(origin_hits .)" 0
	run -0 bi-status --json a
	assert_equal "$(jq -r '.batch_job.status' <<<"$output")" pending
	run -0 --separate-stderr bi-fetch --work --once
	assert_output ''
	assert_equal "$stderr" ''
	completed_once a 3
	assert_equal "$(queue)" ''
	assert_equal "$(ls "$BI_ROOT/temp")" ''
	run -0 bi-fetch --work --once
}

@test "with --json a worker writes the records of what it did, and its end record" {
	faulty_start
	hand_in a 2 bytes/20
	echo "$FAULTY/status/404/x" | bi-fetch --queue -b b
	run -0 --separate-stderr bi-fetch --work --once --json
	assert_equal "$(jq -r 'select(.status) | "\(.batch) \(.status)"' <<<"$output" | sort | uniq -c | tr -s ' ' | tr '\n' ';')" \
		' 2 a completed; 1 b failed;'
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-fetch","completed":2,"failed":1,"exit":0}'
}

@test "a worker takes batches as they come, and lines that are added later; SIGTERM ends it" {
	local pid

	faulty_start
	worker
	pid=$!
	hand_in a 2 bytes/20
	poll 10 done_with a
	hand_in b 3 bytes/20
	poll 10 done_with b
	hand_in a 4 bytes/20
	poll 10 completed_once a 4
	poll 10 done_with a
	# It forgets what is done: nothing of a batch is open.
	readlink "/proc/$pid/fd"/* >fds
	run ! grep batches/ fds
	stop "$pid"
	assert_equal "$stopped" 143
	assert_equal "$(origin_paths | sort | uniq -d)" ''
	assert_equal "$(cat worker.err)" ''
}

@test "a batch that is being made is not touched, nor waited for" {
	local maker

	faulty_start
	worker
	mkfifo go
	start handin -s handing made "$FAULTY/bytes/20/m1" "$FAULTY/bytes/20/m2" <>go >said
	maker=$!
	poll 10 grep -q handing said
	hand_in a 2 bytes/20
	poll 10 done_with a
	assert_equal "$(state made)" pp
	assert_equal "$(origin_hits /m)" 0
	# Its maker lets go by ending.
	stop "$maker" KILL
	poll 10 done_with made
	completed_once made 2
}

@test "what a killed maker left is removed, whatever it had come to" {
	local at pids=()

	faulty_start
	for at in batch items some; do
		mkfifo "go.$at"
		start handin -s "$at" "half-$at" "$FAULTY/bytes/20/1" "$FAULTY/bytes/20/2" "@$BATS_TEST_FILENAME" <>"go.$at" >"said.$at"
		pids+=($!)
		poll 10 grep -q "$at" "said.$at"
	done
	handin whole "$FAULTY/bytes/20/w"
	mkdir -p "$BI_ROOT/trash/left/files"
	for at in "${pids[@]}"; do
		stop "$at" KILL
	done
	run -0 --separate-stderr bi-fetch --work --once
	assert_equal "$(grep -c 'was being handed in when its maker was killed: removed' <<<"$stderr")" 3
	assert_equal "$(ls "$BI_ROOT/batches")" whole
	assert_equal "$(queue)" ''
	assert_equal "$(ls "$BI_ROOT/trash")" ''
	completed_once whole 1
}

@test "a batch whose batch.json cannot be read is neither removed nor fetched" {
	local dir=$BI_ROOT/batches/a

	faulty_start
	hand_in a 1 bytes/20
	mv "$dir/batch.json" about
	ln -s "$PWD/about" "$dir/batch.json"
	run --separate-stderr bi-fetch --work --once
	assert_regex "$stderr" "the batch 'a' stays in the queue: cannot (open it|look into it)"
	assert_equal "$(state a)$(queue)" pa

	rm "$dir/batch.json"
	echo rubbish >"$dir/batch.json"
	run --separate-stderr bi-fetch --work --once
	assert_regex "$stderr" "the batch 'a' stays in the queue: cannot (open it|look into it)"
	assert_equal "$(state a)$(queue)$(origin_hits .)" pa0

	mv about "$dir/batch.json"
	run -0 bi-fetch --work --once
	completed_once a 1
}

@test "a batch that lost items but has results is not removed" {
	faulty_start
	handin a "$FAULTY/bytes/20/1" "$FAULTY/bytes/20/2"
	bi-fetch --work --once
	sed -i 2d "$BI_ROOT/batches/a/items.ndjson"
	: >"$BI_ROOT/queue/a"
	run -0 --separate-stderr bi-fetch --work --once
	assert_equal "$stderr" ''
	assert_equal "$(wc -l <"$BI_ROOT/batches/a/results.ndjson")" 2
}

@test "a batch whose batch.json cannot be read is named, and not removed" {
	local about

	faulty_start
	handin a "$FAULTY/bytes/20/1"
	mv "$BI_ROOT/batches/a/batch.json" about
	for about in garbage directory; do
		if [ $about = garbage ]; then
			echo '{"name":"a"' >"$BI_ROOT/batches/a/batch.json"
		else
			rm "$BI_ROOT/batches/a/batch.json"
			mkdir "$BI_ROOT/batches/a/batch.json"
		fi
		run -71 --separate-stderr bi-fetch --work --once
		assert_regex "$stderr" "^bi-fetch: the batch 'a' stays in the queue: cannot look into it: "
		assert_equal "$(ls "$BI_ROOT/batches") $(queue)" 'a a'
	done
	rmdir "$BI_ROOT/batches/a/batch.json"
	mv about "$BI_ROOT/batches/a/batch.json"
	run -0 --separate-stderr bi-fetch --work --once
	completed_once a 1
}

@test "what failed is not tried again by a worker, and --resume does" {
	faulty_start
	hand_in a 2 flaky/1/bytes/20
	bi-fetch --work --once --tries 1
	assert_equal "$(state a)" ff
	: >"$BI_ROOT/queue/a"
	bi-fetch --work --once
	assert_equal "$(state a)" ff
	assert_equal "$(origin_hits .)" 2
	bi-fetch -q -b a --resume >/dev/null
	assert_equal "$(state a)" cc
}

@test "a batch that comes late does not wait for a long one of the same host" {
	faulty_start
	hand_in long 400 slow/10/bytes/20
	worker --per-host 2
	poll 10 eval '[ "$(origin_hits long)" -gt 5 ]'
	hand_in short 5 bytes/20
	poll 10 done_with short
	[ "$(state long | tr -d pr | wc -c)" -lt 300 ]
	assert_equal "$(queue)" long
}

@test 'a worker that stands by takes over when the other is gone' {
	local one two

	faulty_start
	worker --stand-by
	one=$!
	worker --stand-by
	two=$!
	hand_in a 2 slow/100/bytes/20
	poll 10 done_with a
	run -0 readlink "/proc/$two/fd"/*
	refute_output --partial inotify
	stop "$one" KILL
	hand_in b 2 bytes/20
	poll 10 done_with b
	stop "$two"
	assert_equal "$stopped" 143
}

@test "an upload becomes the item's file without a copy, and its name in uploads/ goes" {
	local dir=$BI_ROOT/batches/up inode

	head -c 3000000 /dev/urandom >big.bin
	printf 'words\n' >small.txt
	: >empty
	handin up @big.bin @small.txt @empty
	inode=$(stat -c %i "$dir/uploads/1")
	run -0 bi-status --json up
	assert_equal "$(jq -c '.items | map(.item_data)' <<<"$output")" \
		'[{"filename":"big.bin","size":3000000},{"filename":"small.txt","size":6},{"filename":"empty","size":0}]'
	bi-fetch --work --once
	assert_equal "$(state up)" ccc
	assert_equal "$(stat -c '%i %h' "$dir"/files/i1_1.*)" "$inode 1"
	cmp big.bin "$dir"/files/i1_1.*
	cmp small.txt "$dir/files/i2_1.txt"
	[ ! -e "$dir/uploads" ]
	jq -se '.[0].bytes == 3000000 and .[1].filename == "small.txt" and .[1].mime == "text/plain"' <(jq -sc 'sort_by(.item)[]' "$dir/results.ndjson")
	assert_equal "$(ls "$BI_ROOT/temp")" ''
}

@test "the same bytes uploaded twice are one file, and what is not there fails in words" {
	local dir=$BI_ROOT/batches/up

	printf 'words\n' >a.txt
	cp a.txt b.txt
	handin up @a.txt @b.txt @a.txt @b.txt
	rm "$dir/uploads/3"
	echo more >>"$dir/uploads/4"
	bi-fetch --work --once
	assert_equal "$(state up)" ccff
	assert_equal "$(stat -c %h "$dir/files/i1_1.txt")" 2
	assert_equal "$(jq -r 'select(.status == "failed").error.code' "$dir/results.ndjson" | sort -u)" upload_lost
	[ ! -e "$dir/uploads" ]
}

@test "a worker killed between the steps of an upload leaves nothing, and the next one all" {
	local dir=$BI_ROOT/batches/up step

	need_strace
	head -c 100000 /dev/urandom >big.bin
	# Killed as the file has its name and no result, as the result is not synced, and as the result is there and the
	# upload, uploads/ or the queue's entry too.
	for step in fdatasync:1 fdatasync:2 unlinkat:1 unlinkat:2 unlinkat:3; do
		rm -rf "$BI_ROOT"
		handin up @big.bin
		run ! env ASAN_OPTIONS=detect_leaks=0 timeout 60 strace -f -o trace -e trace=fdatasync,unlinkat \
			-e "inject=${step%:*}:signal=KILL:when=${step#*:}" bi-fetch --work --once
		[ -e "$dir"/files/i1_1.bin ]
		bi-fetch --work --once
		assert_equal "$(state up)" c
		cmp big.bin "$dir/files/i1_1.bin"
		assert_equal "$(stat -c %h "$dir/files/i1_1.bin")" 1
		[ ! -e "$dir/uploads" ]
		assert_equal "$(find "$BI_ROOT/temp" -type f)" ''
		completed_once up 1
	done
}

@test "an upload that failed and may pass is kept for --resume" {
	local dir=$BI_ROOT/batches/up

	printf 'words\n' >a.txt
	handin up @a.txt
	bi-fetch --work --once --through 'exit 1' 2>/dev/null
	assert_equal "$(state up)" f
	assert_equal "$(ls "$dir/uploads")" 1
	bi-fetch -q -b up --resume >/dev/null
	assert_equal "$(state up)" c
	cmp a.txt "$dir/files/i1_1.txt"
	assert_equal "$(ls "$dir/uploads")" ''
}

@test "a batch for public addresses alone is that for each worker, but for hosts that are allowed by name" {
	local port

	faulty_start
	port=${FAULTY##*:}
	handin -p a "$FAULTY/bytes/20/a" "http://localhost:$port/bytes/20/b"
	bi-fetch --work --once
	assert_equal "$(state a)" ff
	assert_equal "$(jq -r .error.code "$BI_ROOT/batches/a/results.ndjson" | sort -u)" blocked_address
	assert_equal "$(origin_hits .)" 0
	echo "127.0.0.1:$port private=allow" >"$BI_ROOT/hosts.conf"
	handin -p b "$FAULTY/bytes/20/a" "http://localhost:$port/bytes/20/b" "$FAULTY/to/302/http%3A%2F%2Flocalhost%3A$port%2Fbytes%2F20%2Fc" \
		"$FAULTY/redirect/1/bytes/20/d"
	http_proxy="http://127.0.0.1:$port" bi-fetch --work --once
	assert_equal "$(state b)" cffc
	assert_equal "$(origin_hits '/(b|c)$')" 0
	# The option says so of batches that say nothing.
	hand_in c 1 bytes/20
	rm "$BI_ROOT/hosts.conf"
	bi-fetch --work --once --public-only
	assert_equal "$(state c)" f
	# And --queue of a batch that it makes.
	echo "$FAULTY/bytes/20/e" | bi-fetch --queue --public-only -b d
	bi-fetch --work --once
	assert_equal "$(state d)" f
	# A batch that says nothing would not be, so it takes none of these lines.
	run -2 --separate-stderr bi-fetch --queue --public-only -b c <<<"$FAULTY/bytes/20/f"
	assert_regex "$stderr" "the batch 'c' was made without --public-only"
	assert_equal "$(state c)" f
}

@test 'a batch for public addresses does not use a connection that another batch made' {
	local port

	faulty_start
	port=${FAULTY##*:}
	worker
	echo "http://localhost:$port/bytes/20/a" | bi-fetch --queue -b a
	poll 10 done_with a
	assert_equal "$(state a)" c
	handin -p b "http://localhost:$port/bytes/20/b"
	poll 10 done_with b
	assert_equal "$(state b)" f
	assert_equal "$(jq -r .error.code "$BI_ROOT/batches/b/results.ndjson")" blocked_address
	assert_equal "$(origin_hits '/b$')" 0
}

@test "what is recorded of a notebook's batch is in the notebook, under the notebook's own ids" {
	faulty_start
	handin -n nb a "$FAULTY/bytes/20/a" "$FAULTY/bytes/20/b" "$FAULTY/status/404/c"
	handin b "$FAULTY/bytes/20/a"
	bi-fetch --work --once
	assert_equal "$(jq -r 'select(.file).item' "$BI_ROOT/notebooks/nb/log.ndjson" | sort)" $'1\n2'
	assert_equal "$(jq -r 'select(.file).file' "$BI_ROOT/notebooks/nb/log.ndjson" | sort)" \
		"$(jq -r '.file_id // empty' "$BI_ROOT/batches/a/results.ndjson" | sort)"
	jq -se 'map(.file_id // empty) | length == 2 and all(test("^f_" + $nb + "[0-9a-f]{24}$"))' --arg nb "$(printf nb | sha256sum | cut -c1-8)" \
		"$BI_ROOT/batches/a/results.ndjson"
	jq -e '.file_id | length == 26' "$BI_ROOT/batches/b/results.ndjson"
}

@test "a batch that cannot be worked on is named, and the others are done" {
	faulty_start
	hand_in a 1 bytes/20
	hand_in b 1 bytes/20
	rm "$BI_ROOT/batches/a/state"
	mkdir "$BI_ROOT/batches/a/state"
	run -71 --separate-stderr bi-fetch --work --once
	assert_equal "${#stderr_lines[@]}" 1
	[[ $stderr == *"the batch 'a' stays in the queue"* ]]
	completed_once b 1
	assert_equal "$(queue)" a
}

@test "more batches than are worked on at once, one item each" {
	local i

	faulty_start
	for i in $(seq 1 150); do
		handin "b$i" "$FAULTY/bytes/20/b$i"
	done >/dev/null
	bi-fetch --work --once
	assert_equal "$(queue)" ''
	assert_equal "$(cat "$BI_ROOT"/batches/*/state)" "$(printf 'c%.0s' $(seq 1 150))"
	assert_equal "$(origin_paths | sort | uniq -d)" ''
}

@test "options that do not go with --work are refused in words" {
	run -2 bi-fetch --work http://a/
	assert_output --partial -- --work
	run -2 bi-fetch --work -b a
	run -2 bi-fetch --work --resume
	run -2 bi-fetch --work --queue
	run -2 bi-fetch --work --retry failed
	run -2 bi-fetch --once
	run -2 bi-fetch --stand-by
	run -2 bi-fetch --queue --resume
}

# --- clients and workers at once ---

if [ -n "${BI_LONG-}" ]; then
	clients=8 batches=50 urls=139
else
	clients=8 batches=2 urls=19
fi

# client N PATH: hands in its batches.
client() {
	local i

	for i in $(seq 1 "$batches"); do
		hand_in "c$1-$i" "$urls" "$2" >/dev/null || return
	done
}

# clients PATH: all of them at once.
clients() {
	local n pids=()

	for n in $(seq 1 "$clients"); do
		client "$n" "$1" 3>&- 4>&- &
		pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n" || return
	done
}

# The queue is empty.
is_over() {
	[ -z "$(queue)" ]
}

# All batches are done, each item once.
all_once() {
	local n i

	assert_equal "$(find "$BI_ROOT/batches" -mindepth 1 -maxdepth 1 | wc -l)" $((clients * batches))
	for n in $(seq 1 "$clients"); do
		for i in $(seq 1 "$batches"); do
			completed_once "c$n-$i" "$urls" || fail "c$n-$i is not completed once"
		done
	done
	assert_equal "$(ls "$BI_ROOT/temp")" ''
}

@test "clients hand in batches at once, workers do them side by side: none lost, none twice" {
	faulty_start
	worker
	worker
	worker
	clients bytes/40
	poll 600 is_over
	poll 10 done_with "c1-1"
	all_once
	assert_equal "$(origin_paths | wc -l)" $((clients * batches * urls))
	assert_equal "$(origin_paths | sort | uniq -d)" ''
	assert_equal "$(cat worker.out worker.err)" ''
}

# asked N: the server had that many requests.
asked() {
	[ "$(wc -l <"${ORIGIN_LOGS[0]}")" -ge "$1" ]
}

@test 'clients hand in while workers are killed: none lost, none twice' {
	local workers=() n=0 k all=$((clients * batches * urls)) handing

	faulty_start
	for k in 0 1 2; do
		worker
		workers+=($!)
	done
	clients slow/20/bytes/40 &
	handing=$!
	for k in 0 1 2 0 1 2 0 1; do
		n=$((n + all / 12))
		poll 300 asked "$n"
		stop "${workers[k]}" KILL
		worker
		workers[k]=$!
	done
	wait "$handing"
	poll 600 is_over
	poll 10 done_with "c1-1"
	all_once
	assert_equal "$(cat worker.out worker.err)" ''
}

# refused CALL ERROR PATH: a worker with --once, of which the call fails on this path of the root.
refused() {
	run --separate-stderr strace -f -o trace -P "$BI_ROOT/$3" -P "${3##*/}" -e "trace=$1" -e "inject=$1:error=$2" \
		bi-fetch --work --once --json
	grep -q INJECTED trace
}

@test "a worker with --once that had to leave a batch in the queue says so with its exit status" {
	local call error path code

	need_plain_strace
	faulty_start
	hand_in a 1 bytes/20
	while read -r call error path code; do
		refused "$call" "$error" "$path"
		assert_equal "$call $status" "$call $code"
		assert_regex "$stderr" "the batch 'a' stays in the queue: cannot .*: (Input/output error|Permission denied|Too many open files)"
		assert_equal "$(tail -n 1 <<<"$output" | jq .exit)" "$code"
		assert_equal "$(queue)$(state a)" ap
	done <<-'END'
		flock EIO queue/a 74
		openat EACCES batches/a/items.ndjson 77
		openat EMFILE batches/a/files 71
	END
	run -0 bi-fetch --work --once
	completed_once a 1
}
