#!/usr/bin/env bats
# Many processes on one batch: each item is fetched once, the claims of a killed process are free at once, and an item needs
# few system calls.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
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
