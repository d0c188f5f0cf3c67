# Sourced by run and l1: one first-level Linux, and talking to its agent (l1-image/agent) over a forwarded port.
# shellcheck shell=bash disable=SC2154

# An instance is a directory that holds: pid, port, console.log.

# l1_start INSTANCE MEMORY_MIB HUGEPAGES IDLE_MINUTES: boots a first-level Linux and waits until its agent is up.
# It dies with the calling process when l1_dies_with_caller is set.
l1_start() {
	local instance=$1 port pid started=$SECONDS try command
	for try in kernel/bzImage l1/initrd.cpio.gz l1/root.ext4 l1/images.ext4; do
		[ -e "$cache/$try" ] || die "$cache/$try is missing: run ${testbed#"$PWD"/}/prepare first"
	done
	mkdir -p "$instance"
	command=(qemu-system-x86_64 -M q35 -accel "tcg,thread=multi" -cpu max,vgif=off,v-vmsave-vmload=off -smp "${VMM4J_L1_CPUS:-1}" -m "$2"
		-nodefaults -no-user-config -nographic -no-reboot
		-serial "file:$instance/console.log"
		-kernel "$cache/kernel/bzImage" -initrd "$cache/l1/initrd.cpio.gz"
		-append "console=ttyS0 quiet panic=-1 softlockup_panic=1 mitigations=off tsc=reliable no_timer_check hugepages=$3 vmm4j.idle=$4"
		-drive "file=$cache/l1/root.ext4,format=raw,if=virtio,snapshot=on"
		-drive "file=$cache/l1/images.ext4,format=raw,if=virtio,read-only=on")
	if [ -n "${l1_dies_with_caller:-}" ]; then
		command=(setpriv --pdeathsig KILL "${command[@]}")
	else
		command=(setsid "${command[@]}")
	fi
	for try in 1 2 3 4 5 6 7 8; do
		port=$((20000 + RANDOM))
		: >"$instance/console.log"
		# restrict=on: the guest reaches nothing of the host, the host only the forwarded port of the guest.
		"${command[@]}" -device virtio-net-pci,netdev=n,romfile= \
			-netdev "user,id=n,restrict=on,hostfwd=tcp:127.0.0.1:$port-10.0.2.15:7" \
			</dev/null >"$instance/qemu.log" 2>&1 9>&- &
		pid=$!
		disown "$pid" # or the shell would announce its end
		echo "$pid" >"$instance/pid"
		echo "$port" >"$instance/port"
		until grep -q 'vmm4j-l1:' "$instance/console.log"; do
			kill -0 "$pid" 2>/dev/null || break
			if [ $((SECONDS - started)) -gt 120 ]; then
				l1_kill "$instance"
				die "the first-level Linux did not come up in 120 s: see $instance/console.log"
			fi
			sleep 0.1
		done
		if kill -0 "$pid" 2>/dev/null; then
			grep -q 'vmm4j-l1: ready' "$instance/console.log" ||
				die "the first-level Linux has no KVM: see $instance/console.log"
			# Its agent may still be about to listen, and what is sent before that is lost.
			for ((try = 0; try < 100; try++)); do
				if l1_answers "$instance"; then break; fi
				sleep 0.1
			done
			say "first-level Linux up in $((SECONDS - started)) s (pid $pid)"
			return
		fi
		grep -q 'host forwarding' "$instance/qemu.log" || break
	done
	cat "$instance/qemu.log" "$instance/console.log" >&2
	die "QEMU ended before the first-level Linux was up"
}

# l1_running INSTANCE: true when the instance's QEMU lives; the command line is compared because a pid may be reused.
l1_running() {
	[ -e "$1/pid" ] && tr '\0' '\n' 2>/dev/null <"/proc/$(cat "$1/pid")/cmdline" | grep -qF "file:$1/console.log"
}

# l1_stop INSTANCE: powers it off, and kills it if that takes more than 10 s.
l1_stop() {
	local try
	if l1_running "$1" && l1_connect "$1" poweroff - 2>/dev/null; then
		exec 3>&-
		for try in {1..100}; do
			l1_running "$1" || break
			sleep 0.1
		done
	fi
	l1_kill "$1"
}

l1_kill() {
	if l1_running "$1"; then kill -KILL "$(cat "$1/pid")"; fi
	rm -f "$1/pid" "$1/port"
}

# l1_connect INSTANCE VERB ARGUMENT: opens the connection as fd 3 and sends the request. Sets l1_id.
l1_connect() {
	l1_id=$$-$RANDOM$RANDOM
	exec 3<>"/dev/tcp/127.0.0.1/$(cat "$1/port")" || return 1
	printf '%s %s %s\n' "$2" "$l1_id" "$3" >&3
}

# l1_status INSTANCE: returns the exit status of the last request, once it has ended; 125 when there is none.
l1_status() {
	local id=$l1_id status
	exec 3<>"/dev/tcp/127.0.0.1/$(cat "$1/port")" || return 125
	printf 'status %s -\n' "$id" >&3
	read -r status <&3 || status=125
	cat <&3 >&2
	exec 3>&-
	return "$status"
}

base64_of() { printf '%s' "$1" | base64 -w 0; }

# l1_exec INSTANCE COMMAND...: runs a command in /payload, copies its output to stdout, returns its exit status.
# One argument is a shell command line; several are a command and its arguments.
l1_exec() {
	local instance=$1 line
	shift
	if [ $# -eq 1 ]; then line=$1; else printf -v line '%q ' "$@"; fi
	l1_connect "$instance" exec "$(base64_of "$line")"
	cat <&3 || true
	exec 3>&-
	l1_status "$instance"
}

# l1_answers INSTANCE: true when the agent runs a command within a minute, however busy the first level is.
l1_answers() (
	l1_connect "$1" exec "$(base64_of 'echo here')" 2>/dev/null || exit 1
	read -r -t 60 answer <&3 2>/dev/null && [ "$answer" = here ]
)

# l1_push INSTANCE SOURCE DESTINATION: copies the content of a directory into a directory, or a file to a file name.
l1_push() {
	local directory
	if [ -d "$2" ]; then
		l1_connect "$1" untar "$(base64_of "$3")"
		tar -C "$2" -Scf - . >&3
	elif [ -e "$2" ]; then
		directory=$(mktemp -d)
		ln -s "$(realpath "$2")" "$directory/${3##*/}"
		l1_connect "$1" untar "$(base64_of "$(dirname "$3")")"
		tar -C "$directory" -Shcf - "${3##*/}" >&3
		rm -r "$directory"
	else
		die "no such file or directory: $2"
	fi
	exec 3>&-
	l1_status "$1" || die "could not copy $2 to $3"
}

# l1_pull INSTANCE SOURCE DESTINATION: copies the content of a directory of the first level into a directory.
l1_pull() {
	mkdir -p "$3"
	l1_connect "$1" tar "$(base64_of "$2")"
	tar -C "$3" -xf - --no-same-owner <&3 || true
	exec 3>&-
	l1_status "$1" || die "could not copy $2 of the first level to $3"
}

# l1_shell INSTANCE [COMMAND...]: a command, or an interactive shell, on this terminal. Returns its exit status.
l1_shell() {
	local instance=$1 keyboard line='bash -l' rows columns
	[ -t 0 ] || die "this needs a terminal"
	shift
	if [ $# -eq 1 ]; then line=$1; elif [ $# -gt 1 ]; then printf -v line '%q ' "$@"; fi
	read -r rows columns < <(stty size)
	l1_connect "$instance" shell "$(base64_of "export TERM=${TERM:-vt100}; stty rows $rows cols $columns; exec $line")"
	l1_saved_terminal=$(stty -g)
	stty raw -echo
	cat <&0 >&3 &
	keyboard=$!
	cat <&3 || true
	l1_restore_terminal
	kill "$keyboard" 2>/dev/null || true
	exec 3>&-
	l1_status "$instance"
}

# l1_restore_terminal: undoes what l1_shell did to the terminal, if it did; for traps too.
l1_saved_terminal=
l1_restore_terminal() {
	if [ -n "$l1_saved_terminal" ]; then stty "$l1_saved_terminal"; fi
	l1_saved_terminal=
}
