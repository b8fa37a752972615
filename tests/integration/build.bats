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
}

@test "what is installed already is not installed again" {
	# With nothing missing, neither apt-get nor sudo is called.
	mkdir bin
	printf '#!/bin/sh\necho called >%s/called\nexit 1\n' "$PWD" | tee bin/apt-get bin/sudo >/dev/null
	chmod +x bin/*
	PATH=$PWD/bin:$PATH run -0 "$BI_SHARE/packages/install" build run test
	assert_output ''
	[ ! -e called ]
}

@test "what is missing is named, and no apt-get is an error with a message" {
	printf '# a list\nno-such-package cmd:no-such-program\njq cmd:jq\n' >list
	mkdir packages bin
	cp "$BI_SHARE/packages/install" packages/
	mv list packages/
	printf '#!/bin/sh\necho "$@" >>%s/called\n' "$PWD" >bin/apt-get
	printf '#!/bin/sh\necho 0\n' >bin/id
	chmod +x bin/*
	PATH=$PWD/bin:$PATH run -0 packages/install list
	assert_output 'bi: installing no-such-package'
	run -0 cat called
	assert_line --partial 'install --no-install-recommends no-such-package'
	refute_line --partial jq

	printf '#!/bin/sh\necho "no network"\nexit 100\n' >bin/apt-get
	PATH=$PWD/bin:$PATH run -69 packages/install list
	assert_line 'no network'
	assert_line 'bi: apt-get could not install: no-such-package'
}

@test "who is not root is told what for before sudo is asked, and what to run where there is none" {
	mkdir packages bin
	cp "$BI_SHARE/packages/install" packages/
	echo 'no-such-package cmd:no-such-program' >packages/list
	printf '#!/bin/sh\necho 1000\n' >bin/id
	printf '#!/bin/sh\necho "$@" >>%s/called\n' "$PWD" >bin/sudo
	printf '#!/bin/sh\nexit 1\n' >bin/apt-get
	chmod +x bin/*
	PATH=$PWD/bin:$PATH run -0 packages/install list
	assert_output 'bi: sudo is asked for, to install what bi is built from, run with and tested by: no-such-package'
	run -0 cat called
	assert_line --regexp '^apt-get .*install --no-install-recommends no-such-package$'

	rm bin/sudo
	ln -s "$(command -v dirname)" "$(command -v sh)" bin/
	PATH=$PWD/bin run -77 packages/install list
	assert_output 'bi: as root, run: apt-get install no-such-package'
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
