#!/usr/bin/env bats
# share/cluster/parallel: a list is fetched on two machines by ssh.

load helpers
load ssh

# fetchers MACHINE: prints the process ids of the workers of the machine.
fetchers() {
	grep -lzx "TMPDIR=$PWD/$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 | while read -r pid; do
		[ "$(cat "/proc/$pid/comm")" != bi-fetch ] || echo "$pid"
	done
}

# begun MACHINE: a worker of the machine has completed some items.
begun() {
	find "$1" -path '*/batches/part-*/results.ndjson' -size +4k | grep -q . && fetchers "$1" | grep -q .
}

# cut_off MACHINE: kills a worker of the machine that has completed some items.
cut_off() {
	begun "$1" && fetchers "$1" | xargs kill -KILL
}

@test "two machines fetch the parts, a task that is killed is tried again, and each item is once in the batch" {
	local pid stopped

	list_of 12 100
	ssh_start
	start "$CLUSTER/parallel" 6 work big list one,two >out 2>&1
	pid=$!
	poll 60 begun one
	poll 60 cut_off two
	poll 200 gone "$pid" || fail "$(cat out work/log)"
	stop "$pid"
	assert_equal "$stopped" 0
	assert_equal "$(find work/packs -name 'part-*.tar.zst' | wc -l)" "$(find work/parts -name 'part-*' -size +0 | wc -l)"
	limits_kept
	joined big
	# If another machine began the part that was cut off anew, its root and lock, and the name of the task, stay on the first.
	[ "$(origin_hits /slow/)" -lt 1500 ]
	[ "$(find one two -mindepth 1 -maxdepth 1 | wc -l)" -le 2 ]
	assert_equal "$(find home/one home/two -type f ! -name '*.owner')" ''
}

@test "what failed is repeated by the same command, and the rest is not" {
	local before

	list_of 6 10
	ssh_start
	run -75 "$CLUSTER/parallel" 3 work big list off
	assert_line "parallel: parts are missing, see $PWD/work/log: run the same command again"
	assert_equal "$(origin_hits /slow/)" 0
	run -0 "$CLUSTER/parallel" 3 work big list one,two
	joined big
	before=$(origin_hits /slow/)
	run -0 "$CLUSTER/parallel" 3 work big list one,two
	assert_equal "$(origin_hits /slow/)" "$before"
	head -n 5 list >other
	run -2 "$CLUSTER/parallel" 3 work big other one,two
	assert_output --partial 'work is of another list, or has another number of parts: name a new directory'
}
