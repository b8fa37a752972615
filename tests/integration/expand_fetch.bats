#!/usr/bin/env bats
# bi-fetch --expand: archives become items, one a member.

load helpers

archive() {
	"$BI_BUILD/tests/archive" "$@"
}

# results [BATCH]: the results that the batch has, one a line: state, member or file name, code or number of members.
results() {
	jq -r '[.status, (.member // (.url // .file | sub(".*/"; ""))), (.error.code // .members // "")] | join(" ")' \
		"$BI_ROOT/batches/${1:-default}/results.ndjson"
}

@test "members of a zip become items; links and names that lead out fail, the rest goes on" {
	archive zip a.zip a.txt=hello ../up=x /abs=y dir/ dir/b.txt=world 'link@/etc/passwd' empty=
	run -1 --separate-stderr bi-fetch --expand a.zip /etc/hostname
	run -0 results
	assert_equal "$(sort <<<"$output")" "$(sort <<-'END'
		completed a.txt 
		failed ../up member_bad_name
		failed /abs member_bad_name
		completed dir/b.txt 
		failed link member_not_a_file
		completed empty 
		completed a.zip 3
		completed hostname 
	END
	)"
	assert_equal "$(grep -v hostname <<<"$output" | tail -n 1)" 'completed a.zip 3'
	jq -se 'map(select(.member == "a.txt")) | length == 1 and (.[0] |
		.archive == 1 and .bytes == 5 and .mime == "text/plain" and (has("file") | not))' \
		"$BI_ROOT/batches/default/results.ndjson"
	assert_equal "$(cat "$BI_ROOT/batches/default/$(jq -r 'select(.member == "dir/b.txt").path' \
		"$BI_ROOT/batches/default/results.ndjson")")" world
	assert_equal "$(ls "$BI_ROOT/temp")" ''
	run -1 --separate-stderr bi-fetch --expand a.zip /etc/hostname missing
	assert_equal "$(wc -l <"$BI_ROOT/batches/default/items.ndjson")" 9
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-fetch","completed":2,"failed":1,"exit":1}'
}

@test "run again does nothing; without --expand an archive is a file; a compressed file that is no archive is kept" {
	mkdir in
	printf one >in/1
	printf two >in/2
	tar -czf t.tgz in
	gzip -c in/1 >plain.gz
	run -0 --separate-stderr bi-fetch -b plain t.tgz
	assert_equal "$(wc -l <"$BI_ROOT/batches/plain/items.ndjson")" 1
	run -0 --separate-stderr bi-fetch -b M --expand t.tgz plain.gz
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-fetch","completed":4,"failed":0,"exit":0}'
	assert_equal "$(results M | grep gz | sort)" $'completed plain.gz \ncompleted t.tgz 2'
	cp -a "$BI_ROOT/batches/M" before
	run -0 --separate-stderr bi-fetch -b M --expand t.tgz plain.gz
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-fetch","completed":2,"failed":0,"exit":0}'
	run -0 --separate-stderr bi-fetch -b M --expand --resume
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-fetch","completed":4,"failed":0,"exit":0}'
	cmp before/results.ndjson "$BI_ROOT/batches/M/results.ndjson"
	cmp before/items.ndjson "$BI_ROOT/batches/M/items.ndjson"
}

@test "members have the subject of their archive, and count on; --accept is about them" {
	origin_start
	archive 7zip origin/a.7z 'one.txt=hello, one' 'two.txt=hello, two' page.html='<!doctype html><html><title>x</title></html>'
	run -1 --separate-stderr bi-fetch --expand --accept text/plain -b M <<-END
		{"subject":{"id":7,"name":"Ada"},"url":"$ORIGIN/a.7z","license":"CC0","sha256":"$(sha256sum <origin/a.7z | cut -d' ' -f1)"}
		{"subject":{"id":8,"name":"Bob"},"url":"$ORIGIN/a.7z"}
	END
	assert_equal "$(cd "$BI_ROOT/batches/M/files" && echo *)" '7_1.7z 7_2.txt 7_3.txt 8_1.7z 8_2.txt 8_3.txt'
	jq -se 'map(select(.member == "one.txt" and .archive == 1)) | length == 1 and
		(.[0] | .subject.name == "Ada" and .license == "CC0" and .sha256 != null)' "$BI_ROOT/batches/M/results.ndjson"
	assert_equal "$(results M | grep -c 'failed page.html not_accepted')" 2
}

@test 'an archive that is a bomb, encrypted or damaged fails with its reason, and the rest goes on' {
	archive zip bomb.zip small=1 'zeros*100000000'
	archive locked locked.zip a=1
	archive zip good.zip a=1
	archive ustar many.tar 'x#200'
	gzip -c many.tar | head -c 2000 >cut.tgz
	printf 'PK\003\004 and nothing' >no.zip
	run -1 --separate-stderr bi-fetch --expand --archive-free 10M bomb.zip locked.zip cut.tgz no.zip good.zip
	run -0 results
	assert_line 'failed bomb.zip archive_ratio'
	assert_line 'failed locked.zip archive_encrypted'
	assert_line 'failed cut.tgz archive_damaged'
	assert_line 'completed good.zip 1'
	assert_line 'completed a '
	assert_equal "$(grep -c 'no.zip' <<<"$output")" 1
	# What was whole before the cut stays; what was under way is not.
	assert_equal "$(jq -r 'select(.status == "completed" and .archive == 3) | .bytes' "$BI_ROOT/batches/default/results.ndjson" | sort -u)" 100
	assert_equal "$(tr -d cf <"$BI_ROOT/batches/default/state")" ''
	assert_equal "$(ls "$BI_ROOT/temp")" ''
	# By its size alone, or by the limits that are given.
	for limit in --archive-bytes=50M --archive-member=50M --archive-members=1; do
		batch=${limit#--}
		batch=${batch%=*}
		run -1 --separate-stderr bi-fetch -b "$batch" --expand "$limit" bomb.zip
		assert_regex "$(results "$batch")" 'failed bomb.zip archive_too_(large|many)'
	done
	archive zip sizes.zip small=1 'big*1000'
	run -1 --separate-stderr bi-fetch --expand --max-filesize 900 -b sizes sizes.zip
	assert_equal "$(results sizes | sort)" $'completed sizes.zip 2\ncompleted small \nfailed big too_large'
}

# each_once BATCH COUNT: COUNT members and their archive, each completed once, the files whole.
each_once() {
	local dir=$BI_ROOT/batches/$1

	assert_equal "$(wc -l <"$dir/items.ndjson")" "$(($2 + 1))" || return
	assert_equal "$(tr -d c <"$dir/state")" '' || return
	assert_equal "$(jq .item "$dir/results.ndjson" | sort | uniq -c | awk '$1 != 1' | wc -l)" 0 || return
	assert_equal "$(find "$dir/files" -type f | wc -l)" "$(($2 + 1))" || return
	jq -r --arg dir "$dir" '.sha256 + "  " + $dir + "/" + .path' "$dir/results.ndjson" | sha256sum --check --quiet || return
	assert_equal "$(jq -s 'map(select(.members)) | .[0].members' "$dir/results.ndjson")" "$2"
}

@test "killed with -9 while it unpacks: the next run does the rest, each member once; so does --resume" {
	local again

	archive ustar many.tar 'x#1500'
	for again in many.tar --resume; do
		rm -rf "$BI_ROOT"
		start bi-fetch -q -b M --expand many.tar >out
		poll 20 eval '[ "$(tr -cd c <"$BI_ROOT/batches/M/state" | wc -c)" -gt 100 ]'
		kill -KILL "$!"
		poll 10 gone "$!"
		[ "$(tr -cd c <"$BI_ROOT/batches/M/state" | wc -c)" -lt 1501 ]
		run -0 --separate-stderr bi-fetch -q -b M --expand "$again"
		assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-fetch","completed":1501,"failed":0,"exit":0}'
		assert_equal "$(grep -c '"status":"completed"' <<<"$output")" 1501
		assert_equal "$(jq .item <<<"$output" | grep -v null | sort -u | wc -l)" 1501
		each_once M 1500
	done
}

@test "a signal while it unpacks: nothing is left, and the next run ends it" {
	archive ustar many.tar 'x#1500'
	start bi-fetch -q -b M --expand many.tar >out
	poll 20 eval '[ "$(tr -cd c <"$BI_ROOT/batches/M/state" | wc -c)" -gt 100 ]'
	stop "$!"
	assert_equal "$stopped" 143
	assert_equal "$(tr -d cp <"$BI_ROOT/batches/M/state")" ''
	assert_equal "$(ls "$BI_ROOT/temp")" ''
	bi-fetch -q -b M --expand many.tar >out
	each_once M 1500
}

@test 'two processes with one archive unpack each member once' {
	local one two

	archive ustar many.tar 'x#1000'
	start bi-fetch -q -b M --expand many.tar >one
	one=$!
	start bi-fetch -q -b M --expand many.tar >two
	two=$!
	poll 30 gone "$one"
	poll 30 gone "$two"
	each_once M 1000
}

# forget BATCH MEMBER: takes the result and the file of a member away.
forget() {
	local dir=$BI_ROOT/batches/$1

	rm "$dir/$(jq -r --arg m "$2" 'select(.member == $m) | .path' "$dir/results.ndjson")"
	grep -v "\"member\":\"$2\"" "$dir/results.ndjson" >results
	cat results >"$dir/results.ndjson"
	bi-status --rebuild "$1"
}

@test "a member that is pending though its archive is done is unpacked from the batch; else it says what is gone" {
	archive zip a.zip one=1 two=2 three=3
	bi-fetch -q -b M --expand a.zip >out
	rm a.zip
	forget M two
	forget M three
	assert_equal "$(cat "$BI_ROOT/batches/M/state")" ccpp
	run -0 --separate-stderr bi-fetch -b M --resume
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-fetch","completed":4,"failed":0,"exit":0}'
	assert_equal "$(cat "$BI_ROOT"/batches/M/files/*.{bin,txt} 2>/dev/null | tr -d '\n' | fold -w 1 | sort | tr -d '\n')" 123
	forget M two
	rm "$BI_ROOT"/batches/M/files/*.zip
	run -1 --separate-stderr bi-fetch -b M --resume
	assert_equal "$(results M | tail -n 1)" 'failed two archive_gone'
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-fetch","completed":3,"failed":1,"exit":1}'
}

@test "an item that cannot be read is not taken for one that is no member" {
	local n code fatal=0

	need_plain_strace
	archive zip a.zip one=1 two=2
	bi-fetch -q -b M --expand a.zip >out
	forget M two
	cp -a "$BI_ROOT" kept
	for ((n = 1; n < 100; n++)); do
		code=0
		strace -f -o trace -P "$BI_ROOT/batches/M/items.ndjson" -e trace=pread64 \
			-e "inject=pread64:error=EIO:when=$n" bi-fetch -b M --expand a.zip >out 2>err || code=$?
		grep -q INJECTED trace || break
		if [ "$code" = 0 ]; then
			assert_equal "$n $(cat "$BI_ROOT/batches/M/state")" "$n ccc"
		else
			fatal=$((fatal + 1))
			run cat err
			assert_output --partial 'Input/output error'
		fi
		rm -r "$BI_ROOT"
		cp -a kept "$BI_ROOT"
	done
	[ "$fatal" -gt 0 ] && [ "$n" -lt 100 ]
}

@test "the number of an archive that no item can have is not cut to one that there is" {
	local number

	archive zip a.zip one=1 two=2
	bi-fetch -q -b M --expand a.zip >out
	forget M two
	cp "$BI_ROOT/batches/M/items.ndjson" kept
	for number in 4294967297 -4294967295; do
		sed "/two/s/\"archive\":1/\"archive\":$number/" kept >"$BI_ROOT/batches/M/items.ndjson"
		run -1 --separate-stderr bi-fetch -q -b M --resume --retry failed
		assert_equal "$(results M | tail -n 1)" 'failed two no_url'
		run -1 bi-clean check M
		assert_output --partial "is a member of the archive $number, which is not an earlier item"
	done
}

@test "an archive that cannot be opened is not called gone" {
	archive zip a.zip one=1 two=2
	bi-fetch -q -b M --expand a.zip >out
	forget M two
	mv "$BI_ROOT"/batches/M/files/*.zip kept
	ln -s "$PWD/kept" "$BI_ROOT/batches/M/files/i1_1.zip"
	run -1 --separate-stderr bi-fetch -b M --resume
	assert_equal "$(results M | tail -n 1)" 'failed two system_error'
	assert_regex "$output" 'cannot be opened: it is a symbolic link, which is not followed'
	mv kept "$BI_ROOT/batches/M/files/i1_1.zip"
	run -0 --separate-stderr bi-fetch -b M --resume
	assert_equal "$(cat "$BI_ROOT/batches/M/state")" ccc
}

# reads PID: how often it has read something.
reads() {
	sed -n 's/^syscr: //p' "/proc/$1/io"
}

@test "members that wait for an archive which another process holds go on when that one lets it go" {
	local fetch

	archive zip a.zip one=1 two=2 three=3 four=4
	bi-fetch -q -b M --expand a.zip >out
	rm -r "$BI_ROOT"/batches/M/files/*
	: >"$BI_ROOT/batches/M/results.ndjson"
	bi-status --rebuild M
	assert_equal "$(cat "$BI_ROOT/batches/M/state")" ppppp
	mkfifo hold.in
	start "$BI_BUILD/tests/hold" M 1 <>hold.in >hold.out
	poll 10 grep -q held hold.out
	start bi-fetch -b M --expand --resume >out 2>err
	fetch=$!
	# Some rounds of looking at them have passed.
	poll 20 eval '[ "$(reads "$fetch")" -gt 500 ]'
	assert_equal "$(cat "$BI_ROOT/batches/M/state")" rpppp
	stop "${STARTED[-2]}"
	poll 20 gone "$fetch"
	assert_equal "$(tail -n 1 out)" '{"end":"bi-fetch","completed":5,"failed":0,"exit":0}'
}

@test "without bi-expand it says so, and what is pending stays so" {
	mkdir bin
	cp "$BI_BIN/bi-fetch" "$BI_BIN/bi-type" bin/
	archive zip a.zip one=1
	run -71 --separate-stderr bin/bi-fetch --expand a.zip
	[[ $stderr == "bi-fetch: starting bi-expand, which unpacks archives under "*": No such file or directory; "* ]]
	assert_equal "$(cat "$BI_ROOT/batches/default/state")" p
}
