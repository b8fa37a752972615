#!/usr/bin/env bats
# One outcome for each line that was asked for, whatever it was, whatever happened in between; and nothing asked for
# twice. BI_LONG=1 for 10,000 lines.
load helpers

# lines N: URLs, a third of them twice, files, and rubbish of each kind.
lines() {
	local i

	for ((i = 1; i <= $1; i++)); do
		case $((i % 10)) in
		0) printf 'bad \xff\xfe %d\n' "$i" ;;
		1) echo "{\"url\": \"unfinished $i" ;;
		2) echo "{\"no\":\"url\",\"n\":$i}" ;;
		3 | 4 | 5) echo "$FAULTY/bytes/40/$((i / 3))" ;;
		6) echo "/nonexistent/$i" ;;
		7) echo "$FAULTY/status/404/$i" ;;
		*) echo "{\"subject\":$((i % 50)),\"url\":\"$FAULTY/bytes/30/s$i\"}" ;;
		esac
	done
}

@test 'duplicates and rubbish give one record a line, also after a kill; then nothing is asked for again' {
	local n=600 pid before

	[ -z "${BI_LONG-}" ] || n=10000
	faulty_start
	lines "$n" >in
	start bi-fetch -q <in >killed
	pid=$!
	poll 20 eval '[ "$(tr -cd c <"$BI_ROOT/batches/default/state" 2>/dev/null | wc -c)" -gt 20 ]'
	stop "$pid" KILL
	bi-fetch -q <in >out || [ $? = 1 ]
	assert_equal "$(jq -c 'select(.status)' out | wc -l)" "$n"
	jq -es 'map(select(.status)) | all(.status == "completed" or (.error.code and .error.message))' out
	assert_equal "$(jq -r 'select(.status) | .item' out | sort -u | wc -l)" "$(wc -l <"$BI_ROOT/batches/default/items.ndjson")"
	before=$(origin_hits .)
	bi-fetch -q <in >again || [ $? = 1 ]
	assert_equal "$(jq -c 'select(.status)' again | wc -l)" "$n"
	assert_equal "$(origin_hits .)" "$before"
	# What failed, and only that, on demand.
	bi-fetch -q --retry status=404 <in >retried || [ $? = 1 ]
	assert_equal "$(origin_hits .)" $((before + n / 10))
	assert_equal "$(origin_hits /status/404/)" "$((n / 10 + before - $(origin_hits /bytes/)))"
}

@test "names that servers and lists make up: none reaches the disk" {
	local long

	faulty_start
	long=$(printf 'ü%.0s' {1..180})
	{
		echo "$FAULTY/bytes/10/$long"
		echo "$FAULTY/bytes/11/..%2f..%2fetc%2fpasswd"
		echo "$FAULTY/bytes/12/a%00b%0Ac"
		printf "%s\n" "{\"url\":\"$FAULTY/bytes/13/x\",\"title\":\"../../$long\\n\\u0007\",\"subject\":{\"id\":\"Case\"}}"
		echo "{\"url\":\"$FAULTY/bytes/14/x\",\"subject\":{\"id\":\"cAsE\"}}"
		echo "{\"url\":\"$FAULTY/bytes/15/x\",\"subject\":{\"id\":\"$(printf 'a%.0s' {1..64})\"}}"
	} >in
	bi-fetch -q <in >out
	assert_equal "$(jq -c 'select(.status == "completed")' out | wc -l)" 6
	run ! grep -Evx '[A-Za-z0-9][A-Za-z0-9.-]{0,63}_[0-9]+\.[a-z0-9]+' <(ls "$BI_ROOT/batches/default/files")
	[ "$(find "$BI_ROOT/batches/default/files" -type f | awk -F/ 'length($NF) > 100' | wc -l)" = 0 ]
}
