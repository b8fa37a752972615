#!/usr/bin/env bats
# share/cluster/slurm: a list is fetched by an array of tasks on three nodes, of which two are lost.

load helpers
load slurm

teardown() {
	slurm_stop
	bi_teardown
}

# hold_two N: sets lost and twice to two of the N parts of ./list, and adds an item to each that is not answered the first
# time, so that they are being fetched until something is done about it.
hold_two() {
	local file files

	bi-split -n "$1" -d held -i list >/dev/null
	mapfile -t files < <(find held -size +0 -name 'part-*' | sort | head -n 2)
	lost=${files[0]##*-} twice=${files[1]##*-}
	for file in "${files[@]}"; do
		held "$(sed -n '1s|http://\([^.]*\).*|\1|p' "$file")" 1
	done
}

# fetching PART: prints the node whose task fetches this part, with at least some items completed.
fetching() {
	find slurm/node? -path "*/batches/part-$1/results.ndjson" -size +4k | cut -d/ -f2 | grep -m 1 .
}

# owner_changed PART OWNER: another task has begun the part.
owner_changed() {
	[ "$(cat "work/packs/part-$1.owner")" != "$2" ]
}

# submitted: sets the variables parts, join and render to the jobs that the script has submitted, by its output.
submitted() {
	parts=$(last_job big-parts ArrayJobId) join=$(last_job big-join JobId) render=${lines[-1]}
}

# last_job NAME MEMBER: prints the number of the last job of this name.
last_job() {
	scontrol -o show job | sed -n "s/.*\b$2=\([0-9]*\) .*JobName=$1 .*/\1/p" | sort -n | tail -n 1
}

# ended JOBS: the daemon answers that none of them is left.
ended() {
	local left

	left=$(squeue -h -j "$1") && [ -z "$left" ]
}

@test "an array survives a lost node, and a node whose task goes on beside its second copy" {
	local down join lost owner parts render steps still twice

	list_of 30 100
	hold_two 8
	slurm_start
	SECONDS=0
	run -0 "$CLUSTER/slurm" 8 work big list
	submitted
	assert_equal "$(squeue -h -r -n big-parts | wc -l)" 8

	# The whole of one node is lost: its daemon, its steps and what they run.
	poll 60 fetching "$lost"
	down=$(fetching "$lost")
	slurm_kill "$down"
	scontrol update nodename="$down" state=down reason=lost
	# Another stands still, so that its part is given to another node, and goes on when that has begun.
	poll 60 fetching "$twice"
	still=$(fetching "$twice")
	owner=$(cat "work/packs/part-$twice.owner")
	mapfile -t steps < <(slurm_steps "$still")
	kill -KILL "${SLURMD[$still]}"
	kill -STOP "${steps[@]}"
	scontrol update nodename="$still" state=down reason=unreachable
	slurm_node "$down"
	poll 120 owner_changed "$twice" "$owner"
	kill -CONT "${steps[@]}"

	poll 300 ended "$parts,$join,$render" || fail "$(squeue; tail -n 5 work/*.log)"
	grep -F "another machine has taken part $twice over" work/part-*.log
	assert_equal "$(slurm_steps "$still")" ''
	assert_equal "$(slurm_exit "$parts")" '8 COMPLETED 0:0'
	assert_equal "$(slurm_exit "$join")" '1 COMPLETED 0:0'
	assert_equal "$(find work/packs -type f | wc -l)" "$(find work/parts -type f -size +0 | wc -l)"
	limits_kept
	joined big
	assert_equal "$(find "$BI_ROOT/review/big" -name index.html | wc -l)" 1
	echo "# $SECONDS s, $(origin_hits /slow/) requests for 3002 items" >&3
}

@test "a part that cannot be fetched cancels the join, the same command repeats it, and failed items are told by the join" {
	local before join parts render

	list_of 8 5
	echo "http://h1.localhost:${FAULTY##*:}/status/404/x.jpg" >>list
	slurm_start
	run -0 "$CLUSTER/slurm" 2 work big list --no-such-option
	submitted
	poll 120 ended "$parts,$join,$render" || fail "$(squeue; tail -n 5 work/*.log)"
	assert_equal "$(slurm_exit "$parts")" '2 FAILED 2:0'
	assert_equal "$(slurm_exit "$join")" '1 CANCELLED 0:0'
	assert_equal "$(find work/packs -type f ! -name '*.owner')" ''
	assert_equal "$(origin_hits /)" 0

	run -0 "$CLUSTER/slurm" 2 work big list
	submitted
	poll 120 ended "$parts,$join,$render" || fail "$(squeue; tail -n 5 work/*.log)"
	assert_equal "$(slurm_exit "$parts")" '2 COMPLETED 0:0'
	assert_equal "$(slurm_exit "$join")" '1 FAILED 1:0'
	assert_equal "$(slurm_exit "$render")" '1 COMPLETED 0:0'
	assert_equal "$(jq -r .status "$BI_ROOT/batches/big/results.ndjson" | sort | uniq -c | xargs)" '40 completed 1 failed'
	[ -e "$BI_ROOT/review/big/index.html" ]
	limits_kept

	before=$(origin_hits /slow/)
	run -0 "$CLUSTER/slurm" 2 work big list
	submitted
	poll 120 ended "$parts,$join,$render" || fail "$(squeue; tail -n 5 work/*.log)"
	assert_equal "$(slurm_exit "$parts")" '2 COMPLETED 0:0'
	assert_equal "$(origin_hits /slow/)" "$before"
	assert_equal "$(squeue -h)" ''
	head -n 5 list >other
	run -2 "$CLUSTER/slurm" 2 work big other
	assert_equal "$(squeue -h)" ''
}
