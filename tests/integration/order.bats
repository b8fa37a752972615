#!/usr/bin/env bats
# The order in which things reach the disk: what only a power cut shows. order.awk has the rules.
load helpers

CALLS=openat,fsync,fdatasync,syncfs,pwrite64,write,writev,copy_file_range,linkat,renameat,renameat2,sendto,sendmsg,mkdirat

# traced COMMAND...: runs it, with what it and its children write, link and sync in the file trace.
traced() {
	strace -f -y -s 300 -o trace -e trace="$CALLS" "$@"
}

# in_order COUNTS [VAR=VALUE...]: order.awk, given these variables, finds nothing in the trace, and there were as many
# results, states, names and answers as COUNTS, a pattern, says: so the rules had something to look at.
in_order() {
	local findings

	findings=$(awk -v root="$BI_ROOT" "${@:2}" -f "$BATS_TEST_DIRNAME/order.awk" trace)
	assert_regex "$findings" "^# $1\$"
}

# served COMMAND...: a server of batch A under strace; sets URL and TOKEN.
served() {
	local first=$((12000 + RANDOM % 7000))

	start strace -f -y -s 300 -o trace -e trace="$CALLS" bi-serve -p "$first-$((first + 200))" "$@" >record 2>serve.err
	poll 20 grep -q '"url"' record
	URL=http://localhost:$(head -n 1 record | jq .port)/api/v1
	TOKEN=$(<"$BI_ROOT/token")
}

@test "fetch: a file is on the disk before its result, items before results, results before states" {
	faulty_start
	for i in 1 2 3; do
		echo "$i" >"$i.txt"
	done
	tar cf x.tar 1.txt 2.txt
	traced bi-fetch -q -b t --expand x.tar 3.txt "$FAULTY/bytes/5000/u" "$FAULTY/bytes/2000000/v" "$FAULTY/status/404/w" >out ||
		[ $? -eq 1 ]
	assert_equal "$(tail -n 1 out | jq -c '[.completed, .failed]')" '[6,1]'
	in_order '[1-7] results, [1-7] states, [1-9]+ names, 0 answers, [1-9][0-9]+ syncs'
}

@test "fetch of many small files: the sync of a whole file system stands for each of theirs" {
	local i

	for i in {1..60}; do
		echo "$i" >"$i.txt"
	done
	traced bi-fetch -q -b t ./*.txt >/dev/null
	in_order '[0-9]+ results, 60 states, 6[0-9] names, 0 answers, [0-9]+ syncs'
}

@test "collect: each file is on the disk before the name that tells of it" {
	for i in 1 2; do
		echo "$i" >"$i.txt"
		echo "{\"subject\":{\"id\":$i},\"file\":\"$i.txt\",\"license\":\"CC0\"}"
	done | bi-fetch -q -b t >/dev/null
	traced bi-collect -a -j -o x.zip t >/dev/null
	in_order '0 results, 0 states, [7-9] names, 0 answers, [1-9][0-9]* syncs' -v last="^$BI_ROOT/collected"
}

@test "a pick is on the disk before it is answered" {
	echo 1 >1.txt
	echo '{"subject":{"id":"7"},"file":"1.txt"}' | bi-fetch -q -b A | bi-render >/dev/null
	served A
	curl -sf -X PUT -H "X-CSRFToken: $TOKEN" -H 'Content-Type: application/json' -d '{"selections":{"7":1}}' \
		"$URL/batches/A/selections/" | jq -e '.selections["7"] == 1'
	poll 10 grep -q picks.ndjson trace
	in_order '.*, [1-9][0-9]* answers, .*' -v reply='Status: 200'
	grep -q 'fdatasync(.*picks.ndjson' trace
}

@test "uploads and URLs handed in are on the disk before they are answered" {
	echo 1 >1.txt
	bi-fetch -q -b A 1.txt | bi-render >/dev/null
	served A
	head -c 300000 /dev/urandom >big
	curl -sf -H "X-CSRFToken: $TOKEN" -F files=@1.txt -F files=@big "$URL/notebooks/nb/files/upload/" | jq -e .success
	curl -sf -H "X-CSRFToken: $TOKEN" -H 'Content-Type: application/json' -d '{"url":"http://127.0.0.1:9/x"}' \
		"$URL/notebooks/nb/files/parse_url/" | command jq -e .success
	poll 10 grep -q 'job-2/items.ndjson' trace
	in_order '.*, [1-9][0-9]* answers, .*' -v reply='Status: 20[0-9]'
}
