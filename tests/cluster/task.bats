#!/usr/bin/env bats
# share/cluster/begin, task and join without a scheduler. A machine is a directory for temporary files.

load helpers

# task MACHINE PART [OPTION...]: starts a task there. Its process id is in $!.
task() {
	mkdir -p "$1"
	start env TMPDIR="$PWD/$1" "$CLUSTER/task" work "${@:2}" 2>>"$1.err"
}

# fetchers MACHINE: prints the process ids of its workers.
fetchers() {
	grep -lzx "TMPDIR=$PWD/$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 | while read -r pid; do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != bi-fetch ] || echo "$pid"
	done
}

# begun MACHINE: a worker of it has completed some items.
begun() {
	find "$1" -path '*/batches/part-*/results.ndjson' -size +4k | grep -q . && fetchers "$1" | grep -q .
}

no_fetchers() {
	[ -z "$(fetchers "$1")" ]
}

# ends PID CODE: it ends by itself, with this exit code.
ends() {
	local stopped

	poll 120 gone "$1" || fail "$(tail ./*.err)"
	stop "$1"
	[ "$stopped" = "$2" ] || fail "exit code $stopped, not $2: $(tail ./*.err)"
}

# owned_by_other OWNER: another task has begun the part.
owned_by_other() {
	[ -s work/packs/part-0.owner ] && [ "$(cat work/packs/part-0.owner)" != "$1" ]
}

@test "a second copy on another machine takes over, the first ends, and no host has more than its limit" {
	local first owner second

	list_of 4 40
	held held 1
	"$CLUSTER/begin" 1 work list >/dev/null
	task one 0
	first=$!
	poll 60 begun one
	owner=$(cat work/packs/part-0.owner)
	task two 0
	second=$!
	poll 60 owned_by_other "$owner"
	# Both are at work.
	run ! gone "$first"
	run ! gone "$second"
	ends "$first" 75
	grep -qx 'task: another machine has taken part 0 over' one.err
	run ! gone "$second"
	ends "$second" 0
	limits_kept
	assert_equal "$(ls work/packs)" part-0.tar.zst
	assert_equal "$(find two -mindepth 1)" ''
	run -0 "$CLUSTER/join" work big
	joined big
	# What the first left on its disk goes when the task is run there again.
	[ -n "$(find one -mindepth 1)" ]
	task one 0
	ends $! 0
	assert_equal "$(find one -mindepth 1)" ''
}

@test "of two copies on one machine the second waits, and asks for nothing" {
	local first second

	list_of 3 20
	"$CLUSTER/begin" 1 work list >/dev/null
	task one 0
	first=$!
	task one 0
	second=$!
	ends "$first" 0
	ends "$second" 0
	assert_equal "$(origin_hits /slow/)" 60
	assert_equal "$(find one -mindepth 1)" ''
	run -0 "$CLUSTER/join" work big
	joined big
}

@test "a task that is told to end stops its worker, one that is killed loses it, and the next goes on" {
	local task

	list_of 4 30
	held held 2
	"$CLUSTER/begin" 1 work list >/dev/null
	task one 0
	task=$!
	poll 60 begun one
	kill -TERM "$task"
	ends "$task" 143
	poll 20 no_fetchers one
	task one 0
	task=$!
	poll 60 begun one
	kill -KILL "$task"
	poll 20 no_fetchers one
	assert_equal "$(find work/packs -name '*.zst')" ''
	task one 0
	ends $! 0
	# Two transfers of each host may have been cut off, twice.
	[ "$(origin_hits /slow/)" -le 136 ] || fail "$(origin_hits /slow/) requests"
	limits_kept
	run -0 "$CLUSTER/join" work big
	joined big
}

@test "items that fail do not make the task fail, what it cannot do does, and the join has the exit code of bi-fetch" {
	list_of 2 3
	printf '%s\n' "$FAULTY/status/404/x.jpg" $'\377' >>list
	run -0 --separate-stderr "$CLUSTER/begin" 1 work list
	# shellcheck disable=SC2154 # set by run
	assert_regex "$stderr" 'line 8 is not UTF-8'
	task one 0 --no-such-option
	ends $! 2
	[ ! -e work/packs/part-0.tar.zst ]
	task one 0
	ends $! 0
	run -1 "$CLUSTER/join" work big
	assert_equal "$(jq -r .status "$BI_ROOT/batches/big/results.ndjson" | sort | uniq -c | xargs)" '6 completed 2 failed'
	run -0 "$CLUSTER/begin" 1 work list
	run -2 "$CLUSTER/begin" 2 work list
	run -2 "$CLUSTER/begin" 0 other list
	run ! env -u SLURM_ARRAY_TASK_ID "$CLUSTER/task" work -
	assert_output --partial 'SLURM_ARRAY_TASK_ID: is not set'
}

@test "the join fetches what no pack has, and refuses a pack that was changed" {
	local pack before

	list_of 6 5
	"$CLUSTER/begin" 2 work list >/dev/null
	for part in 0 1; do
		[ -s "work/parts/part-$part" ] || fail 'an empty part: take other hosts'
	done
	task one 0
	ends $! 0
	pack=work/packs/part-0.tar.zst
	cp "$pack" good
	mkdir unpacked
	tar --zstd -xf good -C unpacked
	printf X | dd of="$(find unpacked/part-0/files -type f | head -n 1)" bs=1 seek=100 conv=notrunc status=none
	(cd unpacked && tar --zstd -cf "../$pack" -- *)
	before=$(origin_hits /slow/)
	run ! "$CLUSTER/join" work big
	assert_output --partial part-0.tar.zst
	assert_equal "$(origin_hits /slow/)" "$before"
	cp good "$pack"
	run -0 "$CLUSTER/join" work big
	joined big
	assert_equal "$(origin_hits /slow/)" 30
	assert_equal "$(ls -d root*)" root
}
