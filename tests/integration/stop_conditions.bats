#!/usr/bin/env bats
# The options with which bi-fetch ends before its work is done: failures in a row, free space, bytes, speed.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

setup() {
	bi_setup
	faulty_start
}

# fetch ARG...: runs bi-fetch with the faulty server as proxy, so that each name is a host.
fetch() {
	timeout 120 bi-fetch -x "$FAULTY" --backoff 0.05 "$@"
}

# states [BATCH]: how many items of the batch are in each state.
states() {
	bi-status --json "${1:-default}" | jq -r '.batch_job | "\(.completed_items) completed \(.failed_items) failed \(.pending_items) pending"'
}

# bytes_stored [BATCH]: the size of all files of the batch.
bytes_stored() {
	find "$BI_ROOT/batches/${1:-default}/files" -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }'
}

end_record() {
	jq -c 'select(.end) | {completed, exit, failed}' <<<"$output"
}

# --- --stop-after ---

@test "--stop-after leaves the other items of a host pending, and the others go on" {
	{
		seq -f 'http://login.test/status/403/%.0f' 200
		seq -f 'http://well.test/bytes/9/%.0f' 100
		seq -f 'http://far.test/status/404/%.0f' 2
	} >in
	run -75 --separate-stderr fetch --stop-after 3 --per-host 1 <in
	assert_equal "$(jq -r 'select(.status == "completed").url' <<<"$output" | grep -c well.test)" 100
	assert_equal "$(states)" '100 completed 5 failed 197 pending'
	assert_equal "$(end_record)" '{"completed":100,"exit":75,"failed":5}'
	assert_equal "$(origin_hits login.test)" 3
	[[ $stderr == *'bi-fetch: login.test:80: 3 items failed one after the other, the last with http_403: its other items stay pending (--stop-after)'* ]]
	[[ $stderr == *'bi-fetch: 197 items of 1 host are pending (--stop-after): `bi-status -i -f` says why the others failed; mend that and run the same command again'* ]]
	# The same command continues with the others.
	run -75 --separate-stderr fetch --stop-after 3 --per-host 1 <in
	assert_equal "$(states)" '100 completed 8 failed 194 pending'
	run -1 --separate-stderr fetch --resume --stop-after 1000
	assert_equal "$(states)" '100 completed 202 failed 0 pending'
}

@test "--stop-after counts what failed after all tries, what --accept refuses, and missing files; a success begins anew" {
	local i

	run -75 --separate-stderr fetch -b tries --tries 2 --stop-after 2 --per-host 1 http://bad.test/status/500/{1,2,3,4}
	assert_equal "$(states tries)" '0 completed 2 failed 2 pending'
	[ "$(origin_hits bad.test)" -ge 4 ]
	# The page after a login has expired.
	run -75 --separate-stderr fetch -b login --accept 'image/*' --stop-after 4 --per-host 1 < <(seq -f 'http://page.test/says/200/login?%.0f' 1000)
	[[ $(states login) == '0 completed '* ]]
	[ "$(bi-status --json login | jq '.batch_job.pending_items')" -gt 700 ]
	run -75 --separate-stderr fetch -b redirected --stop-after 4 --per-host 1 < <(
		seq -f 'http://here.test/to/302/http:%%2f%%2flogin.test%%2fstatus%%2f403%%2f%.0f' 1000
		seq -f 'http://login.test/bytes/9/%.0f' 20
	)
	assert_equal "$(jq -r 'select(.status == "completed").url' <<<"$output" | grep -c login.test)" 20
	[ "$(bi-status --json redirected | jq '.batch_job.pending_items')" -gt 700 ]
	run -75 --separate-stderr fetch -b files --stop-after 5 < <(seq -f "$PWD/missing%.0f" 500)
	[[ $stderr == *'files of this machine: '* ]]
	for i in 1 2 3 4 5; do
		echo "http://mixed.test/status/404/$i"
		echo "http://mixed.test/bytes/9/$i"
	done >in
	run -1 --separate-stderr fetch -b mixed --stop-after 2 --per-host 1 <in
	assert_equal "$(states mixed)" '5 completed 5 failed 0 pending'
	# Invalid lines do not count for any host.
	run -1 --separate-stderr fetch -b lines --stop-after 2 < <(printf 'ftp://x/%s\n' 1 2 3 4 5; echo http://well.test/bytes/9/x)
	assert_equal "$(states lines)" '1 completed 5 failed 0 pending'
}

@test "--stop-after ends the run when so many hosts fail and nothing succeeds in between" {
	run -75 --separate-stderr fetch -b many --stop-after 5 -P 1 < <(seq -f 'http://host%.0f.test/status/503/x' 300)
	[ "$(bi-status --json many | jq '.batch_job.pending_items')" -gt 200 ]
	[[ $stderr == *'stopped by --stop-after: items of '*' hosts failed, and none was completed in between; what is not done is pending'* ]]
	# The same hosts, but every second one answers.
	run -1 --separate-stderr fetch -b mixed --tries 1 --stop-after 5 -P 1 < <(for i in {1..20}; do echo "http://bad$i.test/status/404/x" && echo "http://good$i.test/bytes/9/x"; done)
	assert_equal "$(states mixed)" '20 completed 20 failed 0 pending'
	run -75 --separate-stderr fetch -b one --stop-after 1 -P 1 http://a.test/status/404/1 http://b.test/bytes/9/{1..500}
	[ "$(bi-status --json one | jq '.batch_job.pending_items')" -gt 0 ]
}

@test "--stop-after ends what sleeps until its next try, and a worker" {
	SECONDS=0
	run -75 --separate-stderr fetch -b sleep --backoff 3600 --max-wait none --stop-after 2 --per-host 1 http://bad.test/{status/404/1,status/500/2,status/404/3,status/404/4}
	[ "$SECONDS" -lt 60 ]
	assert_equal "$(states sleep)" '0 completed 2 failed 2 pending'
	seq -f 'http://login.test/status/403/%.0f' 200 | bi-fetch --queue -b work
	run -75 --separate-stderr fetch --work --stop-after 3 --per-host 1
	assert_equal "$(states work)" '0 completed 3 failed 197 pending'
	assert_equal "$(ls "$BI_ROOT/queue")" work
}

@test "--stop-after: members of archives that wait for one that is left do not keep the run" {
	"$BI_BUILD/tests/archive" zip a.zip one.txt=one two.txt=two
	run -0 --separate-stderr fetch --expand -b zip "http://zip.test/file/${PWD//\//%2f}%2fa.zip"
	for i in 1 2 3; do
		echo "http://zip.test/status/404/$i"
	done >in
	echo "http://zip.test/file/${PWD//\//%2f}%2fa.zip?again" >>in
	run -75 --separate-stderr fetch --expand -b zip --per-host 1 --stop-after 2 <in
	run -1 --separate-stderr fetch --expand -b zip --resume
	assert_equal "$(bi-status --json zip | jq '.batch_job.pending_items')" 0
}

# --- --max-total ---

@test "--max-total: never more is stored, as much as fits is, and the next runs go on to the end" {
	local runs=0 stored before=0

	seq -f 'http://a.test/drip/50/bytes/50000/%.0f' 40 >in
	until fetch --max-total 300k <in >out 2>err; do
		runs=$((runs + 1))
		[ "$runs" -lt 30 ]
		[[ $(<err) == 'bi-fetch: stopped by --max-total 307 KB: this run has stored '*'what is not done is pending: run the same command again to go on' ]]
		stored=$(bytes_stored)
		[ $((stored - before)) -le $((300 * 1024)) ]
		[ $((stored - before)) -ge 150000 ]
		before=$stored
	done
	[ "$runs" -ge 6 ]
	assert_equal "$(states)" '40 completed 0 failed 0 pending'
}

@test "--max-total: an item that is larger alone fails, said or not, and the others are stored" {
	run -1 --separate-stderr fetch --max-total 100k http://a.test/{bytes/200000/large,length/9000000000000/bytes/5/liar,bytes/50000/small}
	assert_equal "$(jq -r 'select(.status == "failed").error | "\(.code) \(.retryable)"' <<<"$output" | sort | uniq -c | xargs)" '2 too_large true'
	[[ $(jq -r 'select(.status == "failed").error.message' <<<"$output") == *'102400 bytes that --max-total allows'* ]]
	assert_equal "$(bytes_stored)" 50000
	run -1 --separate-stderr fetch --max-total 100k http://a.test/nolength/bytes/300000/unsaid
	assert_equal "$(jq -r 'select(.status == "failed").error | "\(.code) \(.retryable)"' <<<"$output")" 'too_large true'
}

@test "--max-total counts files of this machine and members of archives" {
	local i

	mkdir files
	for i in 1 2 3 4 5 6; do
		head -c 100000 /dev/urandom >"files/$i"
	done
	run -75 --separate-stderr fetch -b files --max-total 250k files/*
	[ "$(bytes_stored files)" -le 256000 ]
	[ "$(bytes_stored files)" -ge 100000 ]
	tar -cf a.tar files
	run -75 --separate-stderr fetch -b tar --expand --max-total 900k a.tar
	[ "$(bytes_stored tar)" -le 921600 ]
	run -0 --separate-stderr fetch -b tar --expand a.tar
	assert_equal "$(states tar)" '7 completed 0 failed 0 pending'
	# A limit that is exactly enough stops nothing.
	run -0 --separate-stderr fetch -b enough --max-total 600000 files/*
}

@test "a part of a large file that a limit cut stays, and the next run goes on with it" {
	run -75 --separate-stderr fetch --max-total 5M http://a.test/drip/300/ranged/bytes/3000000/{1,2,3}
	[ "$(bytes_stored)" -le $((5 << 20)) ]
	run -0 --separate-stderr fetch --resume
	assert_equal "$(states)" '3 completed 0 failed 0 pending'
	[ "$(grep -hc 'bytes=' "${ORIGIN_LOGS[@]}")" -ge 1 ]
}

# --- --min-free ---

# in_small_root SIZE SCRIPT: runs SCRIPT with a root of SIZE bytes.
in_small_root() {
	mkdir -p "$BI_ROOT"
	run --separate-stderr "${NAMESPACES[@]}" bash -c "mount -t tmpfs -o size=$1 small \"$BI_ROOT\" && $2"
}

@test "--min-free: what would be free stays free, of downloads, files and archives, and with room the run goes on" {
	local least free

	need_namespaces --mount
	export FAULTY
	seq -f 'http://a.test/drip/100/bytes/200000/%.0f' 100 >in
	mkdir files
	for i in {1..30}; do
		head -c 400000 /dev/urandom >"files/$i"
	done
	tar -cf a.tar files
	in_small_root 10m '
		free() { df -B1 --output=avail "$BI_ROOT" | tail -n 1; }
		bi-fetch -x "$FAULTY" -b web --min-free 4M <in >web.out 2>web.err; echo "$?" >web.code; free >web.free
		mount -o remount,size=14m small "$BI_ROOT"
		bi-fetch -b files --min-free 4M files/* >files.out 2>files.err; echo "$?" >files.code; free >files.free
		mount -o remount,size=32m small "$BI_ROOT"
		bi-fetch -b tar --min-free 4M --expand a.tar >tar.out 2>tar.err; echo "$?" >tar.code; free >tar.free
		bi-fetch -x "$FAULTY" -b none --min-free 1G http://a.test/bytes/9/none >none.out 2>none.err; echo "$?" >none.code
		mount -o remount,size=100m small "$BI_ROOT"
		bi-fetch -x "$FAULTY" -b web --min-free 4M <in >again.out 2>again.err; echo "$?" >again.code
		bi-fetch -b tar --min-free 4M --expand a.tar >again.out 2>again.err; echo "$?" >>again.code
	'
	assert_equal "$status" 0
	for what in web files tar; do
		assert_equal "$what $(<"$what.code")" "$what 74"
		# A margin for directories and results.
		[ "$(<"$what.free")" -ge $(((4 << 20) - 300000)) ]
		[[ $(<"$what.err") == *"bi-fetch: stopped by --min-free: less than 4.2 MB would be free on the disk of $BI_ROOT; what is not done is pending: make room and run the same command again" ]]
		[ "$(jq -s 'map(select(.status == "completed")) | length' "$what.out")" -ge 1 ]
		assert_equal "$(jq -s 'map(select(.status == "failed")) | length' "$what.out")" 0
	done
	assert_equal "$(<none.code) $(origin_hits /none)" '74 0'
	assert_equal "$(xargs <again.code)" '0 0'
}

@test "a full disk is still one where --min-free is given and others write" {
	need_namespaces --mount
	export FAULTY
	in_small_root 4m 'bi-fetch -x "$FAULTY" --min-free 1 --stop-after 3 http://a.test/{bytes/3000000/{1,2,3},bytes/9/{4,5,6}} >out 2>err; echo "$?" >code'
	assert_equal "$(<code)" 74
	assert_equal "$(jq -s 'map(select(.status == "failed")) | length' out)" 0
}

# --- --min-speed ---

@test "--min-speed: a slow transfer is a failed attempt, which the next one continues" {
	run -1 --separate-stderr fetch --tries 1 --min-speed 100k/2 http://slow.test/drip/60000/bytes/100000/x http://quick.test/bytes/100000/x
	assert_equal "$(jq -r 'select(.status == "failed").error | "\(.code) \(.retryable)"' <<<"$output")" 'timeout true'
	assert_equal "$(jq -s 'map(select(.status == "completed")) | length' <<<"$output")" 1
	run -0 --separate-stderr fetch -b again --tries 2 --min-speed 10k/1 http://slow.test/ranged/stallfirst/1/2000000/bytes/4000000/x
	assert_equal "$(jq 'select(.item).attempts' <<<"$output")" 2
	assert_equal "$(grep -hc 'bytes=2000000-' "${ORIGIN_LOGS[@]}")" 1
	# Fast enough, and slow only because of a limit in hosts.conf.
	run -0 --separate-stderr fetch -b limited --min-speed 1M/1 --limit-rate 40k http://limited.test/bytes/160000/x
	run -0 --separate-stderr fetch -b steady --min-speed 1k/1 http://steady.test/drip/3000/bytes/100000/x
}

@test "wrong amounts are errors of use" {
	for wrong in '--stop-after 0' '--stop-after x' '--min-free 0' '--min-free 5x' '--max-total -1' '--min-speed 0' '--min-speed 5k/' \
		'--min-speed 5k/x' '--min-speed /5' '--min-speed 5k/61' '--min-speed 5k --stall-timeout 20'; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr bi-fetch $wrong http://a.test/
		[ "$stderr" ]
	done
}
