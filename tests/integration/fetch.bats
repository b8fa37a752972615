#!/usr/bin/env bats
# bi-fetch: what it asks of whom, how often, and what it says and keeps of it.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr and stderr_lines
load helpers

# results FILE FILTER...: the result records of FILE through jq, in the order of their items.
results() {
	local file=$1

	shift
	command jq -rs "map(select(.item)) | sort_by(.item)[] | $*" "$file"
}

# whole FILE: every completed record of FILE names a file of the length and sum that it says.
whole() {
	jq -r 'select(.status == "completed") | [.sha256, .path, .bytes] | @tsv' "$1" >"$1.tsv"
	[ -s "$1.tsv" ] || return
	while IFS=$'\t' read -r sum path bytes; do
		[ "$(stat -c %s "$path")" = "$bytes" ] || return
		echo "$sum  $path"
	done <"$1.tsv" | sha256sum --check --quiet
}

# sum URL: what the origin sends for it.
sum() {
	curl -sfL "$1" | sha256sum | cut -d' ' -f1
}

count_lines() {
	[ "$(wc -l <"$1")" = "$2" ]
}

@test "URLs from operands are stored as the origin's bytes, named by subject, place and content" {
	mkdir origin
	printf '%%PDF-1.4\nnot more\n%%%%EOF\n' >origin/a.txt
	printf '<!doctype html><html><title>x</title></html>\n' >origin/b.dat
	printf 'GIF89a\001\000\001\000\200\000\000\000\000\000\377\377\377,\000\000\000\000\001\000\001\000\000\002\002D\001\000;' >origin/c
	origin_start
	run -0 --separate-stderr bi-fetch -b M_batch1 "$ORIGIN/a.txt" "$ORIGIN/b.dat" "$ORIGIN/c"
	assert_equal "$stderr" ''
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(tail -n 1 out)" '{"end":"bi-fetch","completed":3,"failed":0,"exit":0}'
	assert_equal "$(results out '[.batch, .item, .status, .mime, .attempts, .url] | map(tostring) | join(" ")')" \
		"M_batch1 1 completed application/pdf 1 $ORIGIN/a.txt
M_batch1 2 completed text/html 1 $ORIGIN/b.dat
M_batch1 3 completed image/gif 1 $ORIGIN/c"
	cmp origin/a.txt "$BI_ROOT/batches/M_batch1/files/i1_1.pdf"
	cmp origin/b.dat "$BI_ROOT/batches/M_batch1/files/i2_1.html"
	cmp origin/c "$BI_ROOT/batches/M_batch1/files/i3_1.gif"
	assert_equal "$(results out .path)" "$(realpath "$BI_ROOT"/batches/M_batch1/files/*)"
	whole out
	assert_equal "$(results out 'keys_unsorted | join(" ")' | sort -u)" \
		'batch item status path file_id bytes mime sha256 etag last_modified content_type attempts finished_at url'
	results out .finished_at | grep -qE '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$'
	assert_equal "$(results out .file_id | grep -cE '^f_[0-9a-f]{24}$')" 3
	assert_equal "$(cat "$BI_ROOT/batches/M_batch1/state")" ccc
	assert_equal "$(ls "$BI_ROOT/temp")" ''
}

@test 'plain lines, records and files of this machine are items' {
	faulty_start
	mkdir -p 'a dir'
	seq 5000 >'a dir/some file'
	echo one >near
	printf '%s\r\n\n%s\n%s\n%s\n%s' "$FAULTY/bytes/70000/x" near \
		'{"file":"a dir/some file","subject":{"id":7,"name":"Ada"},"title":"t"}' \
		"$(jq -cn --arg u "$FAULTY/chunked/bytes/5/y" '{url: $u, subject: "M1", strange: {"a": [1, null]}}')" \
		"$PWD/near" >in
	run -0 --separate-stderr bi-fetch <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results out '[.batch, .status, .file // .url] | join(" ")')" \
		"default completed $FAULTY/bytes/70000/x
default completed $PWD/near
default completed $PWD/near
default completed $PWD/a dir/some file
default completed $FAULTY/chunked/bytes/5/y"
	assert_equal "$(results out 'select(.subject).path | split("/")[-1] | split(".")[0]')" $'7_1\nM1_1'
	assert_equal "$(results out 'select(.title) | .subject.name + .title')" Adat
	assert_equal "$(results out 'select(.strange).strange' | jq -c .)" '{"a":[1,null]}'
	cmp 'a dir/some file' "$BI_ROOT/batches/default/files/7_1.txt"
	whole out
	assert_equal "$(results out 'select(.url).sha256')" \
		"$(sum "$FAULTY/bytes/70000/x")"$'\n'"$(sum "$FAULTY/chunked/bytes/5/y")"
}

@test "members of an item are passed on, whatever their names, but for the programs' own" {
	faulty_start
	printf '%s\n' "{\"url\":\"$FAULTY/bytes/5/a\",\"end\":\"1852\",\"code\":\"A1\",\"wrong\":false,\"bi\":{\"n\":9},\"path\":\"/etc\"}" \
		"{\"url\":\"$FAULTY/status/404/a\",\"end\":\"1852\",\"code\":\"A1\",\"wrong\":false,\"item\":77,\"mime\":\"a/b\"}" >in
	run -1 --separate-stderr bi-fetch <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results out '[.item, .end, .code, .wrong, .mime] | tostring')" \
		'[1,"1852","A1",false,"application/octet-stream"]
[2,"1852","A1",false,"a/b"]'
	whole out
	# Results are items of another batch.
	run -1 --separate-stderr bi-fetch -b second <out
	printf '%s\n' "${lines[@]}" >again
	assert_equal "$(results again '[.batch, .item, .end] | tostring')" $'["second",1,"1852"]\n["second",2,"1852"]'
	whole again
}

@test "the first transfer starts, ends and is said before stdin ends" {
	faulty_start
	mkfifo in
	exec 7<>in
	start bi-fetch <in >out 7>&-
	echo "$FAULTY/bytes/9/first" >&7
	poll 10 count_lines out 1
	assert_equal "$(origin_hits /first)" 1
	jq -e '.status == "completed"' out
	kill -0 "$!"
	exec 7>&-
}

@test "on a terminal it shows how far it is" {
	local i

	faulty_start
	for i in {1..4}; do
		echo "$FAULTY/slow/500/bytes/50000/$i"
	done >in
	echo "$FAULTY/status/404/none" >>in
	run on_terminal sh -c 'bi-fetch --per-host 1 -b shown <in'
	assert_output --regexp '[0-9]+/5 done, [01] failed( \(http_404 1\))?, [0-9.]+ [KM]?B/s, [0-9]+ s left'
	assert_output --partial '4 completed, 1 failed'
}

@test "stdin's end ends it" {
	faulty_start
	mkfifo in
	exec 7<>in
	start bi-fetch <in >out 7>&-
	echo "$FAULTY/bytes/9/first" >&7
	poll 10 count_lines out 1
	printf %s "$FAULTY/bytes/9/last" >&7
	exec 7>&-
	poll 10 gone "$!"
	count_lines out 3
}

@test 'no more transfers run at once than are allowed per host and over all hosts' {
	local i

	faulty_start
	for i in {1..24}; do
		echo "$FAULTY/slow/150/bytes/9/one-$i"
	done | bi-fetch -q >/dev/null
	assert_equal "$(origin_peak /one-)" 6
	for i in {1..10}; do
		echo "$FAULTY/slow/150/bytes/9/two-$i"
	done | bi-fetch -q --per-host 2 >/dev/null
	assert_equal "$(origin_peak /two-)" 2
	# Two names of one server are two hosts; a user, upper case and the slashes' number make none.
	for i in {1..16}; do
		echo "${FAULTY/127.0.0.1/localhost}/slow/150/bytes/9/three-$i"
		echo "${FAULTY/127.0.0.1/user@127.0.0.1}/slow/150/bytes/9/three-$i"
		echo "HTTP:/${FAULTY#http:}/slow/150/bytes/9/three-$i-"
	done >in
	bi-fetch -q -P 7 --per-host 4 <in >/dev/null
	assert_equal "$(origin_peak /three-)" 7
	for i in {1..8}; do
		echo "$FAULTY/redirect/1/slow/150/bytes/9/four-$i"
		echo "${FAULTY/127.0.0.1/localhost}/to/307/${FAULTY//\//%2f}%2fslow%2f150%2fbytes%2f9%2ffour-$i"
	done >in
	bi-fetch -q --per-host 3 <in >/dev/null
	assert_equal "$(origin_hits '^/slow.*/four-')" 16
	[ "$(grep -E ' /slow.*/four-' "${ORIGIN_LOGS[0]}" | awk '$2 > m { m = $2 } END { print m }')" -le 6 ]
}

@test 'at most ten redirects are followed, also relative ones, to http and https only' {
	faulty_start
	run -1 --separate-stderr bi-fetch --tries 1 "$FAULTY/redirect/10/bytes/9/ten" "$FAULTY/redirect/11/bytes/9/eleven" \
		"$FAULTY/to/302/file:%2f%2f%2fetc%2fpasswd" "$FAULTY/to/301/ftp:%2f%2f127.0.0.1%2fx" \
		"$FAULTY/to/307/..%2f..%2fbytes%2f9%2frelative" "$FAULTY/to/308/%2f%2f${FAULTY#http://}%2fbytes%2f9%2fscheme" \
		"$FAULTY/to/302/http:%2f%2f%ff%fe" "$FAULTY/status/302/nowhere" "$FAULTY/to/303/javascript:alert(1)"
	printf '%s\n' "${lines[@]}" >out
	jq . out >/dev/null
	assert_equal "$(results out '[.status, .error.code, .error.retryable, (.final_url // "" | sub("http://[^/]*"; ""))] | map(tostring) | join(" ")')" \
		'completed null null /bytes/9/ten
failed too_many_redirects false 
failed bad_redirect false 
failed bad_redirect false 
completed null null /bytes/9/relative
completed null null /bytes/9/scheme
failed bad_redirect false 
failed bad_redirect false 
failed bad_redirect false '
	assert_equal "$(origin_hits '/ten$')" 11
	assert_equal "$(origin_hits '/eleven$')" 11
	assert_equal "$(results out 'select(.item == 1).sha256')" "$(sum "$FAULTY/bytes/9/ten")"
	! grep -rq root: "$BI_ROOT/batches/default/files" || false
}

@test "what may pass is tried again, what is for good is asked once" {
	faulty_start
	run -1 --separate-stderr bi-fetch --backoff 0.05 --tries 3 "$FAULTY/flaky/2/bytes/9/a" "$FAULTY/flaky/3/bytes/9/b" \
		"$FAULTY/cut/5/bytes/90/c" "$FAULTY/status/404/d" "$FAULTY/status/403/e" "$FAULTY/status/501/f" "$FAULTY/status/408/g" \
		http://127.0.0.1:1/h "$FAULTY/bytes/0/i" "$FAULTY/nolength/bytes/300000/j" "$FAULTY/redirect/1/flaky/1/bytes/9/k"
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results out '[.status, .error.code, .error.retryable, .attempts] | map(tostring) | join(" ")')" \
		'completed null null 3
failed http_503 true 3
failed cut_short true 3
failed http_404 false 1
failed http_403 false 1
failed http_501 false 1
failed http_408 true 3
failed connect_failed true 3
failed empty false 1
completed null null 1
completed null null 2'
	assert_equal "$(for i in a b c d e f g i j; do origin_hits "/$i\$"; done | tr '\n' ' ')" '3 3 3 1 1 1 3 1 1 '
	assert_equal "$(cat "$BI_ROOT/batches/default/state")" cffffffffcc
	whole out
	assert_equal "$(ls "$BI_ROOT/temp")" ''
}

@test "Retry-After is waited for" {
	local first second

	faulty_start
	run -0 --separate-stderr bi-fetch --backoff 0 "$FAULTY/later/1/1/bytes/9/x"
	assert_equal "$(jq 'select(.item).attempts' <<<"${lines[0]}")" 2
	read -r first second < <(cut -d' ' -f1 "${ORIGIN_LOGS[0]}" | xargs)
	[ "$((second - first))" -ge 1000 ]
}

@test 'a transfer that stands still, takes too long in all, or does not connect is ended' {
	faulty_start
	run -1 --separate-stderr bi-fetch --tries 1 --stall-timeout 3 "$FAULTY/stall/5/bytes/90/a" "$FAULTY/drip/1500/bytes/9000/b"
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results out '[.status, .error.code, .error.retryable] | map(tostring) | join(" ")')" \
		$'failed timeout true\ncompleted null null'
	run -1 --separate-stderr bi-fetch --tries 1 --max-time 2 "$FAULTY/drip/30000/bytes/9000/c" "$FAULTY/bytes/9/d"
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results out '[.status, .error.code, .error.retryable] | map(tostring) | join(" ")')" \
		$'failed timeout true\ncompleted null null'
	# Plain HTTP does not answer a TLS hello.
	run -1 --separate-stderr bi-fetch --tries 1 --connect-timeout 0.3 "https${FAULTY#http}/bytes/9/e"
	assert_equal "$(jq -r .error.code <<<"${lines[0]}")" timeout
}

@test 'a second run asks for what may pass, for failures for good with --retry only, and for nothing completed' {
	faulty_start
	printf '%s\n' "$FAULTY/bytes/9/a" "$FAULTY/flaky/2/bytes/9/b" "$FAULTY/status/404/c" >in
	run -1 bi-fetch --tries 1 <in
	assert_equal "$(origin_hits .)" 3
	run -1 --separate-stderr bi-fetch --tries 1 <in
	assert_equal "$(origin_hits '/a$') $(origin_hits '/b$') $(origin_hits '/c$')" '1 2 1'
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results out '.status, .error.code' | xargs)" 'completed null failed http_503 failed http_404'
	assert_equal "$(tail -n 1 out)" '{"end":"bi-fetch","completed":1,"failed":2,"exit":1}'
	run -1 --separate-stderr bi-fetch --tries 1 --retry failed <in
	assert_equal "$(origin_hits '/a$') $(origin_hits '/b$') $(origin_hits '/c$')" '1 3 2'
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results out '.status, .error.code' | xargs)" 'completed null completed null failed http_404'
	whole out
	# What is said of a completed item is what was said before.
	bi-fetch --tries 1 <in >again || [ $? -eq 1 ]
	assert_equal "$(results again 'select(.item < 3)')" "$(results out 'select(.item < 3)')"
	run -0 bi-status --rebuild default
	assert_output --partial '0 of 3'
}

@test '--resume works on all items of the batch without lines' {
	faulty_start
	printf '%s\n' "$FAULTY/bytes/9/a" "$FAULTY/flaky/1/bytes/9/b" "$FAULTY/bytes/9/c" >in
	bi-fetch -q -b M --tries 1 <in >/dev/null || [ $? -eq 1 ]
	run -0 --separate-stderr bi-fetch -b M --resume </dev/null
	assert_equal "${#lines[@]}" 4
	assert_equal "$(origin_hits .)" 4
	assert_equal "$(cat "$BI_ROOT/batches/M/state")" ccc
	run -66 --separate-stderr bi-fetch -b none --resume
	assert_equal "${#stderr_lines[@]}" 1
	assert_equal "$(ls "$BI_ROOT/batches")" M
	run -2 bi-fetch -b M --resume "$FAULTY/bytes/9/d"
}

@test "the same line many times: fetched once, said each time; of two subjects: two items" {
	faulty_start
	for _ in {1..50}; do
		echo "$FAULTY/slow/100/bytes/9/a"
		echo "$FAULTY/status/404/b"
	done >in
	run -1 --separate-stderr bi-fetch <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(origin_hits '/a$') $(origin_hits '/b$')" '1 1'
	assert_equal "$(results out .item | sort | uniq -c | xargs)" '50 1 50 2'
	assert_equal "$(tail -n 1 out)" '{"end":"bi-fetch","completed":50,"failed":50,"exit":1}'
	for id in 1 2 '"1"' '"x"'; do
		echo "{\"subject\":$id,\"url\":\"$FAULTY/bytes/9/c\"}"
	done >in
	run -0 --separate-stderr bi-fetch -b s <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(results out '.path | split("/")[-1] | split(".")[0]')" $'1_1\n1_1\n2_1\nx_1'
	assert_equal "$(origin_hits '/c$')" 3
}

@test "a subject's items are numbered in the order asked, whatever order they end in" {
	local i

	faulty_start
	echo "{\"subject\":\"M1\",\"url\":\"$FAULTY/slow/3000/bytes/9/5\"}" >in
	for i in 4 3 2 1; do
		echo "{\"subject\":\"M1\",\"url\":\"$FAULTY/bytes/9/$i\"}"
	done >>in
	bi-fetch -b M --per-host 5 <in >out
	# The first ends last.
	assert_equal "$(jq -r 'select(.item).item' out | tail -n 1)" 1
	assert_equal "$(results out '(.path | split("/")[-1] | split(".")[0]) + " " + (.url | split("/")[-1])')" \
		$'M1_1 5\nM1_2 4\nM1_3 3\nM1_4 2\nM1_5 1'
	# More later go on counting.
	run -0 bi-fetch -b M "{\"subject\":\"M1\",\"url\":\"$FAULTY/bytes/9/0\"}"
	assert_output --partial /M1_6.
}

@test "several processes on one batch: each item asked for once, each line answered" {
	local i

	faulty_start
	seq 1 60 >all
	for i in 1 2 3 4; do
		shuf all
	done | awk -v f="$FAULTY" '{ print f "/slow/" $1 % 5 * 10 "/bytes/" $1 * 100 "/" $1 }' >in
	xargs -P 4 -n 30 sh -c 'bi-fetch -q -b M "$@" >"out.$$" || echo "exit $?"' sh <in >said
	assert_equal "$(cat said)" ''
	cat out.* >out
	assert_equal "$(jq -s 'map(select(.end)) | length' out)" 8
	assert_equal "$(jq -s 'map(select(.status == "completed")) | length' out)" 240
	assert_equal "$(origin_hits .)" 60
	assert_equal "$(origin_paths | sort | uniq -d)" ''
	assert_equal "$(wc -l <"$BI_ROOT/batches/M/items.ndjson") $(wc -l <"$BI_ROOT/batches/M/results.ndjson")" '60 60'
	whole out
}

@test "an item that another process has is waited for, and taken over when that is killed" {
	local owner other

	faulty_start
	start bi-fetch -q -b M "$FAULTY/slow/1500/bytes/9/a" "$FAULTY/drip/20000/bytes/900/b" >first
	owner=$!
	poll 10 grep -q '/b$' "${ORIGIN_LOGS[0]}"
	start bi-fetch -q -b M "$FAULTY/slow/1500/bytes/9/a" >second
	other=$!
	poll 10 gone "$other"
	assert_equal "$(origin_hits '/a$')" 1
	jq -se '.[0].status == "completed" and .[1].exit == 0' second
	start bi-fetch -q -b M --max-time 5 --tries 1 "$FAULTY/drip/20000/bytes/900/b" >third
	other=$!
	poll 10 test -s "$BI_ROOT/batches/M/state"
	kill -KILL "$owner"
	poll 10 eval "[ \"\$(grep -c '/b$' '${ORIGIN_LOGS[0]}')\" = 2 ]"
	kill -TERM "$other"
	poll 10 gone "$other"
	assert_equal "$(cat "$BI_ROOT/batches/M/state")" cp
}

@test 'one process takes lines of several batches, and -b overrides them' {
	local b i

	faulty_start
	for i in {1..30}; do
		for b in M P A; do
			echo "{\"batch\":\"$b\",\"subject\":{\"id\":$i,\"category\":\"$b\"},\"url\":\"$FAULTY/bytes/$i/$b\"}"
		done
	done >in
	echo "$FAULTY/bytes/9/plain" >>in
	run -0 --separate-stderr bi-fetch <in
	printf '%s\n' "${lines[@]}" >out
	assert_equal "$(jq -r 'select(.item).batch' out | sort | uniq -c | xargs)" '31 A 30 M 30 P'
	for b in M P A; do
		assert_equal "$(jq -r --arg b $b 'select(.item and .batch == $b and (.path | contains("/batches/" + $b + "/files/") | not)).path' out)" ''
		assert_equal "$(jq -r .category "$BI_ROOT/batches/$b/batch.json")" $b
	done
	whole out
	assert_equal "$(jq -s 'map(.job_id) | unique | length' "$BI_ROOT"/batches/*/batch.json)" 3
	run -0 bi-fetch -q -b one --category C --label 'a label' <in
	assert_equal "$(wc -c <"$BI_ROOT/batches/one/state")" 91
	assert_equal "$(jq -r '.category + "," + .label' "$BI_ROOT/batches/one/batch.json")" 'C,a label'
}

@test "where records go to a pipe, a file or nowhere, the same is fetched, counted and said" {
	mkdir origin
	for i in {1..300}; do echo "%PDF-$i" >"origin/$i"; done
	origin_start
	{ seq 1 300; echo missing; } | sed "s,^,$ORIGIN/," >list
	code=0
	bi-fetch -b null --per-host 64 --summary <list >/dev/null 2>said || code=$?
	assert_equal "$code" 1
	grep -qE '^bi-fetch: +300  completed$' said
	grep -qE '^bi-fetch: +1  http_404$' said
	assert_equal "$(tr -d '\n' <"$BI_ROOT/batches/null/state" | fold -w 1 | sort | uniq -c | tr -s ' \n' ' ')" ' 300 c 1 f '
	# What is stored is counted, too, and comes out again.
	code=0
	bi-fetch -b null --resume --summary >/dev/null 2>said || code=$?
	assert_equal "$code" 1
	grep -qE '^bi-fetch: +300  completed$' said
	bi-fetch -q -b null --resume >file || [ $? = 1 ]
	bi-fetch -q -b null --resume | cat >pipe
	echo before >appended
	bi-fetch -q -b null --resume >>appended || [ $? = 1 ]
	count_lines file 302
	cmp file pipe
	tail -n +2 appended | cmp - file
	whole file
}

@test "records that stop without an end record are told from those that end" {
	local record='{"batch":"M","item":1,"status":"completed","path":"/x","url":"http://127.0.0.1:1/a"}'

	faulty_start
	record=${record/http:\/\/127.0.0.1:1\/a/$FAULTY/bytes/9/a}
	run -1 --separate-stderr bi-fetch <<<"$record"
	assert_regex "$stderr" 'without an end record'
	run -0 --separate-stderr bi-fetch <<<"$record
{\"end\":\"bi-source\",\"exit\":0}"
	assert_equal "$stderr" ''
}
