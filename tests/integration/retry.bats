#!/usr/bin/env bats
# bi-fetch: what is tried again, when, and what is not; large downloads that were cut go on.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# requests_at REGEX: when each request that matches came, in milliseconds.
requests_at() {
	grep -hE -- "$1" "${ORIGIN_LOGS[@]}" | cut -d' ' -f1 | sort -n
}

# gap REGEX: the milliseconds between the first of them and the second.
gap() {
	requests_at "$1" | sed -n '1h;2{G;s/\n/ /p}' |
		{ read -r second first && echo $((second - first)); }
}

codes() {
	jq -r 'select(.status == "failed") | "\(.error.code) \(.error.retryable)"' <<<"$output" | sort | uniq -c | sed 's/^ *//'
}

hits_at_least() {
	[ "$(origin_hits "$2")" -ge "$1" ]
}

# sum_of NAME: the SHA-256 of what the faulty server has at a path, fetched without any mishap.
sum_of() {
	curl -sS "$FAULTY$1" | sha256sum | cut -d' ' -f1
}

@test 'Retry-After is waited for in seconds or to a date; else the usual wait counts' {
	local at date past

	faulty_start
	at=$(($(date +%s) + 5))
	date=$(date -u -d "@$at" '+%a,%%20%d%%20%b%%20%Y%%20%H:%M:%S%%20GMT')
	past='Fri,%2001%20Jan%201999%2000:00:00%20GMT'
	# One host each, or they would hold each other back.
	printf "%s\n" "http://seconds.test/later/1/2/bytes/9/seconds" "http://date.test/later/1/$date/bytes/9/date" \
		"http://past.test/later/1/$past/bytes/9/past" "http://minus.test/later/1/-5/bytes/9/minus" \
		"http://none.test/later/1//bytes/9/none" >in
	run -0 --separate-stderr bi-fetch -x "$FAULTY" --backoff 0.2 <in
	assert_equal "$(jq -s 'map(select(.attempts == 2)) | length' <<<"$output")" 5
	[ "$(gap /seconds)" -ge 2000 ]
	# Not before the date, however late this machine began.
	[ "$(requests_at /date | tail -n 1)" -ge "${at}000" ]
	[ "$(gap /past)" -ge 200 ]
	[ "$(gap /past)" -lt 30000 ]
	[ "$(gap /minus)" -ge 200 ]
	[ "$(gap /none)" -ge 200 ]
	[ "$(gap /none)" -lt 30000 ]
}

@test "a width that is no step is asked for once, whatever the status" {
	faulty_start
	run -1 --separate-stderr bi-fetch --backoff 0.05 \
		"$FAULTY/says/429/Use%20thumbnail%20steps%20listed%20on%20https:%2f%2fw.wiki%2fGHai" \
		"$FAULTY/says/400/see%20https:%2f%2fw.wiki%2fGHai" "$FAULTY/bytes/20/other"
	assert_equal "$(codes)" '2 bad_width false'
	assert_equal "$(origin_hits .)" 3
	# The host is not held back: it is the URL that is wrong.
	assert_equal "$(jq -s 'map(select(.status == "completed")) | length' <<<"$output")" 1
}

@test "403 for a User-Agent without a contact: one request, then no more of that host" {
	faulty_start
	{
		echo "$FAULTY/says/403/https:%2f%2fw.wiki%2f4wJS"
		seq -f "$FAULTY/bytes/20/%.0f" 100
		echo "${FAULTY/127.0.0.1/localhost}/bytes/20/other"
	} >in
	run -1 --separate-stderr bi-fetch --per-host 1 --backoff 0.05 <in
	assert_equal "$(codes)" $'1 agent_refused false\n100 host_given_up true'
	assert_equal "$(origin_hits .)" 2
	assert_equal "$(jq -rs 'map(select(.status == "completed").url)[0]' <<<"$output")" "$(tail -n 1 in)"
}

@test "the last that sleeps is tried again though nothing else runs" {
	faulty_start
	SECONDS=0
	run -0 --separate-stderr timeout 60 bi-fetch --backoff 0.1 "$FAULTY/flaky/3/bytes/20/a"
	assert_equal "$(jq -s '.[0].attempts' <<<"$output")" 4
	assert_equal "$(origin_hits /a)" 4
	[ "$SECONDS" -lt 30 ]
}

@test "a host that refuses connections is given up; its other items fail at once, and may be tried later" {
	local dead

	faulty_start
	# A port that was free just now, and that nobody listens on.
	start "$BI_BUILD/tests/origin" dead.log < <(exec sleep 0.2) >dead.port
	poll 10 test -s dead.port
	poll 10 gone "$!"
	dead=http://127.0.0.1:$(<dead.port)
	{
		seq -f "$dead/%.0f" 400
		echo "$FAULTY/bytes/20/alive"
	} >in
	SECONDS=0
	run -1 --separate-stderr timeout 120 bi-fetch --tries 20 --backoff 0.1 --give-up 1 --per-host 2 <in
	[ "$SECONDS" -lt 60 ]
	assert_equal "$(jq -s 'map(select(.status == "failed") | .error | select(.retryable)) | length' <<<"$output")" 400
	assert_equal "$(jq -rs 'map(select(.status == "failed").error.code) | unique | join(" ")' <<<"$output")" \
		'connect_failed host_given_up'
	[ "$(jq -s 'map(select(.error.code == "connect_failed")) | length' <<<"$output")" -le 100 ]
	assert_equal "$(jq -s 'map(select(.status == "completed")) | length' <<<"$output")" 1
}

@test "--retry without a line to work on says that --resume does" {
	run -0 --separate-stderr bi-fetch --retry failed -b x </dev/null
	assert_equal "$stderr" 'bi-fetch: no line was read: --resume works on all that the batch has'
	run -0 --separate-stderr bi-fetch -b x </dev/null
	assert_equal "$stderr" ''
}

@test "--retry failed asks for exactly what failed for good, --retry status= for those it names" {
	faulty_start
	{
		seq -f "$FAULTY/status/404/gone%.0f" 10
		seq -f "$FAULTY/status/403/kept%.0f" 5
		seq -f "$FAULTY/bytes/20/ok%.0f" 20
		echo "$FAULTY/status/501/never"
	} >in
	run -1 bi-fetch --tries 1 <in
	run -1 bi-fetch --tries 1 <in
	assert_equal "$(origin_hits .)" 36
	run -1 bi-fetch --tries 1 --retry status=404 <in
	assert_equal "$(origin_hits /gone)" 20
	assert_equal "$(origin_hits .)" 46
	run -1 bi-fetch --tries 1 --retry status=5xx,403 --resume
	assert_equal "$(origin_hits /kept)" 10
	assert_equal "$(origin_hits /never)" 2
	assert_equal "$(origin_hits .)" 52
	run -1 bi-fetch --tries 1 --retry failed <in
	assert_equal "$(origin_hits .)" 68
	assert_equal "$(origin_hits /ok)" 20
	run -1 bi-fetch --tries 1 --retry status=timeout <in
	assert_equal "$(origin_hits .)" 68
}

@test '--retry with an unknown word is exit 2' {
	local what

	for what in all '' status status= 'status=,' 'status=404,' 'status=,404' status=40 status=4x4 status=999 \
		status=4xxx 'status=4 4' 404; do
		run -2 --separate-stderr bi-fetch --retry "$what" http://127.0.0.1:1/
		assert_equal "$output" ''
		[[ $stderr == *--retry* ]] || fail "$what: $stderr"
	done
	[ ! -e "$BI_ROOT" ]
}

@test "a large download that is cut goes on where it stopped" {
	local path=/cutfirst/2/1500000/ranged/bytes/4000000/big.bin

	faulty_start
	run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
	assert_equal "$(sed 's/.*big.bin *//' "${ORIGIN_LOGS[0]}" | sort -V | xargs)" 'bytes=1500000- bytes=3000000-'
	assert_equal "$(jq -rs '.[0] | "\(.bytes) \(.attempts)"' <<<"$output")" '4000000 3'
	assert_equal "$(jq -rs '.[0].sha256' <<<"$output")" "$(sum_of "$path")"
	assert_equal "$(sha256sum <"$BI_ROOT/batches/default/$(jq -rs '.[0].path' <<<"$output" | sed 's#.*/files/#files/#')")" \
		"$(sum_of "$path")  -"
	assert_equal "$(ls -A "$BI_ROOT/temp")" ''
}

@test 'a download that is cut within the first piece goes on where it stopped' {
	local path=/cutfirst/1/1000/ranged/bytes/200000/small.bin

	faulty_start
	run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
	grep -q 'small.bin bytes=1000-' "${ORIGIN_LOGS[@]}"
	assert_equal "$(jq -rs '.[0].sha256' <<<"$output")" "$(sum_of "$path")"
}

@test 'a download whose file has changed, or may have, begins anew' {
	local path

	faulty_start
	# Another ETag: the server sends all of the new one.
	path=/cutfirst/1/1500000/changing/bytes/2000000/changed.bin
	run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
	grep -q 'changed.bin bytes=1500000-' "${ORIGIN_LOGS[@]}"
	assert_equal "$(jq -rs '.[0].bytes' <<<"$output")" 2000000
	# The body of the second request is another than that of the third.
	assert_equal "$(jq -rs '.[0].sha256' <<<"$output")" \
		"$(sha256sum "$BI_ROOT"/batches/default/files/i1_1.* | cut -d' ' -f1)"
	[ "$(head -c 2000000 "$BI_ROOT"/batches/default/files/i1_1.* | tail -c 500000 | sha256sum)" != \
		"$(curl -sS "$FAULTY$path" | tail -c 500000 | sha256sum)" ]

	# No ETag, no Range.
	path=/cutfirst/1/1500000/bytes/2000000/plain.bin
	run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
	run ! grep -q 'plain.bin bytes=' "${ORIGIN_LOGS[@]}"
	run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
	assert_equal "$(jq -rs '.[0].sha256' <<<"$output")" "$(sum_of "$path")"

	# It promises ranges and has none: all comes again.
	path=/cutfirst/1/1500000/header/Accept-Ranges%3A%20bytes/header/ETag%3A%20%22a%22/bytes/2000000/promised.bin
	run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
	grep -q 'promised.bin bytes=1500000-' "${ORIGIN_LOGS[@]}"
	assert_equal "$(jq -rs '.[0].sha256' <<<"$output")" "$(sum_of "$path")"

	# A weak ETag, a date that is too new.
	for path in /cutfirst/1/1500000/header/Accept-Ranges%3A%20bytes/header/ETag%3A%20W%2f%22a%22/bytes/2000000/weak.bin \
		"/cutfirst/1/1500000/header/Accept-Ranges%3A%20bytes/header/Last-Modified%3A%20Fri,%2001%20Jan%201999%2000:00:00%20GMT/header/Date%3A%20Fri,%2001%20Jan%201999%2000:00:01%20GMT/bytes/2000000/new.bin"; do
		run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
		run ! grep -qE '(weak|new).bin bytes=' "${ORIGIN_LOGS[@]}"
		run -0 bi-fetch --backoff 0.05 "$FAULTY$path"
	done
}

@test 'a download begins anew when the server does not have the range' {
	local path=/cutfirst/1/1500000/header/Accept-Ranges%3A%20bytes/header/ETag%3A%20%22a%22

	faulty_start
	# 416 to the second request; the third has all.
	run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY/once416$path/bytes/2000000/range.bin"
	assert_equal "$(sed 's/.*range.bin *//' "${ORIGIN_LOGS[0]}" | xargs)" 'bytes=1500000-'
	assert_equal "$(origin_hits range.bin)" 3
	assert_equal "$(jq -rs '.[0].bytes' <<<"$output")" 2000000
}

@test 'a subject that had no candidates: its item goes when its source has some, and only then' {
	lost() {
		echo '{"subject":{"id":7,"name":"A"},"source":"'"$1"'","status":"failed","error":{"code":"no_candidates","message":"nothing","retryable":false}}'
		echo '{"end":"bi-source","exit":1}'
	}
	found() {
		echo '{"subject":{"id":'"$2"',"name":"A"},"source":"'"$1"'","rank":1,"file":"'"$PWD"'/picture"}'
		echo '{"end":"bi-source","exit":0}'
	}
	counts() {
		run bi-status --json --limit 0 t
		assert_equal "$(jq -c '.batch_job | [.total_items, .completed_items, .failed_items]' <<<"$output")" "$1"
	}

	echo picture >picture
	lost a | bi-fetch -q -b t || :
	counts '[1,0,1]'
	found a 8 | bi-fetch -q -b t
	found b 7 | bi-fetch -q -b t
	counts '[3,2,1]' # another subject, and another source
	found a 7 | bi-fetch -q -b t
	counts '[2,2,0]'
	lost a | bi-fetch -q -b t || :
	counts '[3,2,1]'
	found a 7 | bi-fetch -q -b t
	counts '[2,2,0]'
}
