# For tests of archives of batches.
# shellcheck shell=bash

# batch NAME N: the batch of N files, with their candidates' subject a.
batch() {
	local i

	for ((i = 1; i <= $2; i++)); do
		echo "$1 $i" >"$1.$i"
		printf '{"subject":"a","file":"%s"}\n' "$PWD/$1.$i"
	done | bi-fetch -q -b "$1" >/dev/null
}

# everything [PATH...]: every file of the root, or of these paths in it, with its digest, but for locks.
everything() {
	(cd "$BI_ROOT" && find "$@" -type f ! -name lock -exec sha256sum {} + | sort -k 2)
}
