/**
 * The KVM API of Linux: {@link io.vmm4j.kvm.Kvm} makes {@link io.vmm4j.kvm.KvmVm} makes {@link io.vmm4j.kvm.KvmVcpu}, and
 * each is closed before what made it. Specification: Documentation/virt/kvm/api.rst of the kernel.
 *
 * <h2>What snapshots ask of the kernel</h2>
 *
 * By who asks, beyond what a machine needs without them; a filter of system calls for threads allows these where it allows
 * snapshots:
 *
 * <table>
 * <caption>Calls</caption>
 * <tr><th>who</th><th>calls</th></tr>
 * <tr><td>a vCPU's thread</td><td>none but KVM_RUN, for an access to finish</td></tr>
 * <tr><td>whoever saves</td><td>KVM_GET_MSR_INDEX_LIST; on a vCPU KVM_GET_MP_STATE, _REGS, _SREGS2 or _SREGS, _XSAVE2 or _XSAVE,
 * _XCRS, _DEBUGREGS, _LAPIC, _TSC_KHZ, _MSRS, _VCPU_EVENTS, _NESTED_STATE; on a machine KVM_GET_IRQCHIP, _PIT2, _CLOCK, _DIRTY_LOG, KVM_CLEAR_DIRTY_LOG,
 * and KVM_SET_USER_MEMORY_REGION for the log; mincore, lseek, copy_file_range, fallocate, pread, pwrite, fsync, fdatasync,
 * renameat2, fcntl (seals)</td></tr>
 * <tr><td>whoever restores or resets</td><td>on a vCPU KVM_SET_CPUID2, KVM_SET_TSC_KHZ, KVM_SET_SREGS2 or _SREGS, _REGS, _XCRS, _XSAVE, _DEBUGREGS,
 * _LAPIC, _MSRS, _VCPU_EVENTS, _MP_STATE, _NESTED_STATE, KVM_KVMCLOCK_CTRL, KVM_GET_TSC_KHZ, KVM_GET_MSRS, KVM_GET_NESTED_STATE; on a machine KVM_SET_IRQCHIP, _PIT2, _CLOCK,
 * KVM_ENABLE_CAP for a manual dirty log; mmap (private, MAP_FIXED), madvise, memfd_create; userfaultfd or an open of /dev/userfaultfd
 * with USERFAULTFD_IOC_NEW; UFFDIO_API, _REGISTER; socket, connect, sendmsg with a descriptor; mprotect (PROT_EXEC) once; an open of
 * /proc/self/pagemap</td></tr>
 * <tr><td>{@code vm-memory}, which watches over who brings pages in</td><td>epoll_wait, epoll_ctl; getsockopt (SO_PEERCRED), pidfd_open, an open and
 * readlink of /proc/PID/fd, poll</td></tr>
 * <tr><td>{@code vm-memory-guard}</td><td>poll, read of an eventfd; UFFDIO_UNREGISTER, close</td></tr>
 * <tr><td>whoever ends a machine whose memory others bring in</td><td>UFFDIO_UNREGISTER, read of the userfaultfd, close</td></tr>
 * <tr><td>whoever brings pages in</td><td>read and poll of the userfaultfd; UFFDIO_COPY, _ZEROPAGE, _WAKE</td></tr>
 * </table>
 *
 * <h2>What shared folders ask of the kernel</h2>
 *
 * A share's threads make these calls beyond what an event loop does; those of the second row once each, at their first request:
 *
 * <table>
 * <caption>Calls</caption>
 * <tr><th>who</th><th>calls</th></tr>
 * <tr><td>a share's queue</td><td>openat2 or openat, statx or fstat, fstatfs, close, fcntl (F_DUPFD_CLOEXEC, F_OFD_GETLK, F_OFD_SETLK), flock, lseek, preadv, pwritev,
 * pwritev2, copy_file_range, ftruncate, fallocate, fsync, fdatasync, syncfs, getdents64, mkdirat, mknodat, unlinkat, linkat, symlinkat, readlinkat, renameat2,
 * fchmodat, fchmod, fchownat, faccessat, utimensat, setxattr, getxattr, listxattr, removexattr; as root setfsuid, setfsgid, and in a privileged folder
 * capget, capset</td></tr>
 * <tr><td>likewise, at first</td><td>geteuid, setfsgid, unshare (CLONE_FS), umask, capget, capset; as root prctl (PR_GET_SECUREBITS, PR_SET_SECUREBITS)</td></tr>
 * <tr><td>who mounts a folder</td><td>openat, statx or fstat, fstatfs, close</td></tr>
 * </table>
 *
 * <h2>What vhost-user devices ask of the kernel</h2>
 *
 * Beyond what an event loop does:
 *
 * <table>
 * <caption>Calls</caption>
 * <tr><th>who</th><th>calls</th></tr>
 * <tr><td>{@code vhost-ID}, the device's own thread</td><td>socket, connect, socketpair, sendmsg, recvmsg, send, recv, poll, eventfd2, fcntl
 * (F_DUPFD_CLOEXEC), epoll_ctl, epoll_wait, close; of a socket whose path is long openat (O_PATH); on a machine KVM_IOEVENTFD, KVM_IRQFD</td></tr>
 * <tr><td>who makes the machine, or adds the device</td><td>socket, connect, socketpair, sendmsg, send, recv, poll, close; of a long path openat (O_PATH)</td></tr>
 * </table>
 */
package io.vmm4j.kvm;
