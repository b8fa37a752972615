#!/usr/bin/env bats
# The simulation of many machines, and what is written of it.

load helpers

bench() {
	"$BATS_TEST_DIRNAME/../bench/$1" "${@:2}"
}

costs=$BATS_TEST_DIRNAME/../bench/cluster.costs

@test "a simulation with one seed gives one result, and with another another" {
	bench cluster --quick -s 7 "$costs" >one
	bench cluster --quick -s 7 "$costs" >again
	bench cluster --quick -s 8 "$costs" >other
	cmp one again
	run -1 cmp one other
	assert_equal "$(jq -r '.contender' one | sort | uniq -c | xargs)" '4 even 4 polite 4 tailed'
	run -0 jq -se 'all(.join > 0)' one
}

@test "no list ends before its largest host or its fair share allows, and work is done twice only by failures" {
	bench cluster --quick "$costs" >rows
	run -0 jq -se 'all(.hours >= .ideal * 0.999 and .imbalance >= 1 and .twice >= 0 and .twice < 1)' rows
	run -0 jq -se 'any(.twice > 0)' rows
	# A host of 10^4 items at one a second takes 2.8 hours on any number of machines; ten times as fast, a tenth.
	run -0 jq -se '[.[] | select(.contender == "polite").hours] | min > 1' rows
	run -0 jq -se '([.[] | select(.contender == "polite").hours] | min) > 2 * ([.[] | select(.contender == "tailed").hours] | min)' rows
}

@test "costs without what the simulation needs are refused" {
	echo '{"bench":"cost","of":"add","n":1,"seconds":1}' >few
	run ! bench cluster --quick few
	assert_output --partial 'does not have the seconds of fetch'
	grep -v '"join"' "$costs" >few
	run ! bench cluster --quick few
	assert_output --partial 'does not have the seconds of join'
	run -64 bench cluster
	run -64 bench cluster --slow "$costs"
}

@test "the page has the costs and the simulation, and the drawing each list" {
	{ cat "$costs"; bench cluster --quick "$costs"; } >rows
	cp "$BATS_TEST_DIRNAME/../../man/bi-cluster.7" page
	command -v gnuplot >/dev/null || skip 'gnuplot is not installed'
	bench page rows page drawing.svg
	grep -q '^\.It join Ta [0-9.]* Ta [0-9.]* Ta [0-9.]* Ta' page
	grep -q '^\.It items.ndjson Ta [0-9.]* Ta [0-9.]* MB Ta [0-9.]* GB Ta' page
	assert_equal "$(grep -c '^\.It \(even\|tailed\|polite\) Ta ' page)" 12
	for list in even tailed polite ideal; do
		grep -q ">$list<" drawing.svg
	done
	run mandoc -T lint -W warning page
	assert_output ''
}

@test "the costs are measured anew" {
	[ -n "${BI_LONG-}" ] || skip 'it is one of the long tests'
	bench cluster-costs -n 1000 costs || skip 'no network namespace can be made here'
	assert_equal "$(jq -r 'select(.of == "state").bytes' costs)" 1
	assert_equal "$(jq -r 'select(.cpu >= 0 and .seconds > 0).of' costs | xargs)" 'add fetch join rebuild status'
	bench cluster --quick costs >/dev/null
}
