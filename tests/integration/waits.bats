#!/usr/bin/env bats
# How long bi-fetch waits for a host that is held back, which programs show that, and how the wait ends.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

setup() {
	bi_setup
	faulty_start
}

# held_for SECONDS HOST: http://HOST/ is held back for that time, because of an answer to another run.
held_for() {
	bi-fetch -x "$FAULTY" -b holder --tries 1 --max-wait 0.001 "http://$2/later/9/$1/bytes/9/holder" >/dev/null 2>&1 || :
}

# failures: the code of each failed item, whether it is tried again, and the number of attempts.
failures() {
	jq -r 'select(.status == "failed") | "\(.error.code) \(.error.retryable) \(.attempts)"' <<<"$output" | sort | uniq -c | sed 's/^ *//'
}

messages() {
	jq -r 'select(.status == "failed").error.message' <<<"$output"
}

@test "a Retry-After beyond --max-wait fails the items of its host at once, and others go on" {
	local date

	date=$(date -u -d "+2 hours" '+%a,%%20%d%%20%b%%20%Y%%20%H:%M:%S%%20GMT')
	{
		echo "http://seconds.test/later/9/86400/bytes/9/a"
		seq -f 'http://seconds.test/bytes/9/%.0f' 100
		echo "http://date.test/later/9/$date/bytes/9/a"
		echo "http://absurd.test/later/9/99999999999999999999/bytes/9/a"
		echo "http://busy.test/header/Retry-After:%205000/status/503/a"
		echo "http://gateway.test/header/Retry-After:%205000/status/502/a"
		seq -f 'http://well.test/bytes/9/%.0f' 50
	} >in
	run -1 --separate-stderr timeout 120 bi-fetch -x "$FAULTY" --per-host 1 <in
	assert_equal "$(failures)" $'100 host_busy true 0\n3 http_429 true 1\n1 http_502 true 1\n1 http_503 true 1'
	assert_equal "$(jq -s 'map(select(.status == "completed")) | length' <<<"$output")" 50
	assert_equal "$(origin_hits seconds.test)" 1
	[[ $(messages | grep -m1 86400) == 'the server answers 429: too many requests; the host asks to be left alone (Retry-After: 86400), and is held back until 20'* ]]
	[[ $(messages) == *'Retry-After: 99999999999999999999)'* && $(messages) == *"Retry-After: ${date//%20/ }"* ]]
	[[ $(messages | grep -c 'bi-clean release seconds.test:80') -eq 101 ]]
}

@test "a host that is held back for long by others fails at once, in any batch, and is left alone" {
	held_for 50000 far.test
	for batch in default other; do
		run -1 --separate-stderr timeout 60 bi-fetch -x "$FAULTY" -b "$batch" http://far.test/bytes/9/x
		assert_equal "$(failures)" '1 host_busy true 0'
	done
	assert_equal "$(origin_hits /x)" 0
	# It waits if the limit is not reached; 0 and none mean no limit.
	for most in 0 none 80000; do
		start bi-fetch -x "$FAULTY" -b "b$most" --max-wait "$most" http://far.test/bytes/9/x >"out.$most" 2>/dev/null
	done
	poll 10 test -e "$BI_ROOT/batches/b80000/state"
	sleep 0.5
	assert_equal "$(cat out.*)" ''
	assert_equal "$(origin_hits /x)" 0
}

@test "a host that asks again and again is waited for no longer than --max-wait in all" {
	run -1 --separate-stderr timeout 60 bi-fetch -x "$FAULTY" --max-wait 2.5 --tries 50 --backoff 0.1 http://again.test/later/99/1/bytes/9/x
	assert_equal "$(jq -r 'select(.item).error.code' <<<"$output")" http_429
	[ "$(origin_hits /x)" -lt 5 ]
	[ "$(origin_hits /x)" -gt 1 ]
	# An answer of another kind restarts the wait.
	run -0 --separate-stderr timeout 60 bi-fetch -x "$FAULTY" --max-wait 2.5 --per-host 1 --backoff 0.1 http://well.test/later/1/2/bytes/9/{1,2,3}
	assert_equal "$(jq -s 'map(select(.attempts == 2)) | length' <<<"$output")" 3
}

@test "without --max-wait a worker waits; with it the items fail" {
	held_for 50000 far.test
	bi-fetch --queue -b work http://far.test/bytes/9/x
	start bi-fetch -x "$FAULTY" --work >/dev/null 2>err
	poll 10 grep -q 'waiting for far.test:80 until' err
	stop "$!"
	run -0 --separate-stderr timeout 60 bi-fetch -x "$FAULTY" --work --once --json --max-wait 1
	assert_equal "$(bi-status --json work | jq -r '.batch_job.status')" failed
	assert_equal "$(origin_hits /x)" 0
}

@test "runs do not pile up: the second, of the same list, does not wait for one that waits without limit" {
	start bi-fetch -x "$FAULTY" -b same --max-wait none http://far.test/later/1/50000/bytes/9/{x,y} >out 2>err
	poll 10 grep -q 'waiting for far.test:80' err
	run -1 --separate-stderr timeout 60 bi-fetch -x "$FAULTY" -b same http://far.test/later/1/50000/bytes/9/{x,y}
	assert_equal "$(failures)" $'2 host_busy true 0'
	run -1 --separate-stderr timeout 60 bi-fetch -x "$FAULTY" -b same --resume
	assert_equal "$(failures)" $'2 host_busy true 0'
	# The run without a limit still waits for the items that the others did not request.
	sleep 2.5
	gone "$!" && fail 'it did not wait'
	assert_equal "$(cat out)" ''
	while ! gone "$!"; do
		bi-clean release far.test >/dev/null 2>&1 || sleep 0.1
	done
	assert_equal "$(jq -s 'map(select(.status == "completed")) | length' out)" 2
	assert_equal "$(bi-status --json same | jq -r .batch_job.status)" completed
}

@test "without a limit a worker finishes what a run with one did not request" {
	held_for 50000 far.test
	seq -f 'http://far.test/bytes/9/%.0f' 200 | bi-fetch --queue -b work
	start bi-fetch -x "$FAULTY" --work --once >/dev/null 2>err
	poll 10 grep -q 'waiting for far.test:80 until' err
	run -1 --separate-stderr timeout 60 bi-fetch -x "$FAULTY" -b work --resume
	assert_equal "$(failures)" '200 host_busy true 0'
	sleep 1.5
	run -0 bi-clean release far.test
	poll 20 gone "$!"
	assert_equal "$(bi-status --json work | jq -r .batch_job.status)" completed
}

@test "bi-clean release lets every process go on soon: those that were told, and those that waited" {
	local first second

	start bi-fetch -x "$FAULTY" -b one --max-wait none http://far.test/later/1/50000/bytes/9/{x,y,z} >out.one 2>err.one
	first=$!
	poll 10 grep -q 'waiting for far.test:80' err.one
	start bi-fetch -x "$FAULTY" -b two --max-wait none http://far.test/bytes/9/two http://well.test/bytes/9/well >out.two 2>err.two
	second=$!
	poll 10 grep -q 'waiting for far.test:80' err.two
	assert_equal "$(origin_hits /two)" 0
	run -0 bi-clean -n release far.test
	assert_line --partial 'would release far.test:80, which was held back until '
	gone "$second" && fail 'it was released'
	run -0 bi-clean release http://far.test/any?thing
	assert_line --partial 'released far.test:80, which was held back until '
	poll 20 gone "$second"
	assert_equal "$(grep -c completed out.two)" 3
	# y and z may each refuse a request once.
	while ! gone "$first"; do
		bi-clean release far.test:80 >/dev/null 2>&1 || sleep 0.1
	done
	assert_equal "$(jq -s 'map(select(.status == "completed")) | length' out.one)" 3
	run -1 --separate-stderr bi-clean release far.test
	assert_equal "$stderr" "bi-clean: no host 'far.test' is held back in $BI_ROOT: \`bi-status\` shows those that are"
}

@test "release takes hosts as people name them: with a port, a URL, a group, in capitals, an address of IPv6" {
	local name

	echo 'pics.test group=pictures' >hosts.conf
	export BI_HOSTS_CONF=$PWD/hosts.conf
	for name in pics.test other.test:8080 '[::1]:8081'; do
		held_for 5000 "$name"
	done
	run -0 --separate-stderr bi-clean --json release https://PICS.test/x '[::1]:8081' OTHER.test
	assert_equal "$(jq -r 'select(.released | type == "string").released' <<<"$output")" $'pictures\n[::1]:8081\nother.test:8080'
	assert_equal "$(jq -c 'select(.end)' <<<"$output")" '{"end":"bi-clean","exit":0,"failed":0,"released":3}'
	held_for 5000 pics.test
	held_for 5000 good.test
	run -1 --separate-stderr bi-clean release pictures nothing.test good.test:8080
	assert_equal "$(wc -l <<<"$output") $(wc -l <<<"$stderr")" '1 2'
	run -0 bi-clean release good.test:80
	run -2 bi-clean release
}

@test "bi-status and --doctor name the hosts that are held back and until when, also those that an earlier version noted" {
	held_for 5000 far.test
	printf '%-20s %-20s %-20s\n' "$(($(date +%s%6N) + 3600000000))" 0 0 >"$BI_ROOT/hosts/old.test_8080"
	run -0 bi-status
	assert_line --regexp '^far.test:80 is held back until .*[0-9]{2}:[0-9]{2} \(.*\): `bi-clean release far.test:80` ends that$'
	assert_line --partial 'old.test:8080 is held back until '
	run -0 bi-status --doctor
	assert_line --regexp '^note: hosts: far.test:80 is held back until .*`bi-clean release far.test:80`$'
	run -0 --separate-stderr bi-status --doctor --json
	assert_equal "$(jq -r 'select(.check == "hosts").mend' <<<"$output" | wc -l)" 2
	run -0 bi-clean release far.test old.test
	run -0 bi-status
	refute_output --partial 'held back'
}

@test "a root whose hosts/ cannot be read is not one without hosts that are held back" {
	need_refusals
	held_for 5000 far.test
	chmod 0 "$BI_ROOT/hosts/far.test_80"
	run -77 "${AS[@]}" "$BI_BIN/bi-status"
	assert_line --partial 'Cannot tell whether hosts are held back'
	run -1 "${AS[@]}" "$BI_BIN/bi-clean" release far.test
	assert_line --partial 'cannot read all of'
	chmod 644 "$BI_ROOT/hosts/far.test_80"
}

@test "a wait of more than half a minute is said once off a terminal, a shorter one and one with -q not" {
	start bi-fetch -x "$FAULTY" -b long http://long.test/later/9/300/bytes/9/{1,2,3} >out 2>err
	start bi-fetch -x "$FAULTY" -b quiet -q http://quiet.test/later/9/300/bytes/9/x >out.quiet 2>err.quiet
	start bi-fetch -x "$FAULTY" -b short http://short.test/later/1/3/bytes/9/x >out.short 2>err.short
	poll 20 grep -q completed out.short
	poll 10 test -s err
	assert_equal "$(wc -l <err)" 1
	[[ $(<err) == 'bi-fetch: waiting for long.test:80 until '*', as it asks by Retry-After: `bi-clean release long.test:80` ends this wait' ]]
	assert_equal "$(cat err.quiet err.short)" ''
}

@test "the progress line names the host and until when" {
	start on_terminal bi-fetch -x "$FAULTY" -b long http://long.test/later/9/300/bytes/9/x http://well.test/bytes/9/x >out </dev/null
	poll 10 grep -aqE 'waiting for long.test:80 until .*[0-9]{2}:[0-9]{2}' out
	run -0 bi-clean cancel long
	poll 20 gone "$!"
}

@test "cancel ends items that wait for a host that is held back, few or many" {
	start bi-fetch -x "$FAULTY" -b held --max-wait none http://far.test/later/9/50000/bytes/9/{x,y} >out 2>err
	poll 10 grep -q 'waiting for far.test' err
	run -0 bi-clean cancel held
	poll 20 gone "$!"
	assert_equal "$(jq -r 'select(.item).error.code' out | sort | uniq -c | xargs)" '2 cancelled'
	assert_equal "$(grep -c . "$BI_ROOT/batches/held/results.ndjson")" 2
	# If there are many, bi-fetch keeps only their numbers.
	seq -f 'http://far.test/bytes/9/%.0f' 2000 >in
	start bi-fetch -x "$FAULTY" -b many --max-wait none <in >out 2>err
	poll 10 grep -q 'waiting for far.test' err
	run -0 bi-clean cancel many
	poll 20 gone "$!"
	assert_equal "$(jq -r 'select(.item).error.code' out | sort | uniq -c | xargs)" '2000 cancelled'
}

@test "a wait that is no number is an error of use" {
	for wrong in -1 x '' 5m; do
		run -2 --separate-stderr bi-fetch --max-wait "$wrong" http://a.test/
		[[ $stderr == *'--max-wait takes seconds'* ]]
	done
}
