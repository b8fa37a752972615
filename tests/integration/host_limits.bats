#!/usr/bin/env bats
# bi-fetch's manners towards a host, over all processes: transfers at once, starts a second, hold-backs, bytes a second.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# urls N PATH: N URLs of the faulty server.
urls() {
	seq -f "$FAULTY$2%.0f" "$1"
}

# starts_a_second REGEX: prints the most requests that match within any second.
starts_a_second() {
	grep -hE -- "$1" "${ORIGIN_LOGS[@]}" | cut -d' ' -f1 | sort -n | awk '
		{ t[NR] = $1; while (t[NR] - t[first + 1] >= 1000) first++; if (NR - first > most) most = NR - first }
		END { print most + 0 }'
}

# time_from_first_to_last REGEX: prints how many milliseconds lie between the first and the last request that match.
time_from_first_to_last() {
	grep -hE -- "$1" "${ORIGIN_LOGS[@]}" | cut -d' ' -f1 | sort -n | sed -n '1p;$p' | xargs | { read -r first last && echo $((last - first)); }
}

# time_of REGEX: prints when, in milliseconds, the first request that matches came in.
time_of() {
	grep -hE -m1 -- "$1" "${ORIGIN_LOGS[@]}" | cut -d' ' -f1
}

hits_at_least() {
	[ "$(origin_hits "$2")" -ge "$1" ]
}

@test 'four processes on one host keep its transfers at once and starts a second together' {
	local n=15 rate=20 i pids=() most

	[ -z "${BI_LONG:-}" ] || n=500 rate=5
	faulty_start
	for i in 1 2 3 4; do
		urls "$n" "/slow/20/bytes/20/p$i-" >"in$i"
		start bi-fetch -b "b$i" --per-host 2 --rate "$rate" <"in$i" >"out$i" 2>"err$i"
		pids+=("$!")
	done
	for i in "${pids[@]}"; do
		poll $((n * 8 / rate + 30)) gone "$i"
	done
	assert_equal "$(cat err*)" ''
	assert_equal "$(cat out* | jq -s 'map(select(.status == "completed")) | length')" $((4 * n))
	assert_equal "$(origin_hits /bytes/)" $((4 * n))
	[ "$(origin_peak /bytes/)" -le 2 ]
	# A busy machine takes note of some later than they came. host_limits_pace_test.c counts them exactly.
	most=$(starts_a_second /bytes/)
	[ "$most" -le $((rate * 3 / 2)) ]
	[ "$(time_from_first_to_last /bytes/)" -ge $(((4 * n - rate) * 1000 / rate - 500)) ]
	# As fast as it may be, but for noise: what is not used is not lost.
	[ "$most" -ge $((rate / 2)) ]
}

@test "processes that share a batch use all of the pace: a start is not counted for an item that another has" {
	local i pids=()

	faulty_start
	for i in $(seq 200); do
		echo "http://h$((i % 10)).test/bytes/20/s$i"
	done >in
	for i in 1 2 3 4 5 6; do
		start bi-fetch -x "$FAULTY" --rate 10 <in >"out$i" 2>"err$i"
		pids+=("$!")
	done
	for i in "${pids[@]}"; do
		poll 60 gone "$i"
	done
	assert_equal "$(cat err*)" ''
	assert_equal "$(origin_hits /bytes/)" 200
	# Ten hosts together start 90 in a second. Of six processes that count starts for nothing, it would be 15.
	[ "$(starts_a_second /bytes/)" -ge 45 ]
	[ "$(starts_a_second 'h1[.]test')" -le 15 ]
}

@test "a process that is killed with -9: its slots are another's at once" {
	local holder killed

	faulty_start
	urls 2 /slow/600000/bytes/20/held- >in
	start bi-fetch -b held --per-host 2 <in >out.held 2>&1
	holder=$!
	poll 10 hits_at_least 2 /held-
	start bi-fetch -b next --per-host 2 "$FAULTY/bytes/20/next" >out 2>err
	# It waits: nothing is asked for while both slots are held.
	poll 10 test -e "$BI_ROOT/batches/next/state"
	sleep 0.3
	assert_equal "$(origin_hits /next)" 0
	killed=$(date +%s%3N)
	kill -KILL "$holder"
	poll 10 hits_at_least 1 /next
	[ $(($(time_of /next) - killed)) -lt 30000 ]
	poll 10 grep -q completed out
}

@test "processes that were told different caps: the lowest of the living counts" {
	local low

	faulty_start
	urls 2 /slow/1500/bytes/20/low- >in
	start bi-fetch -b low --per-host 1 <in >out.low 2>&1
	low=$!
	poll 10 hits_at_least 1 /low-
	run -0 --separate-stderr bi-fetch -b high --per-host 8 < <(urls 24 /slow/200/bytes/20/high-)
	gone "$low" || poll 10 gone "$low"
	# While the first lived there was one at a time, behind it up to eight.
	assert_equal "$(sed "/$(grep -hoE 'low-2$' "${ORIGIN_LOGS[@]}")/q" "${ORIGIN_LOGS[@]}" | cut -d' ' -f2 | sort -n | tail -n 1)" 1
	[ "$(origin_peak /high-)" -gt 1 ]
	[ "$(origin_peak .)" -le 8 ]
}

@test "a slow host with hundreds of items first holds back no other" {
	local slow

	faulty_start
	slow=$FAULTY
	faulty_start
	{
		seq -f "$slow/slow/60000/bytes/20/slow-%.0f" 300
		urls 300 /bytes/20/quick-
	} >in
	start bi-fetch <in >out 2>&1
	poll 10 hits_at_least 300 /quick-
	assert_equal "$(origin_hits /slow-)" 6
}

@test "very many hosts that are slow hold back no other, and a host's last items are not forgotten" {
	local i

	faulty_start
	{
		for i in $(seq 60); do
			seq -f "http://slow$i.test/slow/60000/bytes/20/slow-%.0f" 100
		done
		seq -f "http://quick.test/bytes/20/quick-%.0f" 200
	} >in
	start bi-fetch -x "$FAULTY" -P 200 --per-host 2 <in >out 2>&1
	poll 30 hits_at_least 200 /quick-
}

@test 'a 429 holds the whole host back, in every process' {
	local first second

	faulty_start
	start bi-fetch -b one "$FAULTY/later/1/2/bytes/20/one" >out.one 2>&1
	poll 10 hits_at_least 1 /one
	poll 10 test -s "$(echo "$BI_ROOT"/hosts/127.*)"
	run -0 --separate-stderr bi-fetch -b two "$FAULTY/bytes/20/two"
	poll 10 grep -q completed out.one
	first=$(time_of /one)
	second=$(time_of /two)
	[ $((second - first)) -ge 2000 ]
	[ $(($(grep -h /one "${ORIGIN_LOGS[@]}" | tail -n 1 | cut -d' ' -f1) - first)) -ge 2000 ]
	assert_equal "$(origin_hits .)" 3
}

@test "429 in the midst of many: nothing starts for as long as the server says" {
	local held

	faulty_start
	run -0 --separate-stderr bi-fetch --per-host 2 < <(
		urls 5 /bytes/20/before-
		echo "$FAULTY/later/1/2/bytes/20/held"
		urls 20 /slow/50/bytes/20/after-
	)
	held=$(time_of /held)
	assert_equal "$(origin_hits /held)" 2
	# One may have been under way beside it, and asked for as the answer came.
	[ "$(grep -h . "${ORIGIN_LOGS[@]}" | awk -v t="$held" '$1 > t + 100 && $1 < t + 2000' | wc -l)" -eq 0 ]
}

@test 'hosts.conf sets transfers at once, groups of hosts and the need of a contact' {
	faulty_start
	cat >conf <<-END
		127.0.0.1 slots=1
		*.one.test group=one slots=2 contact=required
	END
	BI_HOSTS_CONF=$PWD/conf run -0 --separate-stderr bi-fetch < <(urls 6 /slow/20/bytes/20/a)
	assert_equal "$(origin_peak /a)" 1

	# Nothing is asked of a host that wants a contact, before it has one.
	BI_HOSTS_CONF=$PWD/conf run -1 --separate-stderr bi-fetch -x "$FAULTY" http://a.one.test/bytes/20/b1
	assert_equal "$(jq -r 'select(.item) | "\(.error.code) \(.error.retryable)"' <<<"$output")" 'host_given_up true'
	assert_output --partial -- --contact
	assert_equal "$(origin_hits /b1)" 0

	seq -f 'http://%.0f.one.test/slow/20/bytes/20/c' 8 >in
	BI_HOSTS_CONF=$PWD/conf BI_CONTACT=me@example.org run -0 --separate-stderr bi-fetch -x "$FAULTY" <in
	assert_equal "$(origin_peak /c)" 2

	# The command line counts over the rule.
	BI_HOSTS_CONF=$PWD/conf run -0 --separate-stderr bi-fetch --per-host 4 < <(urls 12 /slow/100/bytes/20/d)
	[ "$(origin_peak /d)" -gt 1 ]
}

@test "Wikimedia's hosts are asked nothing without a contact, and two transfers at once with one" {
	faulty_start
	seq -f "http://upload.wikimedia.org/slow/50/bytes/20/w%.0f" 8 >in
	run -1 --separate-stderr bi-fetch -x "$FAULTY" <in
	assert_equal "$(origin_hits .)" 0
	run -0 --separate-stderr bi-fetch -x "$FAULTY" --contact me@example.org <in
	assert_equal "$(origin_peak /w)" 2
}

@test '--limit-rate limits the bytes of all processes together' {
	local begun i pids=()

	faulty_start
	begun=${EPOCHREALTIME/./}
	for i in 1 2; do
		start bi-fetch -b "b$i" --limit-rate 100k "$FAULTY/bytes/150000/$i" >"out$i" 2>&1
		pids+=("$!")
	done
	for i in "${pids[@]}"; do
		poll 30 gone "$i"
	done
	assert_equal "$(cat out* | jq -s 'map(select(.bytes == 150000)) | length')" 2
	# 300 KB at 100 KiB/s, but for the last piece of each.
	[ $(((${EPOCHREALTIME/./} - begun) / 1000)) -ge 1500 ]
	# Another host is not held back.
	begun=${EPOCHREALTIME/./}
	run -0 bi-fetch -b fast "$FAULTY/bytes/3000000/fast"
	[ $(((${EPOCHREALTIME/./} - begun) / 1000)) -lt 20000 ]
}
