# shellcheck shell=bash
# What side-by-side measures: for each measure a function that does it once for one side. Sourced, with lib/common.sh, lib/peers.sh and
# lib/disk.sh. Results go to standard output, one a line, for io.vmm4j.bench.report:
#
#   @side ID NAME                      a side, and what it is called
#   @value PLACE MEASURE ID VALUE      PLACE is here or testbed
#   @about KEY TEXT                    what the figures depend on
#   @note TEXT                         what could not be measured, and why
#
# Variables: $place, $runs, $home (vmm's distribution), $images (the testbed's), $tools (a directory with what "build_tools" has made),
# $jdks (directories), and the peers' programs, empty where they are not to be had: $qemu, $kvmtool, $firecracker, $cloud_hypervisor.

tap_address=10.77.0
net_port=5001
# Measures that boot a stock kernel, and those that do not.
linux_measures=(boot idle disk net vsock)
tiny_measures=(start memory exit)

# run_measures MEASURE...: all sides by turns.
run_measures() {
    local measure run id
    work=$(mktemp -d -p /var/tmp)
    cd "$work" || return
    truncate -s 1M disk
    find_sides
    about
    for measure; do
        prepare_"$measure" || continue
        for ((run = 1; run <= runs; run++)); do
            for id in "${ids[@]}"; do
                echo "side-by-side: $place: $measure: run $run of $runs: $id" >&2
                side "$id" || continue
                "measure_$measure" || echo "@note $measure of $id failed in run $run"
            done
        done
    done
    cd /
    rm -rf "$work"
}

# Sets $ids to the sides, and says what they are.
find_sides() {
    local directory
    ids=()
    for directory in $jdks; do
        ids+=("vmm4j:$directory")
        echo "@side vmm4j-$(jdk_major "$directory") vmm4j, Java $(jdk_version "$directory")"
    done
    [ -z "$qemu" ] || { ids+=(qemu) && echo "@side qemu QEMU microvm $(version_of "$qemu")"; }
    [ -z "$kvmtool" ] || { ids+=(kvmtool) && echo "@side kvmtool kvmtool $(version_of "$kvmtool")"; }
    [ -z "$firecracker" ] || { ids+=(firecracker) && echo "@side firecracker Firecracker $(version_of "$firecracker")"; }
    [ -z "$cloud_hypervisor" ] || { ids+=(cloud-hypervisor) && echo "@side cloud-hypervisor Cloud Hypervisor $(version_of "$cloud_hypervisor")"; }
}

# The first number with dots that a program's --version has.
version_of() {
    "$1" --version 2>/dev/null </dev/null | grep -oE '[0-9]+(\.[0-9a-z]+)+' | head -n 1
}

jdk_major() {
    local version
    version=$(jdk_version "$1")
    echo "${version%%.*}"
}

about() {
    echo "@about kernel-$place Linux $(uname -r), $(nproc) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
    echo "@about runs-$place $runs"
}

# side ID: sets $id, $program and $jdk.
side() {
    id=$1 jdk='' program=''
    case $1 in
    vmm4j:*)
        jdk=${1#*:}
        id=vmm4j-$(jdk_major "$jdk")
        ;;
    cloud-hypervisor) program=$cloud_hypervisor ;;
    *) program=${!1} ;;
    esac
}

value() {
    echo "@value $place $1 $id $2"
}

# tiny_guest ends|stays: prints the command of a guest of a few bytes.
tiny_guest() {
    local elf=$tools/PVH flat=$tools/FLAT
    [ "$1" = ends ] || elf=$tools/HALTING flat=$tools/FLAT-HALTING
    case $id in
    vmm4j-*) echo "env JAVA_HOME=$jdk $home/bin/vmm --kernel-path $elf --rootfs disk --log-file log" ;;
    qemu) tiny_qemu "$program" "$elf" ;;
    kvmtool) echo "$program run -c 1 -m 128 -k $flat -d disk --console serial --network mode=none" ;;
    firecracker)
        : >log
        tiny_machine "$1" "$elf" ', "logger": {"log_path": "log", "level": "Error"}'
        firecracker_command "$program" "$1.json"
        ;;
    cloud-hypervisor) echo "$program --kernel $elf --cpus boot=1 --memory size=128M --disk path=disk --serial tty --console off" ;;
    esac
}

prepare_start() { :; }
# Cloud Hypervisor starts its guest again when it resets the machine.
measure_start() {
    local figures
    if [ "$id" = cloud-hypervisor ]; then
        once "$(tiny_guest ends)" endless >figures || return
    else
        once "$(tiny_guest ends)" >figures || return
    fi
    read -ra figures <figures
    value start-ms "$(thousandth "${figures[0]}")"
    value start-cpu-ms "$(thousandth "${figures[2]}")"
}

thousandth() {
    printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000))
}

prepare_memory() { :; }
measure_memory() {
    first_byte "$(tiny_guest stays)" || return
    sleep 1
    beyond_guest 128 <"/proc/$pid/smaps" >beyond
    ended "$pid"
    exec 3<&-
    values_of beyond memory-rss-mib memory-pss-mib
}

# values_of FILE MEASURE...: one for each word of the file.
values_of() {
    local words i=0
    read -ra words <"$1"
    shift
    for measure_name; do
        value "$measure_name" "${words[$i]}"
        i=$((i + 1))
    done
}

# beyond_guest MIB <SMAPS: prints the MiB of resident and of proportional memory that are not in the guest's own memory, which is the
# writable mappings that follow one another without a gap, of one file or none, and are MIB together.
beyond_guest() {
    awk -v guest="$1" '
        function hex(text,    i, n) {
            for (n = 0; length(text) > 0; text = substr(text, 2)) n = n * 16 + index("0123456789abcdef", substr(text, 1, 1)) - 1
            return n
        }
        /^[0-9a-f]+-[0-9a-f]+ / {
            split($1, range, "-")
            count++
            from[count] = hex(range[1]); to[count] = hex(range[2]); file[count] = $5; writable[count] = $2 ~ /^rw/
        }
        /^Rss:/ { rss[count] = $2; all_rss += $2 }
        /^Pss:/ { pss[count] = $2; all_pss += $2 }
        END {
            for (first = 1; first <= count && !found; first++) {
                own_rss = own_pss = 0
                for (last = first; last <= count && writable[last]; last++) {
                    if (last > first && (from[last] != to[last - 1] || file[last] != file[first])) break
                    own_rss += rss[last]; own_pss += pss[last]
                    if (to[last] - from[first] == guest * 1048576) { found = 1; break }
                }
            }
            if (!found) own_rss = own_pss = 0
            printf "%.1f %.1f%s\n", (all_rss - own_rss) / 1024, (all_pss - own_pss) / 1024, found ? "" : " the-guest-included"
        }'
}

# The C program has no side of its own turns: the Java program takes turns with it.
prepare_exit() { :; }
measure_exit() {
    local whose nanos java writes=${EXIT_WRITES:-20000}
    case $id in vmm4j-*) ;; *) return 0 ;; esac
    java=$jdk/bin/java
    local options=(-XX:+UseSerialGC -Dlog4j2.level=warn -cp "$tools/classes:$home/lib/*")
    "$java" --enable-native-access=ALL-UNNAMED -version >/dev/null 2>&1 && options+=(--enable-native-access=ALL-UNNAMED)
    "$java" "${options[@]}" io.vmm4j.bench.exit.ExitCost 10 "$writes" "$tools/exit-loop" "$tools/exit-cost" >exits || return
    while read -r whose nanos; do
        if [ "$whose" = peer ]; then
            echo "@value $place exit-ns c $nanos"
        else
            value exit-ns "$nanos"
        fi
    done <exits
    [ "$run" != 1 ] || echo "@side c C program"
}

# linux_guest KERNEL SCRIPT: sets $command to that of a guest with what $disk, $tap and $vsock name. Fails where the side does not take it.
linux_guest() {
    kernel=$images/kernel/$1
    initrd=$tools/initrd
    memory=256
    line=$(kernel_line "$2" root=/dev/ram0) # kvmtool would name the disk
    case $id:$1 in
    vmm4j-*)
        machine_file "$work/vmm.json"
        command=$(vmm_command "$work/vmm.json")
        ;;
    qemu:*) command=$(qemu_command "$program") ;;
    kvmtool:bzImage) command=$(kvmtool_command "$program") ;;
    firecracker:vmlinux)
        log_level=Error machine_file "$work/firecracker.json"
        command=$(firecracker_command "$program" "$work/firecracker.json")
        ;;
    cloud-hypervisor:vmlinux) command=$(cloud_hypervisor_command "$program") ;;
    *) return 1 ;;
    esac
}

# usual_kernel: the one that the side takes; kvmtool wants a bzImage.
usual_kernel() {
    if [ "$id" = kvmtool ]; then echo bzImage; else echo vmlinux; fi
}

no_devices() {
    disk='' tap='' vsock=''
}

prepare_boot() {
    no_devices
}
measure_boot() {
    local kind
    for kind in vmlinux bzImage; do
        linux_guest $kind true || continue
        came=
        talk 300 init_came "$command"
        [ -n "$came" ] || { tell_last; return 1; }
        value "boot-${kind,,}-ms" "$(thousandth "$came")"
    done
}
init_came() {
    case $1 in
    *"vmm4j-guest: init"*)
        came=$2
        return 1
        ;;
    esac
}

# Shows the last lines of a guest that has not done what it should.
tell_last() {
    printf 'side-by-side: the last of it: %s\n' "${seen[@]}" >&2
}

prepare_idle() {
    no_devices
    idle_seconds=${IDLE_SECONDS:-10}
}
measure_idle() {
    linux_guest "$(usual_kernel)" "echo idle; sleep 1000" || return
    idle=
    talk 300 is_idle "$command"
    [ -n "$idle" ] || { tell_last; return 1; }
    value idle-cpu-ms "$idle"
    values_of beyond idle-rss-mib
}
# Two seconds after the guest has nothing to do any more: what its process takes of the processors in a second, in ms.
is_idle() {
    local before
    [ "$1" = idle ] || return 0
    sleep 2
    before=$(processor_nanos "$pid")
    sleep "$idle_seconds"
    idle=$(awk -v before="$before" -v after="$(processor_nanos "$pid")" -v seconds="$idle_seconds" 'BEGIN { printf "%.2f", (after - before) / seconds / 1e6 }')
    beyond_guest "$memory" <"/proc/$pid/smaps" >beyond
    return 1
}

# What the threads of a process have had of the processors.
processor_nanos() {
    cat /proc/"$1"/task/*/schedstat | awk '{ all += $1 } END { printf "%.0f", all }'
}

prepare_disk() {
    no_devices
    disk=$work/data
    dd if=/dev/zero of="$disk" bs=1M count="${DISK_MIB:-256}" status=none
}
measure_disk() {
    local measurement mode bytes threads column name figure
    linux_guest "$(usual_kernel)" "$(disk_script "${DISK_SECONDS:-2}")" || return
    disk_results "$command" >figures
    for measurement in "${measurements[@]}"; do
        read -r mode bytes threads column name <<<"$measurement"
        figure=$(awk -v name="$name" -v column=$((column + 2)) '$2 == name { print $column }' figures)
        name=${name%-1/s} name=${name%-MiB/s} name=${name%/s}
        [ -z "$figure" ] || value "disk-$name" "$figure"
    done
    [ "$missing" -eq 0 ]
}

prepare_net() {
    no_devices
    if [ "$(id -u)" != 0 ] || ! command -v ip >/dev/null || ! [ -c /dev/net/tun ]; then
        echo "@note net needs root, ip and /dev/net/tun"
        return 1
    fi
}
measure_net() {
    local status=0
    tap=side$$
    ip tuntap add dev "$tap" mode tap && ip address add "$tap_address.1/24" dev "$tap" && ip link set "$tap" up || return
    net_measured "tcp:$tap_address.1:$net_port" "tcp:$tap_address.1:$net_port" tap "ifconfig eth0 $tap_address.2 netmask 255.255.255.0 up" || status=1
    ip link delete "$tap"
    return $status
}

prepare_vsock() {
    no_devices
}
measure_vsock() {
    case $id in
    qemu | kvmtool)
        if ! [ -c /dev/vhost-vsock ]; then
            [ "$run" != 1 ] || echo "@note vsock of $id needs /dev/vhost-vsock"
            return 0
        fi
        vsock=kernel
        net_measured "vsock:4294967295:$net_port" "vsock:2:$net_port" vsock :
        ;;
    *)
        vsock=$work/vsock
        rm -f "$vsock" "${vsock}_$net_port"
        net_measured "unix:${vsock}_$net_port" "vsock:2:$net_port" vsock :
        ;;
    esac
}

# net_measured SERVED CONNECTED NAME SCRIPT: bytes both ways between the guest and a server here, a quarter of them before it counts.
net_measured() {
    local mib=${NET_MIB:-64} server direction script
    "$tools/net-io" serve "$1" >served &
    server=$!
    script=$4
    for direction in receive send; do
        script+=$'\n'"net-io $direction $2 $((mib / 4 + 1)) >/dev/null; echo result $direction \$(net-io $direction $2 $mib)"
    done
    missing=2
    : >figures
    if linux_guest "$(usual_kernel)" "$script"; then
        talk 120 net_heard "$command"
    fi
    ended "$server"
    [ "$missing" -eq 0 ] || { tell_last; return 1; }
    while read -r direction mib; do
        if [ "$direction" = receive ]; then value "$3-to-guest" "$mib"; else value "$3-from-guest" "$mib"; fi
    done <figures
}
net_heard() {
    case $1 in
    "result "*" "*[0-9])
        echo "${1#result }" >>figures
        missing=$((missing - 1))
        [ "$missing" -gt 0 ]
        ;;
    "vmm4j-guest: exit"*) return 1 ;;
    esac
}
