#!/usr/bin/env bats
# bi-status --watch, on a terminal that script(1) makes, and where there is none.
# shellcheck disable=SC2016 # the commands are for another shell
load helpers

setup() {
	bi_setup
	export TERM=xterm-256color LC_ALL=C
	unset NO_COLOR
	mkdir -p "$BI_ROOT/batches"
}

# batch NAME STATES: a batch made by hand.
batch() {
	mkdir "$BI_ROOT/new"
	: >"$BI_ROOT/new/lock"
	awk -v n="${#2}" 'BEGIN { for (i = 1; i <= n; i++)
		printf "{\"bi\":{\"n\":%d,\"key\":\"%032d\",\"id\":\"i%d\",\"idx\":1},\"url\":\"https://example.com/%d\"}\n", i, i, i, i
	}' >"$BI_ROOT/new/items.ndjson"
	printf %s "$2" >"$BI_ROOT/new/state"
	echo "{\"name\":\"$1\",\"job_id\":1}" >"$BI_ROOT/new/batch.json"
	mv "$BI_ROOT/new" "$BI_ROOT/batches/$1"
}

# watch COLUMNS ROWS ARG...: bi-status --watch on a terminal of that size. What it writes comes into ./screen, what is
# written to ./keys is typed; its process id is $watcher, its terminal $tty; its exit code comes into ./code. The process
# $terminal ends once all of that is written.
watch() {
	local columns=$1 rows=$2

	shift 2
	rm -f keys screen code pid
	mkfifo keys
	# What is started in the background ignores interrupts otherwise.
	printf 'stty cols %s rows %s; stty -g >before; perl -e '\''$SIG{INT} = "DEFAULT"; open F, ">", "pid"; print F $$; close F; exec @ARGV'\'' bi-status --watch %s; echo $? >code.new; stty -g >after; mv code.new code\n' \
		"$columns" "$rows" "$*" >run.sh
	start script -qefc 'sh run.sh' screen <>keys >/dev/null 2>script.err
	terminal=$!
	poll 10 test -s pid
	watcher=$(<pid)
	poll 10 frame 'BATCH|DONE|\[|no batches'
	tty=$(readlink "/proc/$watcher/fd/1")
}

# frame REGEX: the last table that was drawn, without colours, has a line that matches. A table comes in pieces: poll for it.
frame() {
	last_frame | grep -qE -- "$1"
}

# The last table that was drawn on the screen, as text.
last_frame() {
	perl -0777 -ne 's/.*\e\[H//s; s/\e\[\?25h.*//s; s/\e\[[0-9;?]*[a-zA-Z]//g; s/\r//g; print' screen
}

# What is on the terminal when the program has given it back.
rest() {
	perl -0777 -ne 's/.*\e\[\?1049l//s; s/\e\[[0-9;?]*[a-zA-Z]//g; s/\r//g; print' screen
}

# It has ended, with the code or the signal of that number, and gave the terminal back as it was.
ended() {
	poll 10 gone "$terminal"
	assert_equal "$(<code)" "$1"
	diff before after
	grep -qF $'\e[?1049h' screen
	assert_equal "$(grep -oaF -e $'\e[?1049h' -e $'\e[?1049l' -e $'\e[?25l' -e $'\e[?25h' screen | tail -n 2 | tr -d '\033\n')" '[?25h[?1049l'
}

@test "watch: the table is drawn in place, follows what happens, and q leaves it" {
	batch b pppp
	watch 80 24
	poll 10 frame '^b +pending .* 0/4 +0 +4$'
	poll 10 frame '! nobody works on it'
	printf ccfp >"$BI_ROOT/batches/b/state"
	poll 10 frame '^b +stopped +\[#+x+\.+\] +75\.0% +3/4 +1 +1$'
	frame '^[0-9][0-9]:[0-9][0-9]:[0-9][0-9]  q quits$'
	# One that comes up finished is counted, until there is no other.
	batch c cf
	poll 10 frame '^1 finished, 1 with failures$'
	run ! frame '^c '
	mv "$BI_ROOT/batches/b" "$BI_ROOT/away"
	poll 10 eval '! frame "^b "'
	poll 10 frame '^c +partially_completed '
	printf q >keys
	ended 0
	run rest
	assert_line --regexp '^c +partially_completed +\[#+x+\] 100\.0% +2/2 +1 +0$'
	refute_line --regexp '^b '
	# In place: nothing but the first row is gone back to, and nothing scrolls.
	[ "$(grep -oaF $'\e[H' screen | wc -l)" -ge 4 ]
}

@test "watch: an interrupt, TERM and HUP end it by that signal, with the terminal as it was" {
	local signal

	batch b pp
	for signal in INT:130 TERM:143 HUP:129; do
		watch 80 24
		kill "-${signal%:*}" "$watcher"
		ended "${signal#*:}"
		run rest
		assert_line --regexp '^b +pending '
	done
	# As it is typed.
	watch 80 24
	printf '\003' >keys
	poll 10 gone "$terminal"
	diff before after
}

@test "watch: what the kernel kills leaves nothing that another cannot mend; what cannot be written ends it" {
	batch b pp
	run -74 bash -c 'bi-status --watch b >/dev/full'
}

@test "watch: a terminal that becomes narrow and low has another table, that fits" {
	batch M_batch1 ccff
	batch a-name-that-is-longer-than-the-terminal-is-wide cpp
	batch z "$(printf 'c%.0s' {1..20})"
	watch 80 24 M_batch1 a-name-that-is-longer-than-the-terminal-is-wide z
	# A long status leaves room for the bar.
	poll 10 frame '^M_batch1 +partially_[a-z]*(\.\.\.)? +\[#{6,}x{6,}\] '
	poll 10 frame '^a-name-that-is-lo\.\.\.  stopped '
	stty -F "$tty" cols 40 rows 20
	poll 10 frame '^M_batch1  partially_completed$'
	poll 10 frame '^  \[#+x+\] 100\.0% 4/4$'
	stty -F "$tty" cols 40 rows 8
	poll 10 frame '^2 finished, 1 with failures$'
	poll 10 frame '^a-name-that-is-longer-than-the-termin\.\.\.$'
	last_frame | awk 'length($0) > 40 { exit 1 } END { exit NR > 8 }'
	stty -F "$tty" cols 120 rows 40
	poll 10 frame '^BATCH +STATUS'
	printf q >keys
	ended 0
}

@test "watch: of more batches than there are rows the ones that move are shown, and the rest is counted" {
	for i in $(seq -w 1 60); do
		batch "done$i" cc
	done
	batch zz-stopped cp
	mkfifo hold.in
	batch zzz-held cpp
	start "$BI_BUILD/tests/hold" zzz-held <>hold.in >hold.out
	local holder=$!

	poll 10 grep -q held hold.out
	printf cpp >"$BI_ROOT/batches/zzz-held/state" # whoever opens it for work takes back a c without a result
	watch 80 24
	poll 10 frame '^62 batches, 122 of 125 items done'
	# The last line of the table: all of it is there.
	poll 10 frame '^60 finished$'
	last_frame >frame
	awk 'length($0) > 80 { exit 1 } END { exit NR > 24 }' frame
	grep -nE '^(zzz-held|zz-stopped) ' frame | cut -d: -f2 | cut -d' ' -f1 >order
	assert_equal "$(tr '\n' ' ' <order)" 'zzz-held zz-stopped '
	stop "$holder"
	poll 10 frame '^zz-stopped '
	printf q >keys
	ended 0
}

@test "watch: colours on a terminal, none under NO_COLOR, and a dumb one is no terminal" {
	batch b cf
	watch 80 24
	printf q >keys
	ended 0
	grep -qaF $'\e[32m' screen
	NO_COLOR=1 watch 80 24
	printf q >keys
	ended 0
	run ! grep -qaE $'\e\\[[0-9;]*m' screen
	TERM=dumb watch 80 24
	kill "$watcher"
	poll 10 gone "$terminal"
	run ! grep -qaF $'\e[' screen
	poll 10 frame '^b +partially_completed '
}

@test "watch: blocks where the locale is UTF-8, and a long name is cut to its width" {
	export LC_ALL=C.UTF-8
	batch "b-$(printf 'x%.0s' {1..100})" cfpp
	watch 80 24
	poll 10 frame '^b-x+…  stopped +\[█+▒+·+\] +50\.0% '
	last_frame | perl -CS -ne 'chomp; exit 1 if length > 80'
	printf q >keys
	ended 0
	# Then the name is whole, to be copied.
	run rest
	assert_line "b-$(printf 'x%.0s' {1..100})"
	assert_line --partial 'bi-status --items --failed b-xx'
}

@test "watch: q quits also if standard input is not the terminal" {
	batch b p
	watch 80 24 '</dev/null'
	poll 10 frame 'q quits$'
	printf q >keys
	ended 0
}

@test "watch: it sleeps while nothing happens, and draws a few times a second while much does" {
	local before after

	batch b "$(printf 'p%.0s' {1..300})"
	watch 80 24
	switches() { awk '/^voluntary/ { print $2 }' "/proc/$watcher/status"; }
	at_rest() {
		before=$(switches)
		sleep 1
		after=$(switches)
		[ $((after - before)) -le 3 ] # for the clock
	}
	poll 20 at_rest
	before=$(grep -oaF $'\e[H' screen | wc -l)
	SECONDS=0
	for i in {0..299}; do
		printf c | dd of="$BI_ROOT/batches/b/state" bs=1 seek="$i" conv=notrunc status=none
	done
	poll 10 frame ' 300/300 '
	after=$(grep -oaF $'\e[H' screen | wc -l)
	[ $((after - before)) -ge 1 ]
	[ $((after - before)) -le $(((SECONDS + 2) * 5)) ]
	printf q >keys
	ended 0
}

@test "watch --wait ends when the batches are done, and tells what they came to" {
	batch b cp
	watch 80 24 --wait b
	printf cc >"$BI_ROOT/batches/b/state"
	ended 0
	run rest
	assert_line --regexp '^b +completed '
	batch bad pp
	watch 80 24 --wait --strict b bad
	printf cf >"$BI_ROOT/batches/bad/state"
	ended 1
	batch late p
	run -75 bi-status --watch --wait --timeout 0.3 late
	assert_output --partial 'the time is over'
	run -66 bi-status --watch nope
	run -0 bi-status --watch --wait b
}

@test "watch: a named batch that is taken away ends it" {
	batch b p
	batch c p
	start bi-status --watch b >out 2>err
	poll 10 grep -q '^b ' out
	mv "$BI_ROOT/batches/b" "$BI_ROOT/away"
	poll 10 gone "$!"
	status=0
	wait "$!" || status=$?
	assert_equal "$status" 66
	assert_regex "$(<err)" 'removed while it was watched'
}

@test "watch: where there is no terminal, a table is added for each change" {
	batch b ppp
	start bi-status --watch >out 2>err
	poll 10 grep -q '^b .* 0/3 ' out
	# As bi-fetch writes it: a file that is truncated first would be a change of its own.
	printf cpp 1<>"$BI_ROOT/batches/b/state"
	poll 10 grep -q '^b .* 1/3 ' out
	printf ccc 1<>"$BI_ROOT/batches/b/state"
	poll 10 grep -q '^b .* 3/3 ' out
	stop "$!"
	assert_equal "$stopped" 143
	assert_equal "$(grep -c '^BATCH ' out)" 3
	assert_equal "$(grep -cE '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}$' out)" 3
	run ! grep -q $'\e' out
	assert_equal "$(<err)" ''
}

@test 'watch: a root without batches shows none, and then the first that comes' {
	rm -r "$BI_ROOT/batches"
	watch 80 24
	poll 10 frame "^no batches in "
	mkdir "$BI_ROOT/batches"
	batch b c
	poll 10 frame '^b +completed '
	printf q >keys
	ended 0
}
