#!/usr/bin/env bats
# What a person does with the sources before anything else.

load helpers

top=$BATS_TEST_DIRNAME/../..

# What make would do for the targets, with the settings of this run.
would_do() {
	local sanitize=()

	[ -z "$SANITIZE" ] || sanitize=(SANITIZE="$SANITIZE")
	env -u MAKEFLAGS -u MAKELEVEL make -C "$top" --no-print-directory -n "${sanitize[@]}" "$@"
}

@test "make again does nothing" {
	[ -n "${MAKELEVEL-}" ] || skip "not run by make check: the sources may have changed since"
	run -0 would_do all
	refute_output --partial ' -o '
}

@test "what is built is nothing that git would track" {
	command -v git >/dev/null && git -C "$top" rev-parse 2>/dev/null || skip "this is no clone"
	run -0 git -C "$top" status --porcelain --ignored=no -- bin build
	refute_output --regexp '(bin/bi-|build/)'
}

@test "installed programs find what they need, and uninstalled sources are not needed" {
	run -0 make -C "$top" --no-print-directory ${SANITIZE:+SANITIZE="$SANITIZE"} install \
		DESTDIR="$PWD/dest" PREFIX=/usr
	[ -x dest/usr/bin/bi-fetch ]
	[ -f dest/usr/share/man/man1/bi-fetch.1 ]
	run -0 dest/usr/bin/bi-fetch --help
	assert_line 'The whole manual: man bi-fetch'
	echo text >file.txt
	unset BI_SHARE
	run -0 env PATH="$PWD/dest/usr/bin:/usr/bin:/bin" sh -c 'bi-fetch -b b file.txt | bi-render'
	[ -f "$BI_ROOT/review/b/index.html" ]

	# What install made, uninstall removes, and nothing else.
	: >dest/usr/bin/another
	run -0 make -C "$top" --no-print-directory ${SANITIZE:+SANITIZE="$SANITIZE"} uninstall \
		DESTDIR="$PWD/dest" PREFIX=/usr
	assert_equal "$(find dest ! -type d)" dest/usr/bin/another
	assert_equal "$(find dest -name '*bi-*' -o -name bi -o -name systemd -o -name 'bash*' -o -name 'man[1-8]')" ''
}

@test "make installs what a first pipeline and the manuals need, and make all what compiles only" {
	unset MAKEFLAGS MAKELEVEL
	installs() { make -C "$top" --no-print-directory -n "$@" | sed -n 's,^share/packages/install ,,p'; }
	assert_equal "$(installs)" 'build manual run'
	assert_equal "$(installs demo)" 'build demo manual run'
	assert_equal "$(installs all)" ''
}

@test "all cores are used, unless the caller says how many" {
	jobs() { make -C "$top" -pn "$@" clean 2>/dev/null | sed -n 's/^MAKEFLAGS = .* \(-j[0-9]*\) .*/\1/p' | tail -n 1; }
	unset MAKEFLAGS MAKELEVEL
	assert_equal "$(jobs)" "-j$(nproc)"
	assert_equal "$(jobs -j3)" -j3
}

@test "one line a file, and V=1 shows the command; what the compiler says comes whole, and fails" {
	mkdir -p tools
	cp "$top/Makefile" .
	for name in share man; do
		ln -s "$(realpath "$top/$name")" "$name"
	done
	ln -s "$(realpath "$top/tools/lib")" tools/lib
	mkdir -p build
	cp "$top/build/config.mk" build/
	unset MAKEFLAGS MAKELEVEL SANITIZE
	run -0 make --no-print-directory build/tools/lib/base/clock.o CC='echo compiler says: >&2; true'
	assert_output $'CC tools/lib/base/clock.c\ncompiler says:'
	run -0 make --no-print-directory build/tools/lib/base/buf.o CC=true V=1
	assert_output --regexp '^true -std=c17 .* -c -o build/tools/lib/base/buf.o tools/lib/base/buf.c$'
	run -2 make --no-print-directory build/tools/lib/base/lock.o CC='echo wrong >&2; false'
	assert_line --index 0 'CC tools/lib/base/lock.c'
	assert_line --index 1 'wrong'
}

@test "a path that make and the shell would take apart is refused in one line" {
	mkdir 'with space' "with'quote" 'with$dollar' 'with-dash_ü.x'
	unset MAKEFLAGS MAKELEVEL
	for dir in with*; do
		cp "$top/Makefile" "$dir/"
		case $dir in
		*dash*) run -0 make --no-print-directory -C "$dir" clean ;;
		*)
			run -2 make --no-print-directory -C "$dir" all
			assert_equal "${#lines[@]}" 1
			assert_output --regexp 'cannot be built in a directory whose path has a space.*move this checkout, as with: mv "'
			;;
		esac
	done
	run -2 make -C "$top" --no-print-directory install DESTDIR="$PWD/with space"
	assert_output --partial 'a path with a space does not work here'
	[ -z "$(find 'with space' -mindepth 1 ! -name Makefile)" ]
}

@test "the test run fails when there are no tests" {
	run -1 "$top/tests/run" no-such-test-anywhere
	assert_output --partial 'no tests'
}

@test "the licence is one text, in the source tree and in the package, and README names it" {
	sed -n '/^License: ISC$/,$ { /^License:/d; s/^ \.\{0,1\}//; p; }' "$top/share/debian/copyright" >package
	sed 1,2d "$top/LICENSE" | diff --label LICENSE - --label package package
	assert_equal "$(head -n 1 "$top/LICENSE")" "Copyright (c) $(sed -n 's/^Copyright: //p' "$top/share/debian/copyright")"
	grep -q '](LICENSE)' "$top/README.md"
}
