#!/usr/bin/env bats
# tests/floors, which make lint runs, finds in a small tree what it is there for.

load helpers

floors=$BATS_TEST_DIRNAME/../floors

# source_file PATH LINE...: a file below tools/, and its object file if it is a .c.
source_file() {
	local path=$1

	shift
	mkdir -p "$(dirname "tools/$path")"
	printf '%s\n' "$@" >"tools/$path"
	case $path in
	*.c)
		mkdir -p "$(dirname "build/tools/$path")"
		cc -O2 -Itools/lib -c -o "build/tools/${path%.c}.o" "tools/$path"
		;;
	esac
}

setup() {
	bi_setup
	source_file lib/base/text.h 'int text_length(void);'
	source_file lib/base/text.c '#include "base/text.h"' 'int' 'text_length(void)' '{' 'return 1;' '}'
	source_file lib/files/store.h 'int store_write(void);'
	source_file lib/files/store.c '#include "base/text.h"' '#include "files/store.h"' 'static int' 'look(void)' '{' \
		'return text_length();' '}' 'int' 'store_write(void)' '{' 'return look();' '}'
	source_file lib/hosts/rules.c 'int' 'rules_read(void)' '{' 'return 2;' '}'
	source_file one/main.c 'int store_write(void);' 'static int' 'look(void)' '{' 'return 3;' '}' \
		'int' 'main(void)' '{' 'return store_write() + look();' '}'
	source_file two/main.c 'int' 'main(void)' '{' 'return 0;' '}'
}

# caught LINE...: floors fails and prints these lines.
caught() {
	local line

	run -1 "$floors" "$PWD"
	for line in "$@"; do
		assert_line "$line"
	done
}

@test "a tree in order passes: a higher floor uses a lower one, static functions and main.c share names" {
	run -0 "$floors" "$PWD"
	assert_output ''
}

@test "a symbol of a higher floor or of a folder beside is found" {
	source_file lib/base/low.c 'int store_write(void);' 'int' 'low_call(void)' '{' 'return store_write();' '}'
	source_file lib/records/rows.c 'int rules_read(void);' 'int' 'rows_read(void)' '{' 'return rules_read();' '}'
	caught 'base/low files/store store_write' 'records/rows hosts/rules rules_read'
}

@test "a header of a higher floor is found, also where no symbol is needed" {
	source_file lib/base/low.c '#include "files/store.h"' 'int' 'low_call(void)' '{' 'return sizeof(store_write());' '}'
	caught 'base/low.c files/store.h (header)'
	rm tools/lib/base/low.c
	source_file lib/hosts/rules.h '#include "records/rec.h"'
	caught 'hosts/rules.h records/rec.h (header)'
}

@test "a folder that has no floor is found" {
	source_file lib/misc/any.c 'int text_length(void);' 'int' 'any_call(void)' '{' 'return text_length();' '}'
	caught 'tools/lib/misc has no floor'
}

@test "a circle is found, of two files and of three, and a file between two circles is in none" {
	source_file lib/base/a.c 'int b(void);' 'int' 'a(void)' '{' 'return b();' '}'
	source_file lib/base/b.c 'int a(void);' 'int c(void);' 'int' 'b(void)' '{' 'return a() + c();' '}'
	source_file lib/base/c.c 'int d(void);' 'int' 'c(void)' '{' 'return d();' '}'
	source_file lib/base/d.c 'int e(void);' 'int' 'd(void)' '{' 'return e();' '}'
	source_file lib/base/e.c 'int f(void);' 'int' 'e(void)' '{' 'return f();' '}'
	source_file lib/base/f.c 'int d(void);' 'int' 'f(void)' '{' 'return d();' '}'
	caught 'Files of tools/lib need each other in a circle:' 'base/a base/b' 'base/d base/e base/f'
	refute_output --regexp 'base/c'
}

@test "a circle in a program's folder is found" {
	source_file one/a.c 'int b(void);' 'int' 'a(void)' '{' 'return b();' '}'
	source_file one/b.c 'int a(void);' 'int' 'b(void)' '{' 'return a();' '}'
	caught 'Files of tools/one need each other in a circle:' 'a b'
}

@test "two files of one name are found, sources and headers" {
	source_file two/text.c 'int' 'two_text(void)' '{' 'return 0;' '}'
	source_file two/store.h ''
	caught 'tools/lib/base/text.c tools/two/text.c' 'tools/lib/files/store.h tools/two/store.h'
	refute_output --partial main.c
}

@test "an extern function with the name of a static one is found, and of an extern one of another program" {
	source_file two/other.c 'int' 'look(void)' '{' 'return 0;' '}'
	caught 'look() tools/lib/files/store.c tools/one/main.c tools/two/other.c'
	source_file two/other.c 'long' 'text_length(void)' '{' 'return 0;' '}'
	caught 'text_length() tools/lib/base/text.c tools/two/other.c'
}

@test "a tree that is not compiled is refused, not found in order" {
	rm build/tools/lib/files/store.o
	run -2 "$floors" "$PWD"
	assert_output --partial 'run make compile'
}
