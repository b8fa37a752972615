#!/usr/bin/env bats
# What tests/coverage says of counts: those of two small sources, in a build directory of their own.

load helpers

setup() {
	bi_setup
	TOP=$BATS_TEST_DIRNAME/../..
	mkdir -p tools/x build/tools/x
	{
		echo 'int main(int n, char **v) {'
		for _ in {1..20}; do echo 'n++;'; done
		printf '%s\n' 'return n > 99 ? v[0][0] : 0;' '}'
	} >tools/x/whole.c
	printf '%s\n' 'int main(int n, char **v) {' 'if (n > 9)' 'return v[0][0];' 'return 0;' '}' >tools/x/part.c
	: >reasons
	counted whole
	counted part
}

# counted NAME: builds it as COVERAGE=1 does, and runs it.
counted() {
	gcc --coverage -c -o "build/tools/x/$1.o" "tools/x/$1.c"
	gcc --coverage -o "$1" "build/tools/x/$1.o"
	"./$1"
}

@test "a file of which less than 90 % ran needs a reason" {
	run "$TOP/tests/coverage" build reasons
	assert_failure 1
	assert_line ' 96.2 %      26 lines  all'
	assert_line ' 75.0 %      1 not run  tools/x/part.c: NO REASON'
	refute_output --partial whole.c
	echo 'tools/x/part.c  nobody gives ten words' >reasons
	run "$TOP/tests/coverage" build reasons
	assert_success
	assert_line ' 75.0 %      1 not run  tools/x/part.c: nobody gives ten words'
}

@test "the lines of a file that never ran count" {
	sed 's/main/other/' tools/x/whole.c >tools/x/never.c
	gcc --coverage -c -o build/tools/x/never.o tools/x/never.c
	printf '%s  a reason\n' tools/x/part.c tools/x/never.c >reasons
	run "$TOP/tests/coverage" build reasons
	assert_failure 1
	assert_line --partial 'not run  tools/x/never.c: a reason'
	assert_line 'coverage: less than 90 % of all lines ran'
}

@test "a directory without counts is an error" {
	rm build/tools/x/*.gcda
	run "$TOP/tests/coverage" build
	assert_failure 1
	assert_output --partial 'has no counts: make check COVERAGE=1'
}

@test "counts without their sources are an error" {
	rm -r tools
	run "$TOP/tests/coverage" build reasons
	assert_failure 1
	assert_output "coverage: the sources of build are not in '$PWD': run this where tools/ is"
}
