# shellcheck shell=bash
# What is measured of a disk inside a guest, by the program disk-io of its initramfs. Sourced, with lib/common.sh.

# Mode, bytes, threads, column of the figure (1 operations, 2 MiB) and what it is called.
measurements=(
    "read 1048576 1 2 seq-read-MiB/s"
    "write 1048576 1 2 seq-write-MiB/s"
    "randread 4096 1 1 rand-read-1/s"
    "randread 4096 16 1 rand-read-16/s"
    "randwrite 4096 16 1 rand-write-16/s"
)

# disk_script SECONDS: what the guest runs; prints "result NAME OPERATIONS MIB" for each measurement.
disk_script() {
    local measurement mode bytes threads column name
    for measurement in "${measurements[@]}"; do
        read -r mode bytes threads column name <<<"$measurement"
        # Once before it counts: the first seconds of vmm's are those of an interpreter.
        echo "disk-io /dev/vda $mode $bytes $1 $threads >/dev/null"
        echo "echo result $name \$(disk-io /dev/vda $mode $bytes $1 $threads)"
    done
}

# disk_results COMMAND: prints the guest's result lines, and to standard error as they come.
disk_results() {
    missing=${#measurements[@]}
    talk 120 disk_heard "$1"
    [ "$missing" -eq 0 ] || {
        echo "${0##*/}: $missing results are missing of: $1" >&2
        printf '%s\n' "${seen[@]}" >&2
    }
}

# disk_heard LINE
disk_heard() {
    case $1 in
    "result "*" "*)
        echo "$1"
        echo "${0##*/}: ${1#result }" >&2
        missing=$((missing - 1))
        [ "$missing" -gt 0 ]
        ;;
    "vmm4j-guest: exit"*) return 1 ;;
    esac
}
