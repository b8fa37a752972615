#!/usr/bin/env bats
# The completions for bash: made of each program's --help, the same as its manual page.

load helpers

top=$BATS_TEST_DIRNAME/../..

setup_file() {
	"$top/share/completions/generate" "$BI_BIN/bi" "$BI_BIN"/bi-* >"$BATS_FILE_TMPDIR/completions"
}

# completed WORD...: what is offered for the last of these words.
completed() {
	# shellcheck source=/dev/null
	source "$BATS_FILE_TMPDIR/completions"
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_bi
	printf '%s\n' "${COMPREPLY[@]}" | sort
}

@test "every option of a manual page is offered, and no other" {
	local program page

	for program in $(basename -a "$BI_BIN"/bi-*); do
		page=$(ls "$top/man/$program".[18])
		completed "$program" - | grep -vxE -- '-h|--help|--version' >offered || :
		mandoc -T utf8 -O width=500 "$page" | sed 's/.\x08//g' |
			grep -oE '^ +(-[A-Za-z0-9]( [A-Z]+)?, )?--[a-z][a-z0-9-]*' | grep -oE -- '--?[A-Za-z0-9][a-z0-9-]*' |
			grep -vxE -- '-h|--help|--version' | sort -u >page.options || :
		diff --label "offered for $program" offered --label "$page" page.options
	done
	[ -s offered ]
}

@test "an option is finished, a verb, a batch and a file are offered" {
	echo x >'some file'
	run -0 bi-fetch -q -b holiday 'some file'
	run -0 bi-fetch -q -b house 'some file'
	run -0 bi-fetch -r elsewhere -q -b hotel 'some file'

	assert_equal "$(completed bi-fetch --per)" --per-host
	assert_equal "$(completed bi-clean st)" "$(printf 'stop\nstop-all')"
	assert_equal "$(completed bi-render ho)" "$(printf 'holiday\nhouse')"
	assert_equal "$(completed bi-fetch --batch hol)" holiday
	assert_equal "$(completed bi-status -r elsewhere ho)" hotel
	assert_equal "$(completed bi-fetch so)" 'some file'
	assert_equal "$(completed bi-fetch --label ho)" ''
	assert_equal "$(completed bi-fetch -r else)" elsewhere
}

@test "what a verb takes is offered behind it" {
	echo x >'some file'
	run -0 bi-fetch -q -b holiday 'some file'
	assert_equal "$(completed bi-clean cancel hol)" holiday
	assert_equal "$(completed bi-clean -n batch hol)" holiday
	assert_equal "$(completed bi-clean temp so)" ''
	assert_equal "$(completed bi-clean stop so)" ''
	assert_equal "$(completed bi-collect hol)" holiday
	assert_equal "$(completed bi-collect so)" 'some file'
}

@test "behind bi a program is offered, and then what that takes" {
	echo x >'some file'
	run -0 bi-fetch -q -b holiday 'some file'
	assert_equal "$(completed bi st)" status
	assert_equal "$(completed bi h)" help
	assert_equal "$(completed bi '')" "$({ echo bi-help; basename -a "$BI_BIN"/bi-*; } | cut -c 4- | sort)"
	assert_equal "$(completed bi help re)" render
	assert_equal "$(completed bi help fetch fe)" ''
	assert_equal "$(completed bi -)" "$(printf '%s\n' --help --version -h)"
	assert_equal "$(completed bi fetch --per)" --per-host
	assert_equal "$(completed bi fetch --batch hol)" holiday
	assert_equal "$(completed bi clean cancel hol)" holiday
	assert_equal "$(completed bi render ho)" holiday
}
