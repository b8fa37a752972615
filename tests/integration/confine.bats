#!/usr/bin/env bats
# What strangers' bytes could do if they took over the process that parses them.

load helpers

# confined COMMAND...: starts a helper with tests/preload/intrude.c in it, which tries everything before its first
# request; there is none. Prints "ready", which it says once it is confined, and then what came of each attempt.
confined() {
	local dir=$BATS_TEST_TMPDIR/outside

	mkdir -p "$dir"
	echo secret >"$dir/there"
	# The helper's standard input is a socket whose other end is ours; closing that ends it.
	BI_INTRUDE=$dir timeout 60 perl -MSocket -e '
		socketpair(my $ours, my $its, AF_UNIX, SOCK_SEQPACKET, 0) or die;
		my $pid = fork;
		if ($pid == 0) {
			open(STDIN, "<&", $its) or die;
			open(STDOUT, ">", "/dev/null") or die;
			$ENV{LD_PRELOAD} = shift;
			exec(@ARGV) or die;
		}
		close $its;
		recv($ours, my $said, 100, 0);
		print "$said\n";
		close $ours;
		waitpid $pid, 0;
		exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
	' "$BI_BUILD/tests/intrude.so" "$@" || return
	cat "$dir"/[0-9]* | tr -d '\0'
	rm "$dir"/[0-9]*
	# Whatever it tried, this is as it was.
	[ "$(ls "$dir")" = there ] && [ "$(cat "$dir/there")" = secret ]
}

# assert_tells_nothing: the output of `confined` is whole, nothing was let through but fstat, and no answer depends on
# whether the path is there.
assert_tells_nothing() {
	local line

	assert_line --index 0 ready
	for line in 'fstat works' 'fstat-again works' 'newfstatat-empty denied' 'end '; do
		grep -qxF "$line" <<<"$output" || fail "not there: $line"
	done
	run -1 grep -E ' (told|fails)$' <<<"$output"
}

setup() {
	bi_setup
	[ -z "${SANITIZE:-}" ] || skip 'a preloaded library and sanitizers do not go together'
	[ -z "${COVERAGE:-}" ] || skip 'the helpers are not confined: tests/coverage.c'
}

# The modes of the helpers: a program and what is behind --serve. bi-thumb --serve --extra has a test of its own, and
# bi-parse --serve reader starts programs (parse_readers.bats).
modes=(bi-type bi-thumb bi-expand 'bi-expand names' 'bi-expand mail' bi-media 'bi-parse text' 'bi-parse mail' 'bi-parse pdf' 'bi-parse packed'
	'bi-parse picture' 'bi-parse picture_extra' 'bi-parse av' 'bi-parse feed')

@test "a helper that was taken over reaches nothing, and cannot ask what is there" {
	local mode

	for mode in "${modes[@]}"; do
		# shellcheck disable=SC2086 # the format is a word of its own
		set -- $mode
		run -0 confined "$BI_BIN/$1" --serve ${2:+"$2"}
		[[ $output != *' blind'* ]] || fail "$mode: $output"
		assert_tells_nothing
	done
}

@test "no helper has a mode that these tests leave out" {
	local tools=$BATS_TEST_DIRNAME/../../tools

	[ -d "$tools/parse" ] || skip 'the sources are not here'
	# Who confines itself, and the formats of bi-parse.
	run -0 sh -c "grep -rl --include='*.c' 'helper_confine(&' '$tools' | sed 's,.*/tools/,,' | sort"
	assert_output 'expand/expand_helper.c
expand/mail/mail_members.c
media/media_helper.c
parse/parse_helper.c
thumb/decode/main.c
type/main.c'
	run -0 sh -c "sed -n 's/^	{\"\([a-z_]*\)\",.*/\1/p' '$tools'/parse/*/main.c; sed -n '/^static const struct format formats/,/^}/s/^	{[^\"]*\"\([a-z_]*\)\",.*/\1/p' '$tools/parse/main.c'"
	assert_equal "$(sort -u <<<"$output" | paste -sd' ')" "$(printf '%s\n' "${modes[@]}" 'bi-parse reader' | sed -n 's/^bi-parse //p' | sort -u | paste -sd' ')"
}

@test "the helper for drawings hears that every file is there, and no more" {
	run -0 confined "$BI_BIN/bi-thumb" --serve --extra
	[ "$(grep ' blind$' <<<"$output" | grep -vcxE '(access|faccessat) blind')" = 0 ] || fail "$output"
	assert_line 'faccessat blind'
	assert_tells_nothing
}
