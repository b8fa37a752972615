#!/usr/bin/env bats
# Many processes on one batch: each item is fetched once, the claims of a killed process are free at once, and an item needs
# few system calls.
# shellcheck disable=SC2154,SC2016 # run --separate-stderr sets stderr; expressions are for poll to expand
load helpers

# all_gone PID...: none of them lives.
all_gone() {
	local pid

	for pid; do
		gone "$pid" || return 1
	done
}

# fetched_once N: each of N items was asked for once, and has one result.
fetched_once() {
	assert_equal "$(origin_paths | wc -l)" "$1"
	assert_equal "$(origin_paths | sort -u | wc -l)" "$1"
	assert_equal "$(jq -s '[map(select(.status == "completed") | .item) | length, (unique | length)] | @csv' \
		"$BI_ROOT/batches/$2/results.ndjson" -r)" "$1,$1"
	assert_equal "$(tr -d c <"$BI_ROOT/batches/$2/state")" ''
}

@test "64 processes with one list fetch each item once, and each says all results" {
	local i pids=()

	faulty_start
	seq -f "$FAULTY/bytes/20/a%.0f" 300 >in
	for i in $(seq 64); do
		start bi-fetch <in >"out$i" 2>"err$i"
		pids+=("$!")
	done
	poll 60 all_gone "${pids[@]}"
	assert_equal "$(cat err*)" ''
	fetched_once 300 default
	for i in 1 17 64; do
		assert_equal "$(grep -o '"item":[0-9]*' "out$i" | sort -u | wc -l)" 300
	done
}

@test "workers on many hosts and one slow host fetch each item once, and none is left" {
	local i pids=()

	faulty_start
	for i in $(seq 240); do
		[ $((i % 8)) -ne 0 ] || echo "http://slow.test/slow/40/bytes/20/s$i"
		[ $((i % 8)) -eq 0 ] || echo "http://h$((i % 3)).test/bytes/20/q$i"
	done >in
	bi-fetch -q --queue -b w <in
	for i in 1 2 3 4 5 6 7 8; do
		start bi-fetch --work --once -x "$FAULTY" >"out$i" 2>"err$i"
		pids+=("$!")
	done
	poll 60 all_gone "${pids[@]}"
	assert_equal "$(cat err*)" ''
	fetched_once 240 w
}

@test "one process says its results in the order of the list where they come in that order" {
	faulty_start
	seq -f "$FAULTY/bytes/20/o%.0f" 500 >in
	run -0 --separate-stderr bi-fetch -P 1 <in
	assert_equal "$(grep -o '"item":[0-9]*' <<<"$output")" "$(seq -f '"item":%.0f' 500)"
}

@test "what a process that is killed with -9 has claimed is another's at once" {
	local first

	faulty_start
	seq -f "$FAULTY/bytes/20/k%.0f" 3000 >in
	start bi-fetch --per-host 32 -P 32 <in >out 2>err
	first=$!
	poll 20 eval '[ "$(wc -l <out)" -ge 300 ]'
	kill -KILL "$first"
	run -0 --separate-stderr bi-fetch --per-host 32 -P 32 <in
	assert_equal "$(jq -s 'map(select(.status == "completed") | .item) | unique | length' <<<"$output")" 3000
	assert_equal "$(jq -s 'map(.item) | [length, (unique | length)] | @csv' -r "$BI_ROOT/batches/default/results.ndjson")" 3000,3000
	# What was under way or not recorded yet is asked for again, and nothing else.
	[ "$(origin_hits /k)" -le 4000 ]
}

@test "an item waits for its host unclaimed, though its neighbours were claimed together" {
	local first

	faulty_start
	{
		seq -f "$FAULTY/bytes/20/w%.0f" 400
		seq -f "$FAULTY/slow/60000/bytes/20/w%.0f" 401 460
	} >in
	start bi-fetch --per-host 8 <in >out 2>err
	first=$!
	poll 20 eval '[ "$(origin_hits /slow/)" -eq 8 ]'
	# Of the 60 only those that are asked for are claimed, within the tenth of a second after which the others are given back.
	poll 10 eval '[ "$(bi-status --json default | jq .batch_job.processing_items)" -eq 8 ]'
	kill -0 "$first"
}

@test "a small file needs few system calls of bi-fetch's own" {
	local calls

	need_plain_strace
	faulty_start
	seq -f "$FAULTY/bytes/2000/c%.0f" 600 >in
	strace -f -c -o trace -e trace=openat,pread64,pwrite64,fcntl,flock,newfstatat,linkat,close,write \
		bi-fetch -q --per-host 32 -P 32 <in >out
	calls=$(awk '$NF == "total" { print $4 }' trace)
	# Twelve, and what a start needs; it was thirty.
	[ "$calls" -ge 600 ]
	[ "$calls" -le $((18 * 600 + 2000)) ]
}
