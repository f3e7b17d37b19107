#!/bin/sh
# Runs a Slurm cluster of one node on this machine, in the folder given:
#
#	slurm-one-node.sh start DIR     then: export SLURM_CONF=DIR/slurm.conf
#	slurm-one-node.sh stop DIR
#
# It needs the programs of Debian's slurm-wlm and munge, and root. Nothing
# outside DIR is written; the ports are 26817 and 26818.
set -eu
dir=$2
export SLURM_CONF="$dir/slurm.conf"

start() {
	mkdir -p "$dir/munge" "$dir/state" "$dir/spool" "$dir/log"
	chmod 700 "$dir/munge"
	chmod 755 "$dir"
	dd if=/dev/urandom of="$dir/munge/key" bs=1024 count=1 2>/dev/null
	chmod 400 "$dir/munge/key"
	munged --force --key-file="$dir/munge/key" --socket="$dir/munge.socket" --pid-file="$dir/munge/pid" \
		--log-file="$dir/munge/log" --seed-file="$dir/munge/seed"
	host=$(hostname -s)
	cpus=$(nproc)
	cat > "$SLURM_CONF" <<CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=26817
SlurmdPort=26818
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CryptoType=crypto/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/log/slurmctld
SlurmdLogFile=$dir/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=1
ReturnToService=2
MailProg=/bin/true
MinJobAge=60
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
	slurmctld
	slurmd
	for i in $(seq 60); do
		if sinfo --noheader --format=%t 2>/dev/null | grep -q idle; then
			return 0
		fi
		sleep 1
	done
	echo "the node did not become idle; see $dir/log" >&2
	tail -5 "$dir"/log/* >&2
	return 1
}

stop() {
	scancel --user=root 2>/dev/null || true
	sleep 1
	for pid in "$dir/slurmd.pid" "$dir/slurmctld.pid" "$dir/munge/pid"; do
		if [ -s "$pid" ]; then
			kill "$(cat "$pid")" 2>/dev/null || true
		fi
	done
}

case $1 in
start) start ;;
stop) stop ;;
*)
	echo "usage: $0 start|stop DIR" >&2
	exit 2
	;;
esac
