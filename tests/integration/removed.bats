#!/usr/bin/env bats
# bi-clean items: removed items are gone everywhere, and are added again only by a list that names them.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

setup() {
	bi_setup
	B=$BI_ROOT/batches/b
}

# batch [SUBJECTS [CANDIDATES]]: the batch b of text files, item (s - 1) * CANDIDATES + c is fSc.txt of subject s.
batch() {
	local s c

	for ((s = 1; s <= ${1-2}; s++)); do
		for ((c = 1; c <= ${2-3}; c++)); do
			echo "text $s $c" >"f$s$c.txt"
			printf '{"subject":"%s","file":"%s"}\n' "$s" "$PWD/f$s$c.txt"
		done
	done | tee list | bi-fetch -q -b b >/dev/null
}

states() {
	tr -d '\0' <"$B/state"
}

# files: the names of the batch's files, in order.
files() {
	(cd "$B/files" && printf '%s ' *)
}

pick() {
	printf '{"subject":"%s","choice":%s,"reviewer":"%s","at":"2026-11-22T10:00:00.000Z"}\n' "$1" "$2" "${3-ada}" \
		>>"$B/picks.ndjson"
}

# --- selections ---

@test "by number, range and path: their files are gone, the others keep their numbers" {
	batch
	run -0 bi-clean items -y -b b 2
	assert_output "removed item 2 of batch b: $PWD/f12.txt (1 file, 9 bytes)"
	assert_equal "$(states) $(files)" 'cxcccc 1_1.txt 1_3.txt 2_1.txt 2_2.txt 2_3.txt '
	run -0 bi-clean items --batch b --yes 4-5 "$PWD/f11.txt" ./f13.txt
	assert_equal "$(states) $(files)" 'xxxxxc 2_3.txt '
	run -0 bi-status --json b
	assert_equal "$(jq -c '[.batch_job.total_items, .batch_job.removed_items, (.items | map(.id))]' <<<"$output")" '[1,5,[6]]'
	run -0 bi-clean check
	assert_output '1 batch verified: all is well'
	# The same command again has nothing to do.
	run -0 bi-clean items -y -b b 4-5
	assert_line --partial '(0 files, 0 bytes)'
}

@test "by URL, whatever the subjects, and without its password" {
	local host

	faulty_start
	host=${FAULTY#http://}
	printf '%s\n' '{"subject":"1","url":"'"$FAULTY"'/bytes/10/a.txt"}' '{"subject":"2","url":"'"$FAULTY"'/bytes/10/a.txt"}' \
		"http://me:pw@$host/bytes/10/b.txt" "$FAULTY/bytes/10/a.txt?x" | bi-fetch -q -b b >/dev/null
	run -0 bi-clean items -y -b b "$FAULTY/bytes/10/a.txt"
	assert_equal "$(states)" 'xxcc'
	run -0 bi-clean items -y -b b "http://you:other@$host/bytes/10/b.txt"
	assert_equal "$(states)" 'xxxc'
	run -66 --separate-stderr bi-clean items -y -b b "$FAULTY/bytes/10/a.txt?x" "$FAULTY/bytes/10/A.txt"
	assert_equal "$(states)" 'xxxc'
	assert_regex "$stderr" "has no item '$FAULTY/bytes/10/A.txt'"
}

@test "by --failed and --status: what did not come, and no more" {
	faulty_start
	run -1 bi-fetch -q -b b --tries 1 "$FAULTY/status/404/1" "$FAULTY/bytes/10/a" "$FAULTY/status/410/2" "$FAULTY/status/503/3" no.txt
	assert_equal "$(states)" 'fcfff'
	run -0 bi-clean -n items -b b --status 410,5xx
	assert_line --index 0 --partial "would remove item 3 of batch b: $FAULTY/status/410/2"
	assert_line --index 1 --partial 'item 4'
	assert_equal "$(states)" 'fcfff'
	[ ! -e "$B/batch.json" ] || refute grep -q format "$B/batch.json"
	run -0 bi-clean items -y -b b --status 410,5xx
	assert_equal "$(states)" 'fcxxf'
	run -0 bi-clean items -y -b b --status no_such_file 2
	assert_equal "$(states)" 'fxxxx'
	run -0 bi-clean items -y -b b --failed
	assert_equal "$(states)" 'xxxxx'
	run -0 bi-clean items -y -b b --failed
	assert_output 'Nothing to remove'
	run -0 bi-status b
	assert_line --regexp '^b +completed .* 100.0% +0/0 +0 +0$'
	assert_line '  5 removed'
	run -0 bi-status --wait --timeout 10 b
}

@test "what the batch does not have is named, and then nothing is removed" {
	batch
	for bad in 7 3-9 0-2 5-3 nothing.txt http://127.0.0.1:1/x 99999999999999999999; do
		run --separate-stderr bi-clean items -y -b b 1 "$bad"
		assert_regex "$status" '^(66|2)$'
		assert_regex "$stderr" "$bad"
	done
	run -66 bi-clean items -y -b nope 1
	run -2 bi-clean items -y 1
	run -2 bi-clean items -y -b b
	run -2 bi-clean items -y -b ../b 1
	run -2 bi-clean items -y -b b --status 4o4
	run -2 bi-clean --failed check
	run -2 bi-clean --batch b check
	run -1 bi-clean items -b b 1 </dev/null
	assert_output --partial 'cannot ask for confirmation without a terminal: --yes'
	run -0 bi-clean items -n -b b 1-6
	assert_equal "$(states) $(files)" 'cccccc 1_1.txt 1_2.txt 1_3.txt 2_1.txt 2_2.txt 2_3.txt '
	refute grep -q format "$B/batch.json"
}

@test "records say what was removed" {
	batch 1
	run -0 bi-clean items -y --json -b b 3 1
	assert_line --index 0 "{\"removed_item\":1,\"batch\":\"b\",\"file\":\"$PWD/f11.txt\",\"files\":1,\"bytes\":9}"
	assert_line --index 2 '{"end":"bi-clean","removed":2,"held":0,"exit":0}'
	run -0 bi-clean items -n --json -b b 2
	assert_line --index 0 --partial '{"would_remove_item":2,'
	assert_line --index 1 '{"end":"bi-clean","removed":0,"held":0,"exit":0}'
}

# --- bi-fetch ---

@test "no run fetches them again by itself, a list that has them does and says so" {
	faulty_start
	printf '%s\n' "$FAULTY/bytes/10/a.txt" "$FAULTY/status/404/b.txt" "$FAULTY/bytes/10/c.txt" >list
	bi-fetch -q -b b <list >/dev/null || :
	bi-clean items -y -b b 1 2 >/dev/null
	run -0 --separate-stderr bi-fetch -b b --resume --retry failed
	assert_equal "$(jq -c '[.item, .completed]' <<<"$output" | tr -d '\n')" '[3,null][null,1]'
	assert_equal "$(origin_hits 'a.txt|b.txt') $(states)" '2 xxc'
	run -0 bi-fetch --work --once
	run -0 --separate-stderr bi-fetch -b b "$FAULTY/bytes/10/d.txt" "$FAULTY/bytes/10/c.txt"
	assert_equal "$(states) $stderr" 'xxcc '
	run -0 --separate-stderr bi-fetch -b b "$FAULTY/bytes/10/a.txt" "$FAULTY/bytes/10/a.txt"
	assert_equal "$stderr" 'bi-fetch: 1 item was removed before, and came back: the list has it again'
	assert_equal "$(origin_hits a.txt) $(states)" '2 cxcc'
	[ "$(find "$B/files" -name 'i1_1.*' | wc -l)" = 1 ]
	# The same with a worker; the item failed permanently before it was removed.
	run -0 --separate-stderr bi-fetch -b b --queue <list
	assert_equal "$(states)" 'cpcc'
	assert_regex "$stderr" '1 item was removed before'
	run -0 bi-fetch -q --work --once
	assert_equal "$(origin_hits b.txt) $(states)" '2 cfcc'
	run -0 bi-clean check
}

@test "what came back and was not fetched is pending, whatever is made anew" {
	batch 1
	bi-clean items -y -b b 1-3 >/dev/null
	head -n 2 list | bi-fetch -q --queue -b b 2>/dev/null
	assert_equal "$(states)" 'ppx'
	run -0 bi-status -R b
	assert_output 'b: 0 of 3 states differed'
	rm "$B/state" "$B/results.index" "$B/items.index"
	run -0 bi-status -R b
	assert_equal "$(states)" 'ppx'
	run -0 bi-status --items --json b
	assert_equal "$(jq -r .status <<<"${lines[0]}")" pending
	run -0 bi-fetch -q --work --once
	assert_equal "$(states) $(files)" 'ccx 1_1.txt 1_2.txt '
}

@test "the pictures of a page stay removed when the page is fetched again" {
	mkdir -p origin
	for f in a b; do
		printf 'P6 1 1 255\n%s%s%s' $f $f $f >origin/$f.ppm
	done
	echo '<!doctype html><title>t</title><img src="a.ppm" width=900 height=900><img src="b.ppm" width=900 height=900>' >origin/p.html
	origin_start
	printf '{"media":"%s/p.html"}\n' "$ORIGIN" >list
	bi-fetch -q -b b <list >/dev/null
	assert_equal "$(states)" 'ccc'
	bi-clean items -y -b b 1 "$ORIGIN/a.ppm" >/dev/null
	assert_equal "$(states)" 'xxc'
	run -0 --separate-stderr bi-fetch -b b <list
	assert_equal "$(states) $(origin_hits p.html) $(origin_hits a.ppm)" 'cxc 2 1'
	assert_regex "$stderr" '^bi-fetch: 1 item was removed'
	# If a list names the picture itself, it is fetched.
	bi-fetch -q -b b "$ORIGIN/a.ppm" >/dev/null 2>&1
	assert_equal "$(states)" 'ccc'
}

@test "an archive takes its members with it, and brings them back" {
	mkdir in
	echo a >in/a.txt
	echo b >in/b.txt
	tar -cf x.tar in
	bi-fetch -q -b b --expand x.tar f.txt >/dev/null || :
	assert_equal "$(states)" 'cfcc'
	run -0 bi-clean items -y -b b "$PWD/x.tar"
	assert_equal "$(states) $(files)" 'xfxx * '
	run -1 bi-fetch -q -b b --expand --resume --retry status=no_such_item
	assert_line --index 0 --partial '"item":2,'
	assert_equal "$(states)" 'xfxx'
	run -0 --separate-stderr bi-fetch -q -b b --expand x.tar
	assert_equal "$(states)" 'cfcc'
	assert_regex "$stderr" '3 items were removed before, and came back'
	# A member can be removed by itself; then its archive does not bring it back.
	run -0 bi-clean items -y -b b 4
	run -0 bi-fetch -q -b b --expand x.tar
	assert_equal "$(states)" 'cfcx'
	# And a member whose archive is gone fails, and blocks nothing.
	run -0 bi-clean items -y -b b 1
	assert_equal "$(states)" 'xfxx'
}

@test "an item that a process works on is waited for, and left after a while" {
	local hold

	batch
	bi-fetch -q -b b --queue "$PWD/f11.txt" g.txt >/dev/null
	assert_equal "$(states)" 'ccccccpp'
	mkfifo in
	start "$BI_BUILD/tests/hold" b 7 <>in >held
	hold=$!
	poll 10 grep -q held held
	start bi-clean items -y -b b 1 7 >out 2>err
	poll 10 grep -q 'item 1' out
	assert_equal "$(states | cut -c 1,7)" 'xr'
	stop "$hold" KILL
	poll 20 grep -q 'item 7' out
	poll 10 gone "$!"
	assert_equal "$(states | cut -c 1,7)" 'xx'
}

@test "the filter of --through has an item: it is removed behind it" {
	cat >slow <<-'END'
		#!/usr/bin/env bash
		while IFS= read -r record; do
			: >given
			until [ -e go ]; do sleep 0.02; done
			printf '%s\n' "$record"
		done
	END
	chmod +x slow
	echo a >a.txt
	start bi-fetch -q -b b --through "$PWD/slow" "$PWD/a.txt" >fetched
	poll 10 test -e given
	start bi-clean items -y -b b 1 >out 2>&1
	poll 5 sh -c 'grep -q OFDLCK /proc/locks'
	[ ! -s out ]
	: >go
	poll 20 grep -q 'removed item 1' out
	assert_equal "$(states) $(files)" 'x * '
	run -0 bi-clean check
}

# --- the files ---

@test "others with the same bytes keep their files; --keep-files keeps all" {
	echo same >a.txt
	echo same >b.txt
	echo other >c.txt
	bi-fetch -q -b b a.txt b.txt c.txt >/dev/null
	[ "$B/files/i1_1.txt" -ef "$B/files/i2_1.txt" ]
	run -0 --separate-stderr bi-clean items -y -b b 1
	assert_equal "$stderr" "bi-clean: item 1 of the batch 'b' has the same bytes as files/i2_1.txt, which stays"
	assert_equal "$(files) $(<"$B/files/i2_1.txt")" 'i2_1.txt i3_1.txt  same'
	run -0 bi-clean check
	# A file that is fetched later does not reuse the removed one.
	echo same >d.txt
	run -0 bi-fetch -q -b b d.txt
	assert_equal "$(<"$B/files/i4_1.txt")" same
	run -0 bi-clean items -y -b b 2
	cp d.txt e.txt
	run -0 bi-fetch -q -b b e.txt
	assert_equal "$(files)" 'i3_1.txt i4_1.txt i5_1.txt '
	run -0 --separate-stderr bi-clean items -b b --keep-files 3 </dev/null
	assert_equal "$(states) $(files)" 'xxxcc i3_1.txt i4_1.txt i5_1.txt '
	run -0 bi-clean --repair check
	assert_output '1 batch verified: all is well'
	assert_equal "$(files)" 'i3_1.txt i4_1.txt i5_1.txt '
	run -0 bi-clean items -y -b b 3
	assert_equal "$(files)" 'i4_1.txt i5_1.txt '
}

@test "what is left of it elsewhere goes too, and other items' is not touched" {
	batch
	mkdir -p "$B/content/1_1" "$B/content/1_2" "$BI_ROOT/temp" outside
	echo '{}' | tee "$B/content/1_1.json" >"$B/content/1_2.json"
	echo x | tee "$B/content/1_1/p.png" >"$B/content/1_2/p.png"
	echo part | tee "$BI_ROOT/temp/b.1.part" >"$BI_ROOT/temp/b.2.part"
	echo unsaid >"$B/files/1_1.bin"
	echo mine >"$B/files/1_10.txt"
	echo mine >"$B/files/11_1.txt"
	run -0 bi-clean items -y -b b 1
	assert_equal "$(files)" '11_1.txt 1_10.txt 1_2.txt 1_3.txt 2_1.txt 2_2.txt 2_3.txt '
	assert_equal "$(cd "$B/content" && echo *) $(cd "$BI_ROOT/temp" && echo *)" '1_2 1_2.json b.2.part'
	# A symbolic link is not a file of the batch.
	echo precious >outside/keep
	rm "$B/files/1_2.txt"
	ln -s "$PWD/outside/keep" "$B/files/1_2.txt"
	run -1 --separate-stderr bi-clean items -y -b b 2
	assert_regex "$stderr" 'files/1_2.txt .* is not a regular file'
	assert_equal "$(<outside/keep)" precious
}

@test "a file that cannot be removed is named, and the same command removes it" {
	need_refusals
	batch 1
	chmod a-w "$B/files"
	run -77 "${AS[@]}" bi-clean items -y -b b 1
	assert_output --partial 'cannot remove files/1_1.txt'
	chmod u+w "$B/files"
	assert_equal "$(states)" 'xcc'
	run -1 bi-clean check
	assert_line 'b: files/1_1.txt is of item 1, which was removed'
	run -0 bi-clean items -y -b b 1
	assert_equal "$(states) $(files)" 'xcc 1_2.txt 1_3.txt '
	run -0 bi-clean check
}

# --- pages, picks, the collection ---

@test "pages: the candidate is gone, and a subject with nothing else has no page" {
	local r=$BI_ROOT/review/b

	batch 3 2
	pick 1 2
	pick 1 2 bob
	pick 2 1
	bi-render b >/dev/null
	[ -e "$r/1_2.txt" ]
	run -0 --separate-stderr bi-clean items -y -b b 2 5-6
	assert_line --partial 'bi-render b'
	assert_regex "$stderr" "candidate 2 of subject 1 .* the decision of ada for it is withdrawn"
	assert_regex "$stderr" "the decision of bob for it is withdrawn"
	[ ! -e "$r/1_2.txt" ]
	[ -e "$r/1_1.txt" ]
	assert_equal "$(tail -n 2 "$B/picks.ndjson" | jq -r '[.subject, .choice, .reviewer, .removed] | @csv' | sort | tr '\n' ' ')" \
		'"1",,"ada",2 "1",,"bob",2 '
	run -0 bi-render b
	assert_output --partial '"subjects":2,"candidates":3'
	[ ! -e "$r/3_review.html" ]
	refute grep -q '1_2.txt' "$r/1_review.html"
	grep -q '1_1.txt' "$r/1_review.html"
	refute grep -q '3_review' "$r/index.html" "$r/2_review.html"
	# Once the item is added again, everything except the decisions is restored.
	sed -n '2p;5,6p' list | bi-fetch -q -b b >/dev/null 2>&1
	run -0 bi-render b
	assert_output --partial '"subjects":3,"candidates":6'
	[ -e "$r/1_2.txt" ]
	[ -e "$r/3_review.html" ]
}

# meanwhile LINE: removes item 1 of the batch race, for which ada decided, and adds LINE to the picks after they were read.
meanwhile() {
	local i pid

	for i in 1 2 3; do
		echo "$i" >"$i.txt"
		echo "{\"subject\":{\"id\":\"7\"},\"file\":\"$PWD/$i.txt\"}"
	done | bi-fetch -q -b race >/dev/null
	picks=$BI_ROOT/batches/race/picks.ndjson
	echo '{"subject":"7","choice":1,"reviewer":"ada","at":"2026-11-22T10:00:00.000Z"}' >"$picks"
	start strace -f -o trace -P picks.ndjson -e trace=openat -e inject=openat:delay_enter=2000000:when=2 \
		bi-clean -y -b race items 1 >/dev/null 2>said
	pid=$!
	poll 20 test -s trace
	sleep 0.5
	echo "$1" >>"$picks"
	wait "$pid"
}

@test "what a reviewer decides while an item is removed counts" {
	need_plain_strace
	# Another candidate: ada's decision stays.
	meanwhile '{"subject":"7","choice":2,"reviewer":"ada","at":"2026-11-22T10:00:01.000Z"}'
	assert_equal "$(wc -l <"$picks")" 2
	assert_equal "$(tail -n 1 "$picks" | jq .choice)" 2
	refute grep -q withdrawn said
}

@test "a decision for an item that is being removed is withdrawn, too" {
	need_plain_strace
	meanwhile '{"subject":"7","choice":1,"reviewer":"bob","at":"2026-11-22T10:00:01.000Z"}'
	assert_equal "$(tail -n 2 "$picks" | jq -c '[.reviewer, .choice, .removed]' | xargs)" '[ada,null,1] [bob,null,1]'
	assert_equal "$(grep -c withdrawn said)" 2
}

@test "the collection: a removed candidate is named, and its file leaves it" {
	local s=$BI_ROOT/collected/by_subject_id

	batch 3 2
	pick 1 2
	pick 2 1
	bi-collect b >/dev/null
	[ -n "$(find "$s/1" -name '*.txt')" ]
	bi-clean items -y -b b 2 2>/dev/null
	run -1 --separate-stderr bi-collect b
	assert_regex "$stderr" 'subject 1: candidate 2, which was chosen, was removed from the batch; choose another'
	assert_equal "$(jq -r 'select(.status=="refused") | .subject + .error.code' <<<"$output")" 1candidate_removed
	assert_equal "$(find "$s" -name '*.txt' -exec cat {} +)" 'text 2 1'
	# A late decision does not count, as a withdrawn one does not.
	pick 1 2 eve
	run -1 bi-collect b
	assert_output --partial candidate_removed
	sed -i '$d' "$B/picks.ndjson"
	printf '{"subject":"1","choice":1,"reviewer":"ada","at":"2099-11-22T10:00:00.000Z"}\n' >>"$B/picks.ndjson"
	run -0 bi-collect b
	assert_equal "$(find "$s" -name '*.txt' -exec cat {} + | sort | tr '\n' ' ')" 'text 1 1 text 2 1 '
}

@test "the collection: the only decision of a batch, --all, and picks from a file" {
	local s=$BI_ROOT/collected/by_subject_id

	batch 1 3
	pick 1 2
	bi-collect b >/dev/null
	bi-clean items -y -b b 2 2>/dev/null
	run -1 bi-collect b
	assert_equal "$(find "$s" -name '*.txt')" ''
	echo '{"batch":"b","selections":{"1":2}}' >picks
	run -65 bi-collect --picks picks b
	assert_output --partial "candidate 2 of subject '1' was removed"
	run -0 bi-collect --all b
	assert_equal "$(find "$s" -name '*.txt' -exec cat {} + | sort | tr '\n' ' ')" 'text 1 1 text 1 3 '
	refute grep -q f12 "$s/1/metadata.json"
}

@test "who chose another candidate is heard, and disagreement ends with a removal" {
	batch 1 3
	pick 1 2
	pick 1 1 bob
	run -4 bi-collect b
	bi-clean items -y -b b 2 2>/dev/null
	run -0 bi-collect b
	assert_equal "$(find "$BI_ROOT/collected" -name '*.txt' -exec cat {} +)" 'text 1 1'
}

# --- bi-status ---

@test "counts, lists and pages of lists leave them out" {
	batch
	echo no | bi-fetch -q -b b >/dev/null || :
	bi-clean items -y -b b 1 3 7 >/dev/null
	run -0 bi-status --items b
	refute_output --partial f11.txt
	assert_equal "$(grep -c completed <<<"$output")" 4
	run -0 bi-status --items --failed b
	assert_output 'no item failed'
	run -0 bi-status --items --removed b
	assert_equal "$(awk '{print $1, $2}' <<<"$output" | tr '\n' ' ')" '1 removed 3 removed 7 removed '
	run -0 bi-status --items --removed --limit 1 --offset 1 b
	assert_line --index 0 --regexp '^3 +removed'
	assert_line --index 1 '... and 1 more: --offset 2'
	run -0 bi-status --items --removed --json b
	assert_equal "$(jq -r .status <<<"${lines[0]}")" removed
	run -0 bi-status --items --limit 2 --offset 1 b
	assert_equal "$(grep -o 'f[0-9]*.txt' <<<"$output" | tr '\n' ' ')" 'f21.txt f22.txt '
	assert_line '... and 1 more: --offset 3'
	for page in '0 2 [2,4]' '1 2 [4,5]' '3 9 [6]' '4 9 []' '0 0 []' '9 9 []'; do
		read -r offset limit want <<<"$page"
		run -0 bi-status --json --limit "$limit" --offset "$offset" b
		assert_equal "$(jq -c '.items | map(.id)' <<<"$output")" "$want"
	done
	run -2 bi-status --removed b
	run -2 bi-status --items --removed --failed b
	run -0 bi-status --strict b
	bi-status --json --limit 0 | command jq -rs -f "$BI_SHARE/examples/prometheus.jq" >metrics
	grep -qx 'bi_batch_items{batch="b",state="removed"} 3' metrics
	grep -qx 'bi_batch_items{batch="b",state="completed"} 4' metrics
	run -0 bi-clean batch -n b
	assert_output --partial 'batch b: 4 items'
}

@test "a batch without removed items says nothing of them" {
	batch 1
	bi-status --json b >document
	refute grep -q removed document
	bi-status --json --limit 0 | command jq -rs -f "$BI_SHARE/examples/prometheus.jq" >metrics
	refute grep -q removed metrics
	run -0 bi-status b
	refute_output --partial removed
}

@test "events: removed, and back" {
	batch 1
	bi-clean items -y -b b 1 >/dev/null
	head -n 1 list | bi-fetch -q -b b >/dev/null 2>&1
	start bi-status --events --from-start b >events
	poll 10 grep -q item_restored events
	assert_equal "$(jq -r 'select(.event | startswith("item_")) | select(.item == 1) | select(.event != "item_processing") | .event' events | tr '\n' ' ')" \
		'item_completed item_removed item_restored item_completed '
	grep item_removed events | grep -qF f11.txt
	stop "$!"
}

@test "the doctor finds nothing wrong with them" {
	batch
	bi-clean items -y -b b 1-6 >/dev/null
	run bi-status --doctor
	refute_line --partial 'batches:'
	refute_output --partial ' b '
}

# --- formats and rebuilding ---

@test "a rebuild and a check keep them, whatever was lost" {
	batch
	bi-clean items -y -b b 1 4-5 >/dev/null
	for lost in state results.index items.index contents.index; do
		rm -f "$B/$lost"
		run -0 bi-status -R b
		assert_equal "$(states)" 'xccxxc'
	done
	printf 'cccccc' >"$B/state"
	run -1 bi-clean check
	assert_line 'b: the state of item 1 is c, and its result says x'
	run -0 bi-clean --repair check
	assert_equal "$(states)" 'xccxxc'
	printf 'xxxxxx' >"$B/state"
	run -0 bi-clean --repair check
	assert_equal "$(states)" 'xccxxc'
	printf 'xxpccx' >"$B/state"
	run -0 bi-fetch -q -b b --resume
	assert_equal "$(states)" 'xccxxc'
}

@test "the format changes with the first removed item, and every program refuses one that it does not know" {
	batch
	bi-render b >/dev/null
	cp "$B/batch.json" before
	bi-clean items -y -b b --failed >/dev/null
	diff before "$B/batch.json"
	bi-clean items -y -b b 1 >/dev/null
	assert_equal "$(jq -c '[.name, .format]' "$B/batch.json")" '["b",2]'
	sed 's/"format":2/"format":3/' "$B/batch.json" >new
	cp new "$B/batch.json"
	echo '{"batch":"b","selections":{"2":1}}' >picks
	find "$B" -type f -exec sha256sum {} + | sort >untouched
	while read -r command; do
		run --separate-stderr timeout 30 bash -c "$command"
		assert_regex "$status $output $stderr" "^[1-9].*a newer bi made it|^1 .*newer bi"
	done <<-'END'
		bi-status b
		bi-status --json b
		bi-status --items b
		bi-status -R b
		bi-fetch -b b --resume
		bi-fetch -b b list
		bi-fetch -b b --queue list
		bi-render b
		bi-serve -p 12000-18999 b
		bi-collect b
		bi-collect --picks picks b
		bi-clean check b
		bi-clean --repair check b
		bi-clean items -y -b b 2
		bi-clean cancel b
		bi-clean -y batch b
		bi-clean -y --archive x.tar batch b
		bi-clean -y --older-than 0s old
	END
	run bi-status --doctor
	assert_output --partial 'b cannot be opened: a newer bi made it'
	run timeout 30 bash -c 'echo "{\"batch\":\"b\",\"item\":2,\"status\":\"completed\",\"path\":\"x\"}" | bi-parse'
	assert_output --partial newer
	find "$B" -type f -exec sha256sum {} + | sort | diff untouched -
	# With the known format, everything works again.
	sed -i 's/"format":3/"format":2/' "$B/batch.json"
	run -0 bi-clean check
	assert_equal "$(states)" 'xccccc'
}

@test "a version that does not know removed items sees failures for good" {
	batch 1
	bi-clean items -y -b b 2 >/dev/null
	# It ignores lines of the results that it does not know.
	grep -v '"status":"removed"' "$B/results.ndjson" >old
	assert_equal "$(tail -n 1 old | jq -c '[.item, .status, .error.code, .error.retryable]')" '[2,"failed","removed",false]'
	# And this version reads the batch after the older one used it.
	cp old "$B/results.ndjson"
	printf cfc >"$B/state"
	rm "$B/results.index"
	run -0 bi-status -R b
	assert_equal "$(states)" 'cxc'
}

@test "an archive of a batch has them as removed, and without their files" {
	batch
	bi-clean items -y -b b 1 >/dev/null
	echo left >"$B/files/1_1.txt"
	run -1 bi-clean -y --archive x.tar batch b
	assert_output --partial 'bi-clean --repair check b'
	[ ! -e x.tar ]
	[ -e "$B/batch.json" ]
	run -0 bi-clean --repair check b
	assert_line 'b: files/1_1.txt is of item 1, which was removed: mended'
	run -0 bi-clean -y --archive x.tar batch b
	assert_output --partial 'removed batch b: 5 items'
	tar -tf x.tar >names
	refute grep -q 1_1.txt names
	grep -q 1_2.txt names
	run -0 bi-collect --verify x.tar
	mkdir -p "$BI_ROOT/batches"
	tar -xf x.tar -C "$BI_ROOT/batches" --strip-components "$(grep -m 1 batch.json names | tr -cd / | wc -c | awk '{print $1 - 1}')" --wildcards '*b/*'
	run -0 bi-status -R b
	assert_equal "$(states)" 'xccccc'
}

# --- kills ---

# settled: no item is completed without its file.
settled() {
	local n=0 s

	while IFS= read -r -n 1 s; do
		n=$((n + 1))
		[ "$s" != c ] || [ -e "$B/files/$(((n - 1) / 3 + 1))_$(((n - 1) % 3 + 1)).txt" ] || {
			echo "item $n is completed and has no file"
			return 1
		}
	done < <(states)
}

@test "killed at any step, the same command goes on" {
	local calls=openat,pwrite64,fdatasync,fsync,unlinkat,renameat,renameat2,linkat,ftruncate n total

	need_plain_strace
	batch
	pick 1 1
	bi-render b >/dev/null
	cp -a "$BI_ROOT" kept
	strace -f -qq -o trace -e trace="${calls#openat,}" bi-clean items -y -b b 1 5 >/dev/null 2>&1
	total=$(wc -l <trace)
	[ "$total" -gt 15 ]
	for ((n = 1; n <= total; n++)); do
		rm -rf "$BI_ROOT"
		cp -a kept "$BI_ROOT"
		# strace counts each system call separately; the n-th line of the trace shows which one that is.
		call=$(sed -n "${n}s/^[0-9]* *\([a-z0-9]*\)(.*/\1/p" trace)
		[ -n "$call" ] || continue
		when=$(head -n "$n" trace | grep -c "^[0-9]* *$call(")
		run -137 strace -f -qq -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$when" bi-clean items -y -b b 1 5
		settled
		case $((n % 3)) in
		0) # Who works on it next corrects what is behind.
			run bi-fetch -q -b b --resume
			settled
			;;
		1)
			run bi-clean --repair check
			run -0 bi-clean check
			settled
			;;
		esac
		run -0 bi-clean items -y -b b 1 5
		assert_equal "$(states) $(files)" 'xcccxc 1_2.txt 1_3.txt 2_1.txt 2_3.txt '
		[ ! -e "$BI_ROOT/review/b/1_1.txt" ]
		assert_equal "$(tail -n 1 "$B/picks.ndjson" | jq -c '[.choice, .removed]')" '[null,1]'
		run -0 bi-clean check
		assert_output '1 batch verified: all is well'
	done
}

@test "each failing call is said, and the same command goes on" {
	local n total call when

	need_plain_strace
	batch
	cp -a "$BI_ROOT" kept
	strace -f -qq -o trace -e trace=pwrite64,fdatasync,fsync,unlinkat,renameat,linkat bi-clean items -y -b b 1 5 >/dev/null 2>&1
	total=$(wc -l <trace)
	for ((n = 1; n <= total; n++)); do
		rm -rf "$BI_ROOT"
		cp -a kept "$BI_ROOT"
		call=$(sed -n "${n}s/^[0-9]* *\([a-z0-9]*\)(.*/\1/p" trace)
		[ -n "$call" ] || continue
		when=$(head -n "$n" trace | grep -c "^[0-9]* *$call(")
		run strace -f -qq -o /dev/null -e trace="$call" -e inject="$call:error=EIO:when=$when" bi-clean items -y -b b 1 5
		settled
		[ "$status" = 0 ] || assert_output --partial 'bi-clean: '
		run -0 bi-clean items -y -b b 1 5
		assert_equal "$(states) $(files)" 'xcccxc 1_2.txt 1_3.txt 2_1.txt 2_3.txt '
		run -0 bi-clean check
	done
}

@test "many at once, while others add and fetch: each is where it belongs" {
	local i

	faulty_start
	for i in {1..60}; do
		echo "$FAULTY/bytes/20/$i.txt"
	done >list
	start bi-fetch -q -b b --per-host 2 <list >/dev/null 2>&1
	poll 10 test -e "$B/state"
	for i in {1..5}; do
		bi-clean items -y -b b "$FAULTY/bytes/20/$i.txt" >/dev/null 2>&1 || :
	done
	poll 60 gone "$!"
	bi-clean items -y -b b {1..5} >/dev/null
	bi-clean items -y -b b 11-40 >/dev/null &
	bi-clean items -y -b b 31-60 >/dev/null
	wait "$!"
	assert_equal "$(states)" "xxxxxcccccxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	assert_equal "$(find "$B/files" -type f | wc -l)" 5
	run -0 bi-clean check
}

@test "the file that has replaced that of an item goes with it, and if a kill comes between, it is found" {
	local i

	batch 2 2
	for i in 1 2 3; do
		echo "new $i" | tee f11.txt f12.txt f21.txt >/dev/null
		bi-fetch -q -b b --update --resume >/dev/null
	done
	assert_equal "$(files)" '1_1_4.txt 1_2_4.txt 2_1_4.txt 2_2.txt '
	run -0 bi-clean items -y -b b 1
	assert_line --partial '(1 file, 6 bytes)'
	assert_equal "$(states) $(files)" 'xccc 1_2_4.txt 2_1_4.txt 2_2.txt '
	# Put back, as a kill before its removal leaves it.
	echo left >"$B/files/1_1_4.txt"
	run -1 bi-clean check b
	assert_output --partial 'files/1_1_4.txt is of item 1, which was removed'
	run ! bi-clean batch -y --archive b.tar b
	assert_output --partial 'still has a file'
	run bi-clean --repair check b
	assert_equal "$(files)" '1_2_4.txt 2_1_4.txt 2_2.txt '
	# The candidates beside it stay, and another subject's too.
	run -0 bi-clean items -y -b b 3
	assert_equal "$(states) $(files)" 'xcxc 1_2_4.txt 2_2.txt '
	run -0 bi-clean check
}
