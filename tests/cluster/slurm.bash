# shellcheck shell=bash disable=SC2034
# A cluster of three nodes on this machine: munge, slurmctld and three slurmd. Each node has a directory of its own for
# temporary files.

# slurm_start: starts the cluster. Sets SLURMD to the process ids of the daemons of the nodes, by their names.
slurm_start() {
	local node

	slurm_missing
	declare -gA SLURMD=()
	mkdir slurm slurm/state
	cd slurm || return
	(umask 077 && head -c 1024 /dev/urandom >munge.key)
	start munged --foreground --force --key-file="$PWD/munge.key" --socket="$PWD/munge" --pid-file="$PWD/munge.pid" \
		--seed-file="$PWD/munge.seed" >munge.log 2>&1
	poll 10 test -S munge
	free_ports 4
	slurm_configure >slurm.conf
	export SLURM_CONF=$PWD/slurm.conf
	# shellcheck disable=SC2016 # for the node to expand
	printf '%s\n' '#!/bin/sh' "echo \"export TMPDIR=$PWD/\$SLURMD_NODENAME\"" >prolog
	chmod +x prolog
	start slurmctld -D -c >control.out 2>&1
	for node in node1 node2 node3; do
		mkdir "$node"
		slurm_node "$node"
	done
	cd .. || return
	poll 30 slurm_idle || fail "$(tail -n 20 slurm/*.log slurm/*.out)"
}

# slurm_missing: skips the test if Slurm cannot run here.
slurm_missing() {
	[ "$(id -u)" = 0 ] || skip 'slurmd needs root'
}

slurm_idle() {
	[ "$(sinfo -h -t idle -o %D)" = 3 ]
}

# slurm_node NODE: starts the daemon of the node.
slurm_node() {
	start slurmd -D -N "$1" -f "$SLURM_CONF" >>"${SLURM_CONF%/*}/$1.out" 2>&1
	SLURMD[$1]=$!
}

# cred_expire is how long a task that is queued again waits. Without NoInAddrAny the daemons listen on every address.
slurm_configure() {
	cat <<-END
		ClusterName=test
		SlurmctldHost=localhost
		SlurmctldPort=$PORT
		AuthType=auth/munge
		AuthInfo=socket=$PWD/munge,cred_expire=5
		SlurmUser=$(id -un)
		SlurmdUser=$(id -un)
		StateSaveLocation=$PWD/state
		SlurmdSpoolDir=$PWD/spool-%n
		SlurmctldPidFile=$PWD/control.pid
		SlurmdPidFile=$PWD/%n.pid
		SlurmctldLogFile=$PWD/control.log
		SlurmdLogFile=$PWD/%n.log
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		TaskProlog=$PWD/prolog
		JobAcctGatherType=jobacct_gather/none
		MpiDefault=none
		SelectType=select/cons_tres
		ReturnToService=2
		JobRequeue=1
		SlurmdParameters=config_overrides
		CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
		NodeName=node[1-3] NodeHostname=localhost Port=[$((PORT + 1))-$((PORT + 3))] CPUs=1
		PartitionName=all Nodes=ALL Default=YES
	END
}

# slurm_stop: ends all jobs and what is left of them, for the end of a test.
slurm_stop() {
	local node

	[ -n "${SLURM_CONF:-}" ] || return 0
	timeout 20 scancel -u "$(id -un)" || :
	for node in "${!SLURMD[@]}"; do
		slurm_kill "$node"
	done
}

# slurm_kill NODE: kills the daemon of the node, its steps and what they started.
slurm_kill() {
	local pid

	kill -KILL "${SLURMD[$1]}" 2>/dev/null || :
	for pid in $(slurm_steps "$1"); do
		kill -KILL "$pid" 2>/dev/null || :
	done
}

# slurm_steps NODE: prints the process ids of the steps of the node, and of what they started. Another run on this machine may
# have nodes of the same names.
slurm_steps() {
	local pids

	mapfile -t pids < <(grep -lzx "SLURMD_NODENAME=$1" /proc/[0-9]*/environ 2>/dev/null |
		xargs -r grep -lzx "SLURM_CONF=$SLURM_CONF" 2>/dev/null | cut -d/ -f3)
	[ ${#pids[@]} -gt 0 ] || return 0
	{
		# A step is the parent of what it runs.
		ps -o ppid= -p "${pids[*]}" | sort -un | xargs -r ps -o pid=,comm= -p | awk '$2 ~ /slurmstepd/ { print $1 }'
		printf '%s\n' "${pids[@]}"
	}
}

# slurm_exit JOB [TASK]: prints the state and the exit code of a job that ended.
slurm_exit() {
	scontrol -o show job "$1" | sed -n 's/.* JobState=\([^ ]*\) .* ExitCode=\([^ ]*\) .*/\1 \2/p' | sort | uniq -c | sed 's/^ *//'
}
