# shellcheck shell=bash
# Linux guests under vmm and its peers: one function a program, which prints its command for the same guest, words separated by blanks,
# LINE in place of the kernel's arguments (lib/common.sh has "talk" for it). Sourced. Variables: $kernel, $initrd, $memory (MiB), $line;
# and where they are not empty $disk (an image) with $disk_options (a peer's own), $tap (a device's name), $vsock (a path, the context
# id is 3). $work is a directory for files.

guest_mac=02:00:00:00:00:01
guest_cid=3

# machine_file FILE [DRIVE-OPTIONS]: writes that guest as the JSON that Firecracker and vmm read.
machine_file() {
    {
        printf '{"boot-source":{"kernel_image_path":"%s","initrd_path":"%s","boot_args":"%s"},' "$kernel" "$initrd" "$line"
        printf '"drives":['
        [ -z "${disk:-}" ] ||
            printf '{"drive_id":"data","is_root_device":false,"is_read_only":false,"path_on_host":"%s"%s}' "$disk" "${2:+,$2}"
        printf '],'
        [ -z "${tap:-}" ] ||
            printf '"network-interfaces":[{"iface_id":"eth0","guest_mac":"%s","host_dev_name":"%s"}],' "$guest_mac" "$tap"
        [ -z "${vsock:-}" ] || printf '"vsock":{"guest_cid":%s,"uds_path":"%s"},' "$guest_cid" "$vsock"
        printf '"logger":{"log_path":"%s","level":"%s"},' "$work/machine.log" "${log_level:-Info}"
        printf '"machine-config":{"vcpu_count":1,"mem_size_mib":%s}}\n' "$memory"
    } >"$1"
    : >>"$work/machine.log"
}

# vmm_command FILE: vmm of $home on the Java of $jdk, with machine_file's file.
vmm_command() {
    echo "env JAVA_HOME=$jdk $home/bin/vmm run $1"
}

# firecracker_command PROGRAM FILE
firecracker_command() {
    echo "$1 --no-api --config-file $2"
}

# qemu_machine PROGRAM MACHINE: what all guests of QEMU's have.
qemu_machine() {
    echo "$1 -M $2 -accel kvm -nodefaults -no-user-config -nographic -serial stdio -no-reboot"
}

# qemu_command PROGRAM
qemu_command() {
    local command
    command="$(qemu_machine "$1" microvm,rtc=on) -cpu host -m $memory -kernel $kernel -initrd $initrd -append LINE"
    [ -z "${disk:-}" ] || command+=" -drive id=data,if=none,format=raw,file=$disk${disk_options:+,$disk_options} -device virtio-blk-device,drive=data"
    [ -z "${tap:-}" ] || command+=" -netdev tap,id=net,ifname=$tap,script=no,downscript=no -device virtio-net-device,netdev=net,mac=$guest_mac"
    [ -z "${vsock:-}" ] || command+=" -device vhost-vsock-device,guest-cid=$guest_cid"
    echo "$command"
}

# kvmtool_command PROGRAM: takes a bzImage only.
kvmtool_command() {
    local network=mode=none
    [ -z "${tap:-}" ] || network=mode=tap,tapif=$tap,guest_mac=$guest_mac
    echo "$1 run -c 1 -m $memory -k $kernel -i $initrd --console serial --network $network${disk:+ -d $disk}${vsock:+ --vsock $guest_cid} -p LINE"
}

# cloud_hypervisor_command PROGRAM: takes a vmlinux only.
cloud_hypervisor_command() {
    echo "$1 --kernel $kernel --initramfs $initrd --cpus boot=1 --memory size=${memory}M --serial tty --console off --cmdline LINE" \
        "${disk:+--disk path=$disk}" "${tap:+--net tap=$tap,mac=$guest_mac}" "${vsock:+--vsock cid=$guest_cid,socket=$vsock}"
}

# tiny_qemu PROGRAM KERNEL: a tiny guest with the image "disk" of the current directory.
tiny_qemu() {
    echo "env $(qemu_machine "$1" microvm) -m 128 -drive id=disk,file=disk,format=raw,if=none -device virtio-blk-device,drive=disk -kernel $2"
}

# tiny_machine NAME KERNEL: the same as a file NAME.json for Firecracker and vmm; relative, for the current directory.
tiny_machine() {
    printf '{"boot-source": {"kernel_image_path": "%s", "boot_args": "console=ttyS0"}, "drives": [{"drive_id": "rootfs", "path_on_host": "disk",
"is_root_device": true, "is_read_only": false}], "machine-config": {"vcpu_count": 1, "mem_size_mib": 128}%s}\n' "$2" "${3:-}" >"$1.json"
}
