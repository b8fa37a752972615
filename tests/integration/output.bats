#!/usr/bin/env bats
# bi-fetch --output, and what a person is told who interrupts a run.
# shellcheck disable=SC2154,SC2016 # run --separate-stderr sets stderr; scripts for bash -c
load helpers

@test "--output: the file of the item is at the path too, and the batch has it as always" {
	faulty_start
	run -0 --separate-stderr bi-fetch -b t -o out.bin "$FAULTY/bytes/5000/a"
	cmp out.bin "$(jq -r 'select(.item).path' <<<"$output")"
	assert_equal "$(stat -c '%a %h' out.bin)" "$(printf '%o' $((0666 & ~$(umask)))) 1"
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-fetch","completed":1,"failed":0,"exit":0}'
	assert_equal "$(find . -path ./root -prune -o -newer "$BI_ROOT" -type f -print | grep -c part)" 0
	# What is completed already is written again elsewhere, without a request.
	mkdir dir
	run -0 --separate-stderr bi-fetch -b t -o dir/again "$FAULTY/bytes/5000/a"
	cmp out.bin dir/again
	# A local file, and one that is the copy itself.
	run -0 --separate-stderr bi-fetch -b t -o copy out.bin
	cmp out.bin copy
	before=$(stat -c '%i %y' copy)
	run -0 --separate-stderr bi-fetch -b t -o copy copy
	assert_equal "$(stat -c '%i %y' copy)" "$before"
}

@test "--output: an existing file is replaced when the item is complete, and not by a failure" {
	faulty_start
	echo old >out
	ln out other
	run -1 --separate-stderr bi-fetch --tries 1 -b t -o out "$FAULTY/status/404"
	assert_equal "$(cat out)" old
	assert_regex "$stderr" "nothing was written to 'out': .*404"
	run -1 --separate-stderr bi-fetch --tries 1 -b t --accept 'image/*' -o out "$FAULTY/bytes/5/a"
	assert_equal "$(cat out)" old
	run -0 --separate-stderr bi-fetch -b t2 -o out "$FAULTY/bytes/50/a"
	assert_equal "$(stat -c %s out)" 50
	assert_equal "$(cat other)" old
	# A link is followed.
	ln -s other link
	run -0 --separate-stderr bi-fetch -b t2 -o link "$FAULTY/bytes/50/a"
	[ -L link ]
	cmp out other
	run -0 --separate-stderr bi-fetch -b t2 -o /dev/null "$FAULTY/bytes/50/a"
	[ -c /dev/null ]
}

@test "--output -: the bytes, and nothing else, on standard output" {
	faulty_start
	bi-fetch -b t -o - "$FAULTY/bytes/200000/a" >out
	cmp out "$BI_ROOT"/batches/t/files/i1_1.*
	run -1 --separate-stderr bi-fetch --tries 1 -b t -o - "$FAULTY/status/404"
	assert_output ''
	assert_regex "$stderr" "nothing was written to '-': .*404"
	# A reader that has enough ends it as any program.
	run -0 bash -c 'bi-fetch -b t -o - "$1" | head -c 10 >first; echo "${PIPESTATUS[0]}"' bash "$FAULTY/bytes/9000000/b"
	assert_output --regexp '^(141|0)$'
	assert_equal "$(stat -c %s first)" 10
}

@test "--output: a file of the root is not replaced, by its path, through a link, or by a second batch" {
	local path before

	echo one >in
	echo two >other
	bi-fetch -b t in
	ln -s "$BI_ROOT/batches/t" link
	before=$(find "$BI_ROOT/batches/t" -type f -exec sha256sum {} + | sort)
	for path in "$BI_ROOT/batches/t/files/i1_1.txt" link/batch.json link/files/new "$BI_ROOT/hosts/../batches/t/items.ndjson"; do
		run -2 --separate-stderr bi-fetch -b u -o "$path" other
		assert_regex "$stderr" "is in the directory batches/t(/files)? of the root.*name a file outside"
	done
	assert_equal "$(find "$BI_ROOT/batches/t" -type f -exec sha256sum {} + | sort)" "$before"
	run -2 --separate-stderr bi-collect --all -o link/files/x.tar t
	assert_regex "$stderr" "is in the directory batches/t/files of the root"
	bi-fetch -b u -o "$BI_ROOT/x" other
	assert_equal "$(cat "$BI_ROOT/x")" two
}

@test "--output: wrong use makes nothing, and a path that cannot be written is said" {
	local args

	mkdir dir
	ln -s nowhere dangling
	while read -r code args; do
		# shellcheck disable=SC2086 # several words
		run "-$code" --separate-stderr bi-fetch -b t $args
		[ ! -e "$BI_ROOT" ]
	done <<-'END'
		2 -o x http://127.0.0.1:1/a http://127.0.0.1:1/b
		2 -o x
		2 -o x -
		2 -o x --input list http://127.0.0.1:1/a
		2 -o x --queue http://127.0.0.1:1/a
		2 -o x --resume
		73 -o dir http://127.0.0.1:1/a
		73 -o dir/ http://127.0.0.1:1/a
		73 -o none/x http://127.0.0.1:1/a
		73 -o dangling http://127.0.0.1:1/a
	END
	need_refusals
	echo x >in
	echo old >dir/x
	chmod 0555 dir
	run -77 --separate-stderr "${AS[@]}" bi-fetch -b t -o dir/x in
	assert_regex "$stderr" "cannot write 'dir/x', but the file is in the batch 't' as files/i1_1.txt: Permission denied"
	assert_equal "$(cat dir/x)" old
	run -74 --separate-stderr bi-fetch -b t -o /dev/full in
	assert_regex "$stderr" "No space left"
}

# interrupted ARGUMENTS: bi-fetch on a terminal, with ./list as its standard input, until three items are done; then SIGINT.
# The arguments are one string for the shell. What it printed is in ./said.
interrupted() {
	start on_terminal sh -c "echo \$\$ >pid; exec bi-fetch $1 <${2-list}" <>keys >screen 2>&1
	poll 20 eval '[ "$(grep -c "\"completed\"" "$BI_ROOT"/batches/t/results.ndjson)" -ge 3 ]'
	kill -INT "$(<pid)"
	poll 20 gone "$!"
	tr -d '\r' <screen | sed 's/\x1b\[K//g' >said
}

@test "Ctrl-C on a terminal: one sentence with how far it came and the command that goes on" {
	local command

	faulty_start
	mkfifo keys
	printf '%s\n' "$FAULTY"/bytes/5/{1..3} "$FAULTY"/stall/3/bytes/9/{1..2} >list
	interrupted "-b t --per-host 5 --label \"it's one\" --tries 2"
	grep "bi-fetch: stopped after 3 of 5 items, 0 failed; to go on: " said
	command=$(sed -n 's/.*to go on: //p' said)
	assert_equal "$command" "bi-fetch --resume --batch t --per-host 5 --label 'it'\\''s one' --tries 2"
	assert_equal "$(grep -c stopped said)" 1
	# The command works.
	run -1 timeout 20 bash -c "$command --stall-timeout 1 --tries 1"
	assert_equal "$(grep -c '"item"' <<<"$output")" 5
	# Secrets are not shown.
	rm -rf "$BI_ROOT"
	interrupted "-b t -H 'X-Secret: hush'"
	grep -F 'bi-fetch --resume --batch t (and the same --header, --cookie or --proxy)' said
	run ! grep hush said
}

@test "Ctrl-C before the list was read, with -q, and without a terminal" {
	faulty_start
	printf '%s\n' "$FAULTY"/bytes/5/{1..3} >list
	mkfifo keys pipe
	exec 5<>pipe
	cat list >&5
	interrupted '-b t' pipe
	grep -E 'stopped after 3 of 3 or more items, 0 failed; the same command, with the same lists, goes on' said
	exec 5>&-
	rm -rf "$BI_ROOT"
	echo "$FAULTY/stall/3/bytes/9/1" >>list
	interrupted '-b t -q'
	run ! grep stopped said
	rm -rf "$BI_ROOT"
	start bi-fetch -b t <list >out 2>err
	poll 20 eval '[ "$(grep -c "\"completed\"" out)" -ge 3 ]'
	stop "$!"
	assert_equal "$stopped" 143
	assert_equal "$(cat err)" ''
}

@test "a pipe that nobody opens at its other end is waited for until a signal comes" {
	local signal pid

	faulty_start
	mkfifo pipe
	for signal in TERM INT HUP; do
		rm -rf "$BI_ROOT"
		start env --default-signal=INT bi-fetch -q -b t -o pipe "$FAULTY/bytes/5/1" >out 2>err
		pid=$!
		poll 20 eval 'grep -q "\"completed\"" "$BI_ROOT"/batches/t/results.ndjson 2>/dev/null'
		kill -"$signal" "$pid"
		poll 20 gone "$pid"
		# What was fetched stands.
		run -0 bi-fetch -q -b t --resume
		start env --default-signal=INT bi-fetch -q -b t --cookie pipe "$FAULTY/bytes/5/2" >out 2>err
		pid=$!
		# Before env has become bi-fetch, the shell's own children ignore SIGINT.
		poll 20 eval '[ "$(<"/proc/$pid/comm")" = bi-fetch ] && ! grep -q "^SigBlk:.*[1-9a-f]" "/proc/$pid/status"'
		kill -"$signal" "$pid"
		poll 20 gone "$pid"
	done
	# With somebody there, both are taken.
	printf 'Set-Cookie: k=v; Domain=127.0.0.1\n' >pipe &
	run -0 bi-fetch -q -b t --cookie pipe "$FAULTY/echo/3"
	grep -q '^Cookie: k=v' "$BI_ROOT"/batches/t/files/i2_1.*
	cat pipe >got &
	run -0 bi-fetch -q -b t -o pipe "$FAULTY/bytes/5/1"
	poll 20 test -s got
	assert_equal "$(wc -c <got)" 5
}
