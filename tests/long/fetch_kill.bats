#!/usr/bin/env bats
# bi-fetch ended in the middle: by a signal it keeps what it has, by kill -9 the next one goes on.
# BI_LONG=1 kills 8 processes with 2,000 items, and at more of the system calls.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr and stderr_lines
# shellcheck disable=SC2016,SC2119,SC2120,SC2012,SC2238 # expressions are for poll and strace to expand
load ../integration/helpers

# part_of SIZE: there is a part in temp/ of more than SIZE bytes.
part_of() {
	[ -n "$(find "$BI_ROOT/temp" -type f -size "+$1c" 2>/dev/null)" ]
}

# whole BATCH: each item of it is completed once, with its whole file, and `state` says so.
whole() {
	local dir=$BI_ROOT/batches/$1 items

	items=$(wc -l <"$dir/items.ndjson")
	[ "$(jq -r 'select(.status == "completed").item' "$dir/results.ndjson" | sort -n | uniq -c | awk '$1 == 1' | wc -l)" = "$items" ] || return
	[ "$(grep -c '"status":"completed"' "$dir/results.ndjson")" = "$items" ] || return
	jq -r 'select(.status == "completed") | [.sha256, .path, .bytes] | @tsv' "$dir/results.ndjson" >sums || return
	while IFS=$'\t' read -r sum path bytes; do
		[ "$(stat -c %s "$dir/$path")" = "$bytes" ] || return
		echo "$sum  $dir/$path"
	done <sums | sha256sum --check --quiet || return
	jq -e '(.url | capture("/bytes/(?<n>[0-9]+)/").n | tonumber) == .bytes or .status == "failed"' "$dir/results.ndjson" |
		sort -u | grep -qx true || return
	cp "$dir/state" state.before
	bi-status --rebuild "$1" || return
	cmp "$dir/state" state.before
}

@test "a signal: what is fetched is kept, the rest is pending, no part is left, and it ends by the signal" {
	local signal code

	faulty_start
	for signal in TERM INT HUP; do
		rm -rf "$BI_ROOT"
		code=$((128 + $(kill -l "$signal")))
		# Of a shell's background jobs INT would be ignored.
		start env --default-signal=INT,HUP bi-fetch -q "$FAULTY/bytes/9/a" "$FAULTY/drip/20000/bytes/30000000/$signal" \
			"$FAULTY/flaky/9/bytes/9/b" --backoff 100 >out
		poll 15 part_of 1000000
		poll 10 grep -q completed out
		poll 10 eval "[ \"\$(grep -c '/b\$' '${ORIGIN_LOGS[0]}')\" -gt 0 ]"
		stop "$!" "$signal"
		assert_equal "$stopped" "$code"
		assert_equal "$(cat "$BI_ROOT/batches/default/state")" cpp
		assert_equal "$(ls "$BI_ROOT/temp")" ''
		assert_equal "$(find "$BI_ROOT/batches/default/files" -type f | wc -l)" 1
		: >"${ORIGIN_LOGS[0]}"
	done
}

@test "a signal that was ignored when it started stays ignored" {
	faulty_start
	start env --ignore-signal=HUP bi-fetch -q "$FAULTY/slow/700/bytes/9/a" >out
	poll 10 grep -q /a "${ORIGIN_LOGS[0]}"
	kill -HUP "$!"
	poll 10 gone "$!"
	jq -se '.[0].status == "completed" and .[1].exit == 0' out
}

@test "a reader that goes away ends it quietly" {
	local i

	faulty_start
	for i in {1..2000}; do
		echo "$FAULTY/bytes/5/$i"
	done >in
	{
		bi-fetch -q <in 2>err || echo "$?" >code
	} | head -n 1 >first
	assert_equal "$(cat code)" 141
	assert_equal "$(cat err)" ''
	jq -e '.status == "completed"' first
	[ "$(origin_hits .)" -lt 2000 ]
	run -0 bi-status --rebuild default
}

@test "kill -9 of a large download leaves a part that is free, a live one's is locked" {
	local dead live

	faulty_start
	start bi-fetch -q -b M "$FAULTY/drip/20000/bytes/30000000/dead" >out
	dead=$!
	poll 15 part_of 1000000
	kill -KILL "$dead"
	poll 10 gone "$dead"
	start bi-fetch -q -b P "$FAULTY/drip/20000/bytes/30000000/live" >out
	live=$!
	poll 15 test -e "$BI_ROOT/temp/P.1.part"
	assert_equal "$(cd "$BI_ROOT/temp" && echo *)" 'M.1.part P.1.part'
	flock -n "$BI_ROOT/temp/M.1.part" true
	run -1 flock -n "$BI_ROOT/temp/P.1.part" true
	run -0 bi-clean temp
	assert_output --partial '1 in use'
	assert_equal "$(cd "$BI_ROOT/temp" && echo *)" P.1.part
	assert_equal "$(cat "$BI_ROOT/batches/M/state")" r
	run -0 --separate-stderr bi-status --json M
	assert_equal "$(jq -r .batch_job.processing_items <<<"$output")" 0
	stop "$live"
	assert_equal "$(ls "$BI_ROOT/temp")" ''
}

# killed N TIMES: runs bi-fetch on a list in an order of its own, killed TIMES times at random, then to its end.
killed() {
	local i

	shuf in >"in.$1"
	for ((i = 0; i < $2; i++)); do
		timeout --signal=KILL "0.$((RANDOM % 80 + 100))" bi-fetch -q -b M --backoff 0.05 <"in.$1" >>"cut.$1" 2>>"err.$1" ||
			[ $? -ne 137 ] || echo "$i" >>"kills.$1"
	done
	bi-fetch -q -b M --backoff 0.05 <"in.$1" >"out.$1" 2>>"err.$1" && echo 0 >"exit.$1" || echo "$?" >"exit.$1"
}

@test "processes on one batch, each killed with -9 again and again: every item completed once, none short" {
	local processes=4 items=300 times=4 i workers=()

	[ -z "$BI_LONG" ] || processes=8 items=2000 times=6
	faulty_start
	for ((i = 1; i <= items; i++)); do
		case $((i % 25)) in
		0) echo "$FAULTY/drip/200/bytes/2000000/$i" ;;
		7) echo "$FAULTY/flaky/1/bytes/3000/$i" ;;
		13) echo "$FAULTY/slow/40/bytes/70000/$i" ;;
		*) echo "$FAULTY/bytes/$((i * 37 % 90000 + 1))/$i" ;;
		esac
	done >in
	for ((i = 1; i <= processes; i++)); do
		start killed "$i" "$times"
		workers+=("$!")
	done
	for i in "${workers[@]}"; do
		poll 60 gone "$i"
	done
	assert_equal "$(cat exit.* | sort -u)" 0
	assert_equal "$(cat err.*)" ''
	[ "$(cat kills.* | wc -l)" -gt "$processes" ]
	for ((i = 1; i <= processes; i++)); do
		assert_equal "$(tail -n 1 "out.$i")" "{\"end\":\"bi-fetch\",\"completed\":$items,\"failed\":0,\"exit\":0}"
	done
	assert_equal "$(wc -l <"$BI_ROOT/batches/M/items.ndjson")" "$items"
	whole M
	bi-clean temp
	assert_equal "$(ls "$BI_ROOT/temp")" ''
	assert_equal "$(find "$BI_ROOT/batches/M/files" -type f | wc -l)" "$items"
}

@test "killed at each system call that changes the disk: the next run makes it whole" {
	local call calls n urls killed=0

	need_plain_strace
	faulty_start
	urls=("$FAULTY/bytes/100/1" "$FAULTY/bytes/200000/2" "$FAULTY/bytes/1500000/3" "$FAULTY/bytes/5/4" "$FAULTY/bytes/6/5")
	calls=(pwrite64:1 pwrite64:5 pwrite64:9 linkat:1 linkat:4 fdatasync:2 fsync:1 syncfs:1 renameat:1 mkdirat:4)
	[ -z "${BI_LONG-}" ] || calls+=(pwrite64:3 pwrite64:7 pwrite64:11 pwrite64:13 linkat:2 fdatasync:1 fdatasync:3 fsync:2 mkdirat:2)
	for call in "${calls[@]}"; do
		rm -rf "$BI_ROOT"
		n=${call#*:}
		call=${call%:*}
		strace -f -o trace -e trace="$call" -e inject="$call:signal=KILL:when=$n" bi-fetch -q -b M "${urls[@]}" >out ||
			[ $? -eq 137 ]
		! grep -q 'killed by SIGKILL' trace || killed=$((killed + 1))
		bi-fetch -q -b M "${urls[@]}" >out
		whole M
		bi-clean temp >cleaned
		assert_equal "$(ls "$BI_ROOT/temp")" ''
	done
	[ "$killed" -gt $((${#calls[@]} / 2)) ]
}

@test "a signal is heeded though nobody reads the records" {
	local pid i full

	for i in {1..3000}; do
		echo "/nonexistent/$i"
	done >in
	mkfifo pipe
	exec {full}<>pipe # a reader that never reads
	start bi-fetch -q <in >&"$full"
	pid=$!
	poll 20 eval '[ "$(tr -cd f <"$BI_ROOT/batches/default/state" 2>/dev/null | wc -c)" -gt 500 ]'
	stop "$pid"
	assert_equal "$stopped" 143
}

@test "a signal is heeded while another process holds a lock" {
	local holder pid

	bi-fetch -q /etc/hostname >/dev/null
	start flock -F "$BI_ROOT/batches/default/items.ndjson" sleep 60
	holder=$!
	poll 10 eval '! flock -n "$BI_ROOT/batches/default/items.ndjson" true'
	start bi-fetch -q /etc/passwd
	pid=$!
	# It has come to the lock: it has opened the file, and what it locks before.
	poll 10 eval 'find "/proc/$pid/fd" -lname "*/items.ndjson" | grep -q .'
	kill -TERM "$pid"
	poll 5 gone "$pid"
	stop "$holder" KILL
}
