#!/usr/bin/env bats
# bi: the programs under one name.

load helpers

top=$BATS_TEST_DIRNAME/../..

# A man(1) that says what it was asked for.
man_stands_in() {
	mkdir -p shims
	printf '#!/bin/sh\necho "$@"\n' >shims/man
	chmod +x shims/man
	PATH=$PWD/shims:$PATH
}

@test "alone it lists each program with the line of its NAME" {
	local program

	run -0 --separate-stderr bi
	assert_equal "$stderr" ''
	for program in "$BI_BIN"/bi-*; do
		program=${program##*/bi-}
		printf '  %-9s %s\n' "$program" "$(sed -n 's/^\.Nd //p' "$top/man/bi-$program.1")"
	done >expected
	grep -E '^  [a-z]+ {2,}' <<<"$output" | sort | diff expected -
	run -0 --separate-stderr bi help
	assert_line --partial 'fetch URLs and files'
}

@test "its list, the one of bi(7) and the one of README are the same" {
	bi | sed -nE 's/^  ([a-z]+) {2,}/\1\t/p' >said
	[ "$(wc -l <said)" -ge 13 ]
	awk '/^\.It Xr bi-[a-z]* 1$/ { name = substr($3, 4); getline; print name "\t" $0 }' "$top/man/bi.7" |
		diff --label bi said --label 'bi(7)' -
	sed -nE 's/^\| `bi-([a-z]+)` \| (.*) \|$/\1\t\2/p' "$top/README.md" | diff --label bi said --label README -
}

@test "the three commands that it begins with work as they are written" {
	local port

	pictures M
	origin_start
	echo "$ORIGIN/M-1-1.jpg" >urls
	bi | sed -nE 's/^  (bi .*)$/\1/p' >three
	assert_equal "$(wc -l <three)" 3
	# Nobody has decided anything yet.
	run -1 --separate-stderr sh -e three
	assert_regex "$stderr" 'batch birds: nobody has decided anything yet'
	port=$(jq -r 'select(.port and .batch == "birds").port' <<<"$(grep '^{' <<<"$output")")
	[ "$port" ]
	assert_line --regexp '^birds .*1/1'
	run -0 bi clean --json list
	assert_output --partial "\"port\":$port,"
}

@test "a program has all that follows, its input and its exit status" {
	echo text >'a file'
	run -0 bi fetch -q -b 'some' -- 'a file'
	assert_output --partial '"batch":"some"'
	run -0 bi fetch --version
	assert_output --regexp '^bi-fetch \(bi\) '
	echo some >names
	run -0 bi bi-render <names
	assert_output --partial '"review":'
	run -66 bi status no-such-batch
	run -2 --separate-stderr bi fetch --no-such-option
	assert_equal "$stderr" 'bi-fetch: there is no option --no-such-option (bi-fetch --help shows the options)'
}

@test "the program beside it comes before that in PATH, which is taken where there is none" {
	mkdir alone
	cp "$BI_BIN/bi" alone/
	printf '#!/bin/sh\necho beside "$@"\n' >alone/bi-fetch
	chmod +x alone/bi-fetch
	run -0 alone/bi fetch 'a b'
	assert_output 'beside a b'
	rm alone/bi-fetch
	run -0 alone/bi fetch --version
	assert_output --regexp '^bi-fetch \(bi\) '
	PATH=/usr/bin:/bin run -69 alone/bi thumb
	assert_output 'bi: cannot run bi-thumb, which belongs beside bi or into PATH (make all builds it): No such file or directory'
}

@test "an unknown word is refused, and the nearest is named" {
	run -2 bi fech
	assert_output "bi: there is no program 'fech'; the nearest is: bi fetch"
	run -2 bi stats --json
	assert_output "bi: there is no program 'stats'; the nearest is: bi status"
	run -2 bi coll
	assert_output "bi: there is no program 'coll'; the nearest is: bi collect"
	run -2 bi bi-rendr
	assert_output "bi: there is no program 'rendr'; the nearest is: bi render"
	run -2 bi help recrods
	assert_output "bi: there is no manual 'recrods'; the nearest is: bi help records"
	for word in download '' records ../bin/bi-fetch "$(printf '%0200d' 0)"; do
		run -2 bi "$word"
		assert_output "bi: there is no program '$word' (bi without arguments lists the programs)"
	done
	run -2 bi help fetch render
	assert_output --partial 'help takes one page'
	run -2 bi --no-such-option fetch
}

@test "help opens the manual of the source tree, or else man's own" {
	man_stands_in
	mkdir -p tree/bin tree/man installed/bin
	cp "$BI_BIN/bi" tree/bin/
	cp "$BI_BIN/bi" installed/bin/
	cp "$top"/man/* tree/man/
	run -0 tree/bin/bi help fetch
	assert_output "$PWD/tree/man/bi-fetch.1"
	run -0 tree/bin/bi help overview
	assert_output "$PWD/tree/man/bi.7"
	run -0 installed/bin/bi help bi-status
	assert_output '1 bi-status'
	run -0 installed/bin/bi help records
	assert_output '5 bi-records'
	run -0 installed/bin/bi help bi
	assert_output '1 bi'
	mkdir empty
	PATH=$PWD/empty run -69 installed/bin/bi help fetch
	assert_output 'bi: man is not installed: apt-get install man-db, or see bi-fetch --help'
}

@test "every manual page is a page of help" {
	local page word

	man_stands_in
	for page in "$top"/man/bi-*.[1-8]; do
		page=${page##*/bi-}
		run -0 bi help "${page%.*}"
		[ ! "$BI_BIN" -ef "$top/bin" ] || assert_output --regexp "/man/bi-$page\$"
	done
}
