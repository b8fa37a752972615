# shellcheck shell=bash disable=SC2034
# Two machines that are reached by ssh: two addresses of this one, each with directories of its own for temporary files, and
# as the home of its user.

# ssh_start: starts sshd on 127.0.0.1 and 127.0.0.2. Their names are one and two; nobody listens
# on the machine off.
ssh_start() {
	mkdir -p ssh/parallel one two home/one home/two
	(cd ssh && ssh_keys) || return
	free_ports 1
	ssh_configure >ssh/sshd.conf
	start ssh_daemon >ssh/sshd.log 2>&1
	cat >ssh/config <<-END
		Host one
		    HostName 127.0.0.1
		Host two
		    HostName 127.0.0.2
		Host off
		    HostName 127.0.0.3
		Host *
		    Port $PORT
		    User $(id -un)
		    IdentityFile $PWD/ssh/key
		    IdentitiesOnly yes
		    UserKnownHostsFile $PWD/ssh/known
		    StrictHostKeyChecking accept-new
		    LogLevel ERROR
	END
	export PARALLEL_SSH="ssh -F $PWD/ssh/config" PARALLEL_HOME=$PWD/ssh/parallel
	poll 20 ssh -F ssh/config one true || fail "$(cat ssh/sshd.log)"
	poll 20 ssh -F ssh/config two true || fail "$(cat ssh/sshd.log)"
}

ssh_keys() {
	ssh-keygen -q -t ed25519 -N '' -f host
	ssh-keygen -q -t ed25519 -N '' -f key
	cp key.pub authorized
}

# sshd of root wants /run/sshd. If it is not there, a mount namespace has it.
ssh_daemon() {
	local daemon=(/usr/sbin/sshd -D -e -f "$PWD/ssh/sshd.conf")

	if [ "$(id -u)" != 0 ] || [ -d /run/sshd ]; then
		exec "${daemon[@]}"
	fi
	# shellcheck disable=SC2016 # for sh to expand
	exec unshare --mount sh -c 'mount -t tmpfs none /run && mkdir /run/sshd && exec "$@"' sh "${daemon[@]}"
}

# The environment of a login is that of a machine on which the programs are installed. What the user's own shell does at a
# login is left out: it may take seconds.
ssh_configure() {
	cat <<-END
		ListenAddress 127.0.0.1:$PORT
		ListenAddress 127.0.0.2:$PORT
		HostKey $PWD/ssh/host
		AuthorizedKeysFile $PWD/ssh/authorized
		PidFile none
		StrictModes no
		UsePAM no
		PermitRootLogin prohibit-password
		PasswordAuthentication no
		MaxStartups 100
	END
	for machine in 127.0.0.1/one 127.0.0.2/two; do
		cat <<-END
			Match LocalAddress ${machine%/*}
			    ForceCommand cd "\$HOME" && eval "\$SSH_ORIGINAL_COMMAND"
			    SetEnv HOME=$PWD/home/${machine#*/} TMPDIR=$PWD/${machine#*/} PATH=$PATH BI_SHARE=$BI_SHARE BI_HOSTS_CONF=$PWD/hosts.conf
		END
	done
}
