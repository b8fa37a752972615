#!/usr/bin/env bats
# The driver of `make prove`, with parts of this test.
load helpers

# part NAME CODE LINE: an executable part that prints LINE.
part() {
	mkdir -p parts
	cp "$BATS_TEST_DIRNAME/../prove/run" parts/run
	printf '#!/bin/sh\necho "options: $*"\nprintf "%%b\\n" "%s"\nexit %s\n' "$3" "$2" >"parts/$1"
	chmod +x "parts/$1"
}

@test 'all parts run, and one table has them; a skipped one is named and is no failure' {
	part one 0 'one\tthings\t7\t1\t0\tok'
	part two 77 'two\t-\t0\t0\t0\tskipped: it needs root'
	run -0 parts/run --quick
	assert_line 'options: --quick'
	assert_regex "${lines[-2]}" '^one +things +7 +1 +0 +ok$'
	assert_regex "${lines[-1]}" '^two +- +0 +0 +0 +skipped: it needs root$'
}

@test 'a part that fell short, was killed or says nothing makes it fail, after all the others' {
	part a 1 'a\tthings\t7\t1\t2\tFELL SHORT'
	part b 0 'b\tthings\t7\t1\t0\tok'
	run -1 parts/run
	assert_regex "${lines[-1]}" '^b .* ok$'
	rm parts/a
	part c 0 'no columns'
	run -1 parts/run
	assert_regex "${lines[-1]}" '^c +ended by 0 without a result .*FELL SHORT$'
	rm parts/c
	# shellcheck disable=SC2016 # for the part
	part d '0; kill -KILL $$; #' 'd\tthings\t7\t1\t0\tok'
	sed -i 's/^exit 0; //' parts/d
	run -1 parts/run
	assert_regex "${lines[-1]}" '^d +ended by 137 '
	run -0 parts/run b
	run -2 parts/run nothing
	assert_output --partial "no part 'nothing'; there are: b d"
}

@test 'a part that takes longer than it may is ended with what it started, and fell short' {
	part slow '0' 'slow\tthings\t7\t1\t0\tok'
	# shellcheck disable=SC2016 # for the part
	sed -i '2i sleep 300 & echo "$!" >child; wait' parts/slow
	PROVE_SECONDS=1 run -1 timeout 60 parts/run
	assert_regex "${lines[-1]}" '^slow +ended by 124 without a result .*FELL SHORT$'
	poll 10 gone "$(<child)"
}

@test 'of the mutants each applies, has a test, and each invariant has one' {
	local top name invariant target test filter

	top=$(realpath "$BATS_TEST_DIRNAME/../..")
	for name in "$top"/tests/mutants/*.patch; do
		read -r invariant target test filter <"$name"
		echo "$invariant" >>invariants
		patch --dry-run -s -d "$top" -p1 -F0 <"$name" || fail "$name does not apply"
		case $test in
		*.t) [ -f "$top/tests/unit/${test%.t}.c" ] || fail "$name: no $test" ;;
		*) grep -qE "@test .*$filter" "$top/tests/$test" || fail "$name: no '$filter' in $test" ;;
		esac
	done
	assert_equal "$(sort -u invariants | xargs)" '1 2 3 4 5 6 7 8'
	[ "$(wc -l <invariants)" -ge 40 ]
}

@test 'each target of libFuzzer has a seed, and names sources that are there' {
	local fuzz target word words

	fuzz=$(realpath "$BATS_TEST_DIRNAME/../fuzz")
	cd "$fuzz/../.."
	for target in "$fuzz"/*.c; do
		grep -q '^FUZZ(' "$target" || continue
		[ -n "$(ls "$fuzz/seeds/$(basename "$target" .c)")" ] || fail "$target has no seed"
		words=$(sed '/\*\/$/q' "$target" | sed 's|^/\* fuzz:||; s|\*/$||; s|^ \* ||')
		for word in $words; do
			[[ $word = -* || -f $word ]] || fail "$target: there is no $word"
		done
	done
	[ "$(wc -w <<<"$words")" -gt 0 ]
}
