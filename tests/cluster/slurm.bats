#!/usr/bin/env bats
# share/cluster/slurm: a list is fetched by an array of tasks on three nodes, of which two are lost.

load helpers
load slurm

teardown() {
	slurm_stop
	bi_teardown
}

# running NODE: the part that a task on this node fetches, with at least some items completed.
fetching() {
	find "slurm/$1" -path '*/batches/part-*/results.ndjson' -size +4k -printf '%h\n' | sed 's|.*/part-||' | grep -m 1 .
}

# owner_changed PART OWNER: another task has begun the part.
owner_changed() {
	[ "$(cat "work/packs/part-$1.owner")" != "$2" ]
}

ended() {
	[ -z "$(squeue -h -j "$1" 2>/dev/null)" ]
}

@test "an array survives a lost node, and a node whose task goes on beside its second copy" {
	local jobs join lost owner parts steps twice

	list_of 30 100
	slurm_start
	SECONDS=0
	run -0 "$CLUSTER/slurm" 8 work big list
	jobs=$(squeue -h -r -o '%A %j' | sort -n)
	parts=$(squeue -h -o '%F' -n big-parts | sort -u)
	join=$(squeue -h -o '%A' -n big-join)
	assert_equal "$(grep -c parts <<<"$jobs")" 8

	# The whole of one node is lost.
	poll 60 fetching node2
	lost=$(fetching node2)
	slurm_kill node2
	scontrol update nodename=node2 state=down reason=lost
	# Another stands still, so that its part is given to another node, and goes on when that has begun.
	poll 60 fetching node3
	twice=$(fetching node3)
	owner=$(cat "work/packs/part-$twice.owner")
	mapfile -t steps < <(slurm_steps node3)
	kill -KILL "${SLURMD[node3]}"
	kill -STOP "${steps[@]}"
	scontrol update nodename=node3 state=down reason=unreachable
	slurm_node node2
	poll 120 owner_changed "$twice" "$owner"
	kill -CONT "${steps[@]}"

	poll 300 ended "$parts,$join,$((join + 1))" || fail "$(squeue; tail -n 5 work/*.log)"
	grep -F "another machine has taken part $twice over" work/part-*.log
	assert_equal "$(slurm_steps node3)" ''
	assert_equal "$(slurm_exit "$parts")" '8 COMPLETED 0:0'
	assert_equal "$(slurm_exit "$join")" '1 COMPLETED 0:0'
	[ "$lost" != "$twice" ]
	assert_equal "$(find work/packs -type f | wc -l)" "$(find work/parts -type f -size +0 | wc -l)"
	limits_kept
	joined big
	assert_equal "$(find "$BI_ROOT/review/big" -name index.html | wc -l)" 1
	echo "# $SECONDS s, $(origin_hits /slow/) requests for 3000 items" >&3
}
