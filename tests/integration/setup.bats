#!/usr/bin/env bats
# share/packages/install: what make installs, what it says about that, and how it ends where it cannot.
#
# apt-get, sudo and id are programs of the test's, in ./bin. apt-get keeps its arguments in ./called, prints ./cost when
# it is asked what an installation costs, and the file ./says when it installs, which it ends with the code in ./code.
# Installing makes the program wanted-program, unless ./makes-nothing is there. Like apt-get, it tells how far it is by
# the descriptor that it is told, and closes that in the scripts of packages, which print.

load helpers

setup() {
	bi_setup
	mkdir -p packages bin
	cp "$BI_SHARE/packages/install" packages/
	printf '%s\n' '# a list' 'wanted cmd:wanted-program' 'jq cmd:jq' >packages/list
	cat >bin/apt-get <<-'END'
		#!/bin/sh
		cd "${0%/*}/.." || exit
		echo "$@" >>called
		case " $* " in
		*' --assume-no '*) ! [ -e cost ] || cat cost ;;
		*' install '*)
			[ -e makes-nothing ] || { echo '#!/bin/sh' >bin/wanted-program && chmod +x bin/wanted-program; }
			fd=$(expr "$*" : '.*APT::Status-Fd=\([0-9]*\)')
			[ ! -e says ] || eval "cat says >&$fd" || exit
			eval "echo 'a script prints' $fd>&-" || exit 100
			[ ! -e code ] || exit "$(cat code)"
			;;
		esac
	END
	printf '#!/bin/sh\necho 0\n' >bin/id
	printf '#!/bin/sh\necho "dpkg $*" >>"${0%%/*}/../called"\necho "dpkg: error processing package x"\nexit 1\n' >bin/dpkg
	chmod +x bin/*
	export PATH=$PWD/bin:$PATH
}

teardown() {
	bi_teardown
}

ordinary_user() {
	printf '#!/bin/sh\necho 1000\n' >bin/id
	cat >bin/sudo <<-'END'
		#!/bin/sh
		echo "sudo $*" >>"${0%/*}/../called"
		case $1 in -v) exit 0 ;; -n) shift ;; esac
		exec "$@"
	END
	chmod +x bin/sudo
}

# fails TEXT WANTED: apt-get fails with TEXT; the one line that is said about it matches WANTED.
fails() {
	printf '%s\n' "$1" >says
	echo 100 >code
	touch makes-nothing
	run -69 packages/install list
	assert_line --regexp "^bi: could not install them: $2"
	assert_equal "${#lines[@]}" 3 # the two that announce it, and this one
}

@test "what is installed already is not installed again" {
	ordinary_user
	run -0 "$BI_SHARE/packages/install" build run test
	assert_output ''
	[ ! -e called ]
}

@test "what is missing is named, with what it costs, and nothing else is installed" {
	cat >cost <<-'END'
		Need to get 61.4 MB/83.2 MB of archives.
		After this operation, 240 MB of additional disk space will be used.
	END
	run -0 packages/install list
	assert_line --index 0 'bi: missing: wanted'
	assert_line --index 1 'bi: installing them: 61 MB to download, 240 MB on disk, less than a minute'
	assert_line --index 2 'bi: installed'
	run -0 grep -v -e --assume-no called
	assert_line --partial ' update'
	assert_line --regexp ' install --no-install-recommends wanted$'
	refute_output --partial jq
}

@test "the price is that of what apt says, in whatever unit, and comes later where apt has no lists yet" {
	printf '%s\n' 'Need to get 1,024 kB of archives.' 'After this operation, 2.5 GB of additional disk space will be used.' >cost
	run -0 packages/install list
	assert_line 'bi: installing them: 1 MB to download, 2500 MB on disk, about 4 minutes'
	rm bin/wanted-program
	mv cost cost-after
	cat >bin/apt-get.new <<-'END'
		#!/bin/sh
		case " $* " in *' update '*) mv "${0%/*}/../cost-after" "${0%/*}/../cost" ;; esac
		exec "$0.first" "$@"
	END
	chmod +x bin/apt-get.new
	mv bin/apt-get bin/apt-get.first
	mv bin/apt-get.new bin/apt-get
	run -0 packages/install list
	assert_line 'bi: installing them'
	assert_line 'bi: the cost is 1 MB to download, 2500 MB on disk, about 4 minutes'
}

@test "an ordinary user is told before sudo is asked, and asked once" {
	ordinary_user
	run -0 packages/install list
	assert_line --index 1 --partial 'bi: sudo is needed to install them'
	run -0 cat called
	assert_line --regexp '^sudo env .*apt-get .*install --no-install-recommends wanted$'
	refute_line 'sudo -v' # that asks for a password, where the line above it did not need one
}

@test "without sudo, and with a sudo that refuses, the command for root is said" {
	ordinary_user
	printf '#!/bin/sh\necho "reader is not in the sudoers file." >&2\nexit 1\n' >bin/sudo
	run -77 packages/install list
	assert_line 'bi: sudo does not let you install packages: as root, run: apt-get install --no-install-recommends wanted'
	refute_output --partial 'could not install'
	rm bin/sudo
	mkdir tools
	for tool in awk cat dirname env grep jq mktemp paste rm sed sh sort; do
		ln -s "$(type -P "$tool")" tools/
	done
	printf '#!/bin/sh\nexit 1\n' >tools/dpkg-query
	chmod +x tools/dpkg-query
	# That of the machine, if there is one, is in /usr/bin, which is not looked in.
	PATH=$PWD/bin:$PWD/tools run -77 packages/install list
	assert_line 'bi: you are not root, and there is no sudo: as root, run: apt-get install --no-install-recommends wanted'
	rm bin/apt-get
	PATH=$PWD/bin:$PWD/tools run -69 packages/install list
	assert_output "bi: there is no apt-get: install these packages with the package manager of your system: wanted"
}

@test "what went wrong, and what helps, is one line" {
	fails "E: Failed to fetch http://deb.example/x.deb  Temporary failure resolving 'deb.example'" \
		"the archive cannot be reached .*Is there a network.*apt-get update; then run the same command again$"
	fails $'W: Failed to fetch http://deb.example/x.deb  Could not connect\nE: Package \'wanted\' has no installation candidate' \
		'the archive cannot be reached \(Failed to fetch http://deb.example/x.deb  Could not connect\)'
	fails "E: You don't have enough free space in /var/cache/apt/archives/." 'the disk is full\. Make room .*same command again$'
	fails 'dpkg: error processing archive x.deb: cannot copy extracted data: failed to write (No space left on device)' \
		'the disk is full\. Make room'
	fails "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem." \
		'an earlier installation was interrupted\. Run: dpkg --configure -a;'
	fails 'E: Unable to locate package wanted' 'Unable to locate package wanted\..*apt-get update'
	fails 'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt)' 'another program is installing packages'
	# An update before it may have found no network.
	fails $'E: Failed to fetch http://deb.example/x\ndpkg: error processing package fontconfig (--configure)\nE: Sub-process /usr/bin/dpkg returned an error code (1)' \
		'dpkg could not set up fontconfig\. Run: dpkg --configure -a, which says why;'
	fails 'E: Unmet dependencies. Try' 'packages on this machine do not fit together\. Run: apt-get --fix-broken install'
	fails 'E: Something new' 'Something new\. Run it yourself: apt-get install --no-install-recommends wanted;'
	# The message of a user who is not root has the command with sudo.
	ordinary_user
	fails 'E: dpkg was interrupted' 'an earlier installation was interrupted. Run: sudo dpkg --configure -a;'
}

@test "no room for its own file is said" {
	TMPDIR=$PWD/none run -69 packages/install list
	assert_line "bi: cannot make a file in $PWD/none: is the disk full? Try: df -h $PWD/none"
}

@test "no room for the messages of apt-get is said, once" {
	# As with a full disk, but for this process alone.
	limited() {
		trap '' XFSZ
		ulimit -f 1
		"$@"
	}
	seq 1000 >says
	sed -i 's/>&$fd/>\&2/' bin/apt-get
	echo 100 >code
	run -69 limited packages/install list
	assert_line --index 2 --regexp '^bi: could not install them: the disk is full\. Make room'
	assert_equal "${#lines[@]}" 3
}

@test "an installation that made nothing, or half of it, is not taken for done" {
	touch makes-nothing
	run -69 packages/install list
	assert_line --partial 'bi: apt-get installed these packages, but they are still not found: wanted.'
	rm makes-nothing
	run -0 packages/install list
	# The program is there, and dpkg has only unpacked its package.
	printf '#!/bin/sh\ncase $* in *" -f "*) ;; esac\nprintf "half-configured wanted\\ninstalled jq\\n"\n' >bin/dpkg-query
	chmod +x bin/dpkg-query
	: >called
	run -69 packages/install list
	assert_line --index 2 'bi: first finishing an installation that was interrupted'
	run -0 sed -n '/--assume-no/d; s/.*\(dpkg --configure\|--fix-broken\|update$\|install --no-install\)/\1/p' called
	assert_output $'dpkg --configure -a\n--fix-broken --no-remove install\nupdate\ninstall --no-install-recommends wanted'
	# What that said is not why a later installation fails.
	printf '%s\n' 'E: Unable to locate package wanted' >says
	echo 100 >code
	run -69 packages/install list
	assert_line --partial 'could not install them: Unable to locate package wanted'
	rm says code
	printf '#!/bin/sh\nprintf "installed wanted\\ninstalled jq\\n"\n' >bin/dpkg-query
	: >called
	run -0 packages/install list
	assert_equal "$(<called)" ''
}

@test "programs of sbin are found by those who do not have it in PATH" {
	local program=

	for program in /usr/sbin/* none; do
		[ ! -x "/usr/bin/${program##*/}" ] && [ ! -x "/bin/${program##*/}" ] && break
	done
	echo "some cmd:${program##*/}" >packages/list
	PATH=$PWD/bin:/usr/bin:/bin run -0 packages/install list
	assert_output ''
}

@test "a terminal is told how far it is, and keeps only the messages" {
	printf '%s\n' 'dlstatus:1:42.1:Retrieving file 1 of 2' 'pmstatus:wanted:71.4:Unpacking wanted (amd64)' 'Setting up wanted' >says
	run -0 on_terminal packages/install list
	assert_output --regexp $'\r\x1b\\[K 42 % of the download\r\x1b\\[K 71 %: Unpacking wanted \\(amd64\\)\r\x1b\\[K.*bi: installed'
	refute_output --partial 'Setting up'
}

@test "a demo whose pictures cannot be made says what helps, and leaves nothing" {
	printf '#!/bin/sh\necho "vips: No space left on device" >&2\nexit 1\n' >bin/vips
	chmod +x bin/vips
	mkdir tmp
	TMPDIR=$PWD/tmp BI_WIKI=none run "$BI_SHARE/examples/demo"
	[ "$status" != 0 ]
	assert_line --regexp "^demo: the pictures cannot be made in $PWD/tmp/bi-demo.*TMPDIR=/var/tmp make demo$"
	refute_line --partial 'Searching the wiki'
	assert_equal "$(ls tmp)" ''
}
