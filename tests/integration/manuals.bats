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

@test "each page that another refers to is there" {
	local name section

	grep -hoE '^\.Xr bi[a-z-]* [0-9]' "$man"/*.[1-9] | sort -u | while read -r _ name section; do
		[ -f "$man/$name.$section" ] || fail "$name($section) is referred to and is not there"
	done
}
