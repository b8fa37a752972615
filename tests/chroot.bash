# shellcheck shell=bash
# A bare Debian 12 to try things in, for the scripts that need one: tests/package and tests/bare. It needs root.
#
# A script sources this file, calls `chroot_enter "$@"`, and then chroot_new for each system that it wants. Everything
# is in one directory of TMPDIR. The script runs in mount and process namespaces, so that its mounts and the processes
# it started end with it; then the directory is removed.
#
# Packages come from the Debian archives that this machine's apt uses, and are not downloaded again when
# /var/cache/apt/archives has them.

# chroot_enter ARG...: runs the script again, with these arguments, in the namespaces. Returns there only, with
# CHROOT_DIR set to the directory; the first script ends with the status of the second.
chroot_enter() {
	local status=0 pid

	[ -z "${CHROOT_DIR:-}" ] || return 0
	CHROOT_DIR=$(mktemp -d "${TMPDIR:-/tmp}/bi-chroot.XXXXXX")
	export CHROOT_DIR
	# shellcheck disable=SC2064 # the process is not known yet, the directory is
	trap "kill -KILL \$pid 2>/dev/null && wait \$pid 2>/dev/null; rm -rf --one-file-system '$CHROOT_DIR'" EXIT
	trap 'exit 130' INT TERM
	unshare --mount --pid --fork --kill-child "$0" "$@" &
	pid=$!
	wait "$pid" || status=$?
	exit "$status"
}

# chroot_sources: prints the sources.list of Debian's archives on this machine.
chroot_sources() {
	# shellcheck disable=SC2016 # apt replaces these
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
		grep -E ' bookworm(-updates|-security)? '
}

# chroot_base: makes $CHROOT_DIR/base, unless it is there: the smallest system that debootstrap makes.
chroot_base() {
	local base=$CHROOT_DIR/base archives=$CHROOT_DIR/archives mirror

	[ ! -e "$base/etc/apt/sources.list.d/tests.list" ] || return 0
	mkdir -p "$archives"
	# Links cost nothing. Across file systems there are none, and the packages are downloaded.
	find /var/cache/apt/archives -maxdepth 1 -name '*.deb' -exec ln -t "$archives" {} + 2>/dev/null || :
	mirror=$(chroot_sources | awk '$3 == "bookworm" { print $2; exit }')
	[ "$mirror" ] || { echo "tests: apt has no archive of Debian 12 (bookworm) in its sources" >&2; return 1; }
	debootstrap --variant=minbase --cache-dir="$archives" bookworm "$base" "$mirror" || return
	# What is thrown away need not be synced.
	echo force-unsafe-io >"$base/etc/dpkg/dpkg.cfg.d/tests"
	: >"$base/etc/apt/sources.list"
	apt-config dump | grep '^Acquire::.*::Proxy' >"$base/etc/apt/apt.conf.d/tests" || :
	chroot_sources >"$base/etc/apt/sources.list.d/tests.list"
	# By which authorities and proxies this machine reaches the network; no credentials.
	mkdir -p "$base/usr/local/share/ca-certificates"
	cp -L /usr/local/share/ca-certificates/*.crt "$base/usr/local/share/ca-certificates/" 2>/dev/null || :
	grep -E '^(cafile|proxy|https-proxy|noproxy) *= *[^@]*$' /etc/npmrc >"$base/etc/npmrc" 2>/dev/null || :
}

# chroot_new NAME: a new system in $CHROOT_DIR/NAME, with an ordinary user `reader`. The functions below run in it.
chroot_new() {
	root=$CHROOT_DIR/$1
	chroot_base || return
	cp -a --reflink=auto "$CHROOT_DIR/base" "$root"
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	mkdir -p "$root/var/cache/apt/archives"
	mount --bind "$CHROOT_DIR/archives" "$root/var/cache/apt/archives"
	inside useradd --create-home --shell /bin/bash reader
	inside apt-get -q update
}

# chroot_end: ends what runs in the system of chroot_new, and removes it.
chroot_end() {
	local process

	for process in /proc/[0-9]*; do
		[ "$(readlink "$process/root")" != "$root" ] || kill -KILL "${process#/proc/}" 2>/dev/null || :
	done
	umount -R "$root/var/cache/apt/archives" "$root/dev" "$root/proc"
	rm -rf --one-file-system "$root"
}

# inside COMMAND...: runs it in the system as root, with a new environment.
inside() {
	chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive "$@"
}

# as_user SCRIPT: runs a script for sh in the home of the ordinary user, as that user.
as_user() {
	inside HOME=/home/reader setpriv --reuid reader --regid reader --init-groups --reset-env sh -ec "cd; $1"
}

# add_packages PACKAGE...: installs them in the system, without those that they recommend.
add_packages() {
	inside apt-get -q -y --no-install-recommends install "$@"
}

# quietly COMMAND...: shows what it prints, on stderr, only when it fails.
quietly() {
	local status=0

	"$@" >"$CHROOT_DIR/log" 2>&1 || status=$?
	[ "$status" = 0 ] || tail -n 30 "$CHROOT_DIR/log" >&2
	return "$status"
}
