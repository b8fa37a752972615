#!/usr/bin/env bats
# What this machine did is not the item's failure: it is tried again, by workers too, and may pass.

load helpers

# programs: in bin/ there is a bi-fetch of our own, whose helpers are the others there.
programs() {
	mkdir bin
	cp "$BI_BIN/bi-fetch" bin/
	ln -s "$BI_BIN"/bi-{type,media,expand} bin/
}

# killed HELPER ONCE|ALWAYS: it is killed as it sends its second packet (the first says that it is ready).
killed() {
	rm -f "bin/$1" once
	cat >"bin/$1" <<-END
		#!/bin/sh
		if [ $2 = once ] && [ -e "$PWD/once" ]; then exec "$BI_BIN/$1" "\$@"; fi
		echo >>"$PWD/once"
		exec strace -o /dev/null -e inject=sendto,sendmsg:signal=KILL:when=2 "$BI_BIN/$1" "\$@"
	END
	chmod +x "bin/$1"
}

# good HELPER: it is the real one again.
good() {
	ln -sf "$BI_BIN/$1" "bin/$1"
}

lists() {
	echo one >a.txt
	echo two >b.txt
	tar -cf x.tar a.txt b.txt
	mkdir -p origin
	echo '<!doctype html><title>t</title><img src="i.txt">' >origin/page.html
	echo picture >origin/i.txt
	origin_start
	echo '{"media":"'"$ORIGIN"'/page.html"}' >page.in
	echo "$PWD/x.tar" >tar.in
	echo "$PWD/a.txt" >file.in
}

# outcome: state and code of each result of ./out.
outcome() {
	jq -r 'select(.item) | [.status, .error.code // empty, .error.retryable // empty] | join(" ")' out | sort | uniq -c | xargs
}

@test "a helper that somebody kills is asked again; killed each time, its item fails and may pass" {
	local helper list want

	strace -o /dev/null true 2>/dev/null || skip "no ptrace here"
	programs
	lists
	while read -r helper list want; do
		killed "$helper" once
		run -0 --separate-stderr bin/bi-fetch -q -b once --expand <"$list"
		[ -e once ]
		assert_equal "$(tr -d c <"$BI_ROOT/batches/once/state")" ''
		killed "$helper" always
		bin/bi-fetch -q -b always --expand <"$list" >out 2>err && return 1
		assert_equal "$(outcome)" "$want"
		assert_equal "$(wc -l <once)" 3
		good "$helper"
		run -0 --separate-stderr bin/bi-fetch -q -b always --expand <"$list"
		assert_equal "$(tr -d c <"$BI_ROOT/batches/always/state")" ''
	done <<-'END'
		bi-type file.in 1 failed system_error true
		bi-expand tar.in 1 failed system_error true
		bi-media page.in 1 failed system_error true
	END
}

@test "a filter that somebody kills gets the record again, from a worker too" {
	lists
	cat >filter <<-END
		#!/bin/sh
		[ -e "$PWD/killed" ] || { : >"$PWD/killed"; kill -KILL \$\$; }
		exec jq -c --unbuffered .
	END
	chmod +x filter
	bi-fetch --queue -b w <file.in >queued
	run -0 --separate-stderr bi-fetch --work --once --through "$PWD/filter"
	[ -e killed ]
	assert_equal "$(cat "$BI_ROOT/batches/w/state")" c
	rm killed
	run -0 --separate-stderr bi-fetch -q -b M --through "$PWD/filter" <file.in
	assert_equal "$(cat "$BI_ROOT/batches/M/state")" c
}

@test "a source that cannot be opened or read for want of this machine is tried again; one that is not there is not" {
	local error

	strace -o /dev/null true 2>/dev/null || skip "no ptrace here"
	lists
	for error in EIO EMFILE ESTALE; do
		strace -f -o trace -P "$PWD/a.txt" -e inject=openat:error=$error:when=1..2 \
			bi-fetch -q -b "$error" --backoff 0.05 a.txt >out
		assert_equal "$(jq -r 'select(.item).attempts' out)" 3
		strace -f -o trace -P "$PWD/a.txt" -e inject=openat:error=$error \
			bi-fetch -q -b "x$error" --tries 2 --backoff 0.05 a.txt >out && return 1
		assert_equal "$(outcome)" '1 failed system_error true'
		run -0 --separate-stderr bi-fetch -q -b "x$error" a.txt
	done
	bi-fetch --queue -b w a.txt >queued
	strace -f -o trace -P "$PWD/a.txt" -e inject=openat:error=EMFILE:when=1..2 bi-fetch --work --once --backoff 0.05
	assert_equal "$(cat "$BI_ROOT/batches/w/state")" c
	bi-fetch -q -b gone nothing.txt >out && return 1
	assert_equal "$(outcome)" '1 failed no_such_file'
}

@test "a socket that this machine has not is not the host's refusal" {
	local error

	need_plain_strace
	lists
	for error in EMFILE ENOBUFS; do
		echo "$ORIGIN/i.txt?$error" >url.in
		strace -f -o trace -e trace=socket -e "inject=socket:error=$error:when=1+" bi-fetch -q -b "$error" --tries 2 \
			--backoff 0.05 <url.in >out && return 1
		grep -q INJECTED trace
		assert_equal "$(outcome)" '1 failed system_error true'
		assert_regex "$(jq -r '.error.message // empty' out)" '^no socket can be had on this machine now: '
		# It passes while it is tried again, and a worker tries it again too.
		strace -f -o trace -e trace=socket -e "inject=socket:error=$error:when=1..3" bi-fetch -q -b "$error" --tries 9 \
			--backoff 0.05 <url.in >out
		grep -q INJECTED trace
		assert_equal "$(outcome)" '1 completed'
	done
	# What the host does is still its own.
	strace -f -o trace -e trace=socket,connect -e inject=connect:error=ECONNREFUSED bi-fetch -q -b refused --tries 1 \
		<url.in >out && return 1
	assert_equal "$(outcome)" '1 failed connect_failed true'
}

# failing HELPER CALL WHEN COUNT: in its first COUNT processes the call fails, WHEN as strace has it.
failing() {
	rm -f "bin/$1"
	echo "$4" >left
	cat >"bin/$1" <<-END
		#!/bin/sh
		read -r n <"$PWD/left"
		[ "\$n" -gt 0 ] || exec "$BI_BIN/$1" "\$@"
		echo \$((n - 1)) >"$PWD/left"
		exec strace -o "$PWD/trace" -e inject=$2:error=EIO:when=$3 "$BI_BIN/$1" "\$@"
	END
	chmod +x "bin/$1"
}

@test "an archive that cannot be looked at or read now is unpacked again; in vain, the record names the cause" {
	local call when

	need_plain_strace
	programs
	lists
	# The loader reads, too, before bi-expand has the archive.
	while read -r call when; do
		failing bi-expand "$call" "$when" 1
		run -0 --separate-stderr bin/bi-fetch -q -b "once-$call" --expand <tar.in
		grep INJECTED trace
		assert_equal "$(cat "$BI_ROOT/batches/once-$call/state")" ccc
		failing bi-expand "$call" "$when" 9
		bin/bi-fetch -q -b "$call" --expand <tar.in >out && return 1
		assert_equal "$(outcome)" '1 failed system_error true'
		assert_equal "$(jq -r '.error.message // empty' out)" 'it cannot be read: Input/output error'
		good bi-expand
		run -0 --separate-stderr bin/bi-fetch -q -b "$call" --expand <tar.in
		assert_equal "$(cat "$BI_ROOT/batches/$call/state")" ccc
	done <<-'END'
		fstat 1
		pread64 3+
	END
}

@test "a helper that cannot be started for want of descriptors is not started, and the message names the cause" {
	need_plain_strace
	lists
	run -71 --separate-stderr strace -f -o trace -e inject=fcntl:error=EMFILE:when=1 bi-fetch -q -b t a.txt
	# Calls of several processes may stand in two lines each.
	grep -q F_DUPFD_CLOEXEC trace
	grep -q 'fcntl.*INJECTED' trace
	assert_regex "$stderr" "^bi-fetch: starting bi-type.*: Too many open files; "
	run -71 --separate-stderr strace -f -o trace -e inject=dup2:error=EMFILE:when=1 bi-fetch -q -b t a.txt
	assert_regex "$stderr" "^bi-fetch: starting bi-type.*: Too many open files; "
	run -0 bi-fetch -q -b t a.txt
}

@test "a page that cannot be looked at or read now is looked through again; in vain, the record names the cause" {
	local call when

	need_plain_strace
	programs
	lists
	while read -r call when; do
		failing bi-media "$call" "$when" 1 # asked again, the process can
		run -0 --separate-stderr bin/bi-fetch -q -b "once-$call" <page.in
		grep INJECTED trace
		failing bi-media "$call" "$when+" 9
		bin/bi-fetch -q -b "$call" <page.in >out && return 1
		assert_equal "$(outcome)" '1 failed system_error true'
		assert_regex "$(jq -r '.error.message // empty' out)" ': it cannot be read: Input/output error$'
		good bi-media
		run -0 --separate-stderr bin/bi-fetch -q -b "$call" <page.in
		assert_equal "$(tr -d c <"$BI_ROOT/batches/$call/state")" ''
	done <<-'END'
		fstat 1
		pread64 3
	END
}

@test "a picture that cannot be looked at now is not called one that cannot be shown" {
	need_plain_strace
	programs
	cp "$BI_BIN/bi-render" "$BI_BIN/bi-thumb" bin/
	vips black a.png 40 30
	bi-fetch -q -b t a.png >/dev/null
	failing bi-thumb fstat 1 1
	run -74 --separate-stderr bin/bi-render t
	assert_equal "$stderr" 'bi-render: batch t: cannot pass a picture to bi-thumb: Input/output error'
	run -0 --separate-stderr bin/bi-render t
	[ -s "$BI_ROOT/review/t/thumbs/i1_1.webp" ]
	failing bi-thumb fstat 1 1
	echo 1 >left
	cp "$BI_BIN/bi-thumb" bin/thumb
	run -74 --separate-stderr bin/thumb a.png a.webp
	assert_equal "$stderr" 'bi-thumb: no thumbnail of a.png: it cannot be read: Input/output error'
	run -0 bin/thumb a.png a.webp
}

# lacking N PROGRAM ARGUMENT...: the Nth allocation of each of its helpers that is ready fails. Its output is in out.
lacking() {
	FAIL=confined FAIL_AT=$1 FAILED=$PWD/failed LD_PRELOAD=$BI_BUILD/tests/fails.so timeout 60 "${@:2}" >out 2>err
}

@test 'a file is not blamed for memory that the process which parses it did not get' {
	local n program argv later=0 code=0

	[ -z "${SANITIZE:-}" ] || skip 'a sanitizer must be loaded first'
	printf '<title>T</title><p>Words.</p><img src=/p.png>\n' >page.html
	echo words >a.txt
	tar cf x.tar a.txt
	printf '{"path":"%s/page.html","mime":"text/html"}\n' "$PWD" >record
	for program in 'bi-media -b https://a.example/ page.html' 'bi-expand x.tar' bi-parse; do
		read -ra argv <<<"$program"
		for n in 1 4 20; do
			: >failed
			lacking "$n" "${argv[@]}" <record || :
			echo "$program, allocation $n: $(<out) $(<err)"
			[ "$(jq -r 'select(.status == "failed").error.retryable' out)" != false ]
			! grep -qE 'system_error|parse_unavailable' out || later=$((later + 1))
		done
	done
	[ "$later" -ge 6 ]
	printf '<urlset><url><loc>https://a.example/</loc></url></urlset>\n' >map.xml
	lacking 4 bi-fetch -q -b t --queue --list-format sitemap --input map.xml || code=$?
	assert_equal "$code" 71
	assert_regex "$(<err)" 'got no memory'
}
