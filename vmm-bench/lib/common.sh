# shellcheck shell=bash
# What the scripts of vmm-bench have in common: clocks, programs that are started and watched, and medians. Sourced by them.

# Sets $now to the microseconds since the epoch.
clock() {
    now=${EPOCHREALTIME/[.,]/}
}

# The microseconds of what "times" prints: 1m2.345s.
micros() {
    local seconds=${1#*m}
    seconds=${seconds%s}
    echo $((${1%m*} * 60000000 + ${seconds%[.,]*} * 1000000 + 10#${seconds#*[.,]} * 1000))
}

# Sets $cpu to what ended children have taken of the processors by now, user and system, in microseconds. What it starts itself is no
# more than a shell's fork, the same for all. Leaves a file "clock" in the current directory.
children() {
    local own ended user system
    times >clock
    { read -r own; read -r ended; } <clock
    read -r user system <<<"$ended"
    cpu=$(($(micros "$user") + $(micros "$system")))
}

# first_byte COMMAND: starts the command, its words separated by blanks, and sets $started and $now to the microseconds when it was
# started and when its guest's x came on its standard output, which is descriptor 3 then, and $pid. Fails without an x.
first_byte() {
    local byte
    clock
    started=$now
    # shellcheck disable=SC2086
    exec 3< <(exec $1 </dev/null 2>/dev/null)
    pid=$!
    while IFS= read -r -N 1 byte <&3; do
        if [ "$byte" = x ]; then
            clock
            return
        fi
    done
    echo "${0##*/}: no output from the guest of: $1" >&2
    return 1
}

# once COMMAND: prints "microseconds to the guest's first byte, to the end, of processor time". With a second argument the command does
# not end with its guest, and is ended at the first byte.
once() {
    local before first
    children
    before=$cpu
    first_byte "$1" || return
    first=$((now - started))
    [ $# -lt 2 ] || kill -KILL "$pid"
    while IFS= read -r -N 4096 _ <&3; do :; done
    wait "$pid" 2>/dev/null || true
    clock
    exec 3<&-
    children
    echo "$first $((now - started)) $((cpu - before))"
}

# ended PID: ends a program, and waits for it.
ended() {
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# talk SECONDS FUNCTION COMMAND: starts the command and calls FUNCTION for each line that comes of it, with the line and the microseconds
# since its start, until that fails, nothing comes for SECONDS, or the command ends; ends it then, since not every machine ends with its
# guest. A word LINE in the command stands for the text of $line. The last lines are in $seen.
talk() {
    local word words=() text began
    for word in $3; do
        if [ "$word" = LINE ]; then words+=("$line"); else words+=("$word"); fi
    done
    seen=()
    clock
    began=$now
    exec 4< <(exec "${words[@]}" </dev/null 2>&1)
    pid=$!
    while IFS= read -r -t "$1" text <&4; do
        clock
        text=${text%$'\r'}
        seen+=("$text")
        [ ${#seen[@]} -le 20 ] || seen=("${seen[@]:1}")
        "$2" "$text" $((now - began)) || break
    done
    ended "$pid" # by force, since kvmtool stays at a mere request
    exec 4<&-
}

# The middle one of column $1 of the lines of file $2.
median() {
    awk -v column="$1" '{ print $column }' "$2" | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}

# The least one.
least() {
    awk -v column="$1" '{ print $column }' "$2" | sort -n | awk 'NR == 1'
}

# The load of the last 1, 5 and 15 minutes.
load() {
    cut -d ' ' -f 1-3 /proc/loadavg
}

# Prints the version of the JDK in directory $1.
jdk_version() {
    sed -n 's/^JAVA_VERSION="\(.*\)"$/\1/p' "$1/release"
}

# kernel_line SCRIPT [MORE]: the kernel's arguments for a guest of the testbed's images that runs a script and resets the machine.
kernel_line() {
    echo "console=ttyS0 quiet reboot=k panic=1${2:+ $2} vmm4j.cmd=$(printf '%s' "$1" | base64 -w 0) vmm4j.then=reboot"
}

# guest_initrd CACHE OUT PROGRAM...: the testbed's initramfs and, behind it, one with these programs of vmm-bench/guest, linked statically.
guest_initrd() {
    local cache=$1 out=$2 sources tree program
    sources=$(dirname "${BASH_SOURCE[0]}")/../guest
    shift 2
    tree=$(mktemp -d)
    mkdir "$tree/bin"
    for program; do
        "${CC:-cc}" -O2 -static -pthread -o "$tree/bin/$program" "$sources/$program.c"
    done
    (cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0 | gzip) | cat "$cache/guest/initrd.cpio.gz" - >"$out"
    rm -rf "$tree"
}
