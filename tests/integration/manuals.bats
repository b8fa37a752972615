#!/usr/bin/env bats
# The manual pages are sound, and say the same as the programs.

load helpers

top=$BATS_TEST_DIRNAME/../..
man=$top/man

# The options of text with a line for each, but for the two that every program has.
options_of_lines() {
	grep -oE '^ +(-[A-Za-z0-9]( [A-Z]+)?, )?--[a-z][a-z0-9-]*' | grep -oE -- '--?[A-Za-z0-9][a-z0-9-]*' |
		grep -vxE -- '--help|--version' | sort -u
}

# A page as text.
text_of() {
	mandoc -T utf8 "$1" | sed 's/.\x08//g'
}

options_of_synopsis() {
	text_of "$1" | sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' | grep -oE '(^|[ [|])--?[A-Za-z0-9][a-z0-9-]*' |
		tr -d ' [|' | grep -vxE -- '--help|--version' | sort -u
}

programs() {
	basename -a "$BI_BIN"/bi-*
}

@test "mandoc finds nothing wrong with any page" {
	# References are looked at below: mandoc knows only what is installed. One by one,
	# or its two outputs mix within lines.
	run ! grep -vE 'referenced manual not found|mandoc\.db' <(printf '%s\n' "$man"/*.[1-9] | xargs -n 1 mandoc -T lint 2>&1)
	assert_output ''
}

@test "each program has a page, and each page of a program a program" {
	local program page

	for program in $(programs); do
		ls "$man/$program".[1-9]
	done
	for page in "$man"/bi-*.[18]; do
		page=${page##*/}
		[ -x "$BI_BIN/${page%.*}" ] || fail "there is no program to $page"
	done
}

@test "each option of a program is in its page, and each option of the page in the program" {
	local program page

	for program in $(programs); do
		page=$(ls "$man/$program".[1-9])
		"$program" --help | options_of_lines >program.options
		text_of "$page" | options_of_lines >page.options
		diff --label "$program --help" program.options --label "$page" page.options
		options_of_synopsis "$page" >synopsis.options
		run -0 comm -13 program.options synopsis.options
		assert_output ''
		cat program.options >>all.options
	done
	[ "$(wc -l <all.options)" -gt 20 ] # of all programs: else --help or this test is broken
}

@test "each page has the sections that people look for" {
	local page section

	for page in "$man"/*.[18]; do
		for section in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
			grep -qx "\.Sh $section" "$page" || fail "${page##*/} has no section $section"
		done
	done
}

@test "each program answers --help and --version, and an unknown option with exit 2 and one line" {
	local program

	for program in $(programs); do
		run -0 --separate-stderr "$program" --help
		assert_line --index 0 --regexp "^usage: $program "
		assert_equal "$stderr" ''
		# Where its pages are not installed, it says where they are.
		[ ! "$BI_BIN" -ef "$top/bin" ] || assert_line "The whole manual: man $(realpath "$man/$program.1")"
		run -0 "$program" --version
		assert_output --regexp "^$program \(bi\) [0-9]"
		run -2 --separate-stderr "$program" --no-such-option
		assert_output ''
		assert_equal "${#stderr_lines[@]}" 1
		[ ! -e "$BI_ROOT" ]
	done
}

# The shell examples of the README and of each page, a file each.
examples() {
	local page

	awk '/^    / { if (!n) n = ++count; print substr($0, 5) > ("README." n ".sh"); next } NF { n = 0 }' "$top/README.md"
	for page in "$man"/bi*.[178]; do
		# The lines of cron begin with when, lines of a person with the prompt.
		mandoc -T utf8 -O width=500 "$page" | sed 's/.\x08//g' | sed -n '/^EXAMPLES/,/^SEE ALSO/ {
			s/^ \{11\}//
			t shown
			d
			:shown
			s/^\$ //
			s/^[0-9*]* [0-9*]* \* \* \*  //
			p
		}' >"$(basename "$page").sh"
	done
}

@test "shell examples are shell" {
	local file count=0

	examples
	for file in *.sh; do
		# JSON, and the layout of the root, are none.
		if grep -qE '^(\{|\$BI_ROOT)' "$file"; then
			continue
		fi
		run -0 sh -n "$file"
		count=$((count + $(wc -l <"$file")))
	done
	[ "$count" -gt 20 ]
}

@test "each bi- word of manuals, README and demo is a program or a page" {
	local word

	grep -hoE '(^|[^A-Za-z0-9./_-])bi-[a-z]+' "$man"/* "$top/README.md" "$BI_SHARE/examples/demo" | grep -oE 'bi-[a-z]+' |
		sort -u >words
	[ "$(wc -l <words)" -ge 9 ]
	while read -r word; do
		[ "$word" = bi-demo ] || [ -x "$BI_BIN/$word" ] || ls "$man/$word".[1-9] >/dev/null ||
			fail "$word is no program and no page"
	done <words
}

@test "the examples of several lists, and of several processes, work with any names of files" {
	local file list

	mkdir lists 'a b' bin
	printf '#!/bin/sh\ncat\n' >bin/bi-serve # its ports are the machine's
	chmod +x bin/bi-serve
	for file in "a b/it's.txt" 'a b/"quoted".txt' 'a b/back\slash $(touch pwned).txt'; do
		echo "$file" >"$file"
		realpath "$file" >>urls
	done
	for list in one two three; do
		cp urls "lists/$list.txt"
	done
	cp urls "lists/three;touch pwned;\$(touch pwned) it's .txt"
	examples
	run -0 sh "$(grep -l 'xargs -d' README.*.sh)"
	run -0 bi-status --json --limit 0 --strict big
	assert_equal "$(jq .batch_job.completed_items <<<"$output")" 3
	for file in "$(grep -l 'xargs -0' README.*.sh)" bi.7.sh; do
		grep -A 2 'xargs -0' "$file" >lists.sh
		grep -q basename lists.sh
		run -0 env PATH="$PWD/bin:$PATH" sh lists.sh
		for list in one two three three_touch_pwned___touch_pwned__it_s_; do
			run -0 bi-status --json --limit 0 --strict "$list"
			assert_equal "$(jq .batch_job.completed_items <<<"$output")" 3
			[ -e "$BI_ROOT/review/$list/index.html" ]
			rm -r "$BI_ROOT/batches/$list" "$BI_ROOT/review/$list"
		done
	done
	[ -z "$(find . -name pwned)" ]
}

@test "each page that another refers to is there" {
	local name section

	grep -hoE '^\.Xr bi[a-z-]* [0-9]' "$man"/*.[1-9] | sort -u | while read -r _ name section; do
		[ -f "$man/$name.$section" ] || fail "$name($section) is referred to and is not there"
	done
}
