package io.vmm4j.kvm.libc;

import java.lang.ref.Reference;

/**
 * The system calls about processes, threads and signals, as {@link LibC} has the others: what the kernel returned, -1 for an error,
 * whose reason {@link LibC#errno()} has. Thread-safe: holds no state.
 */
public final class ProcessCalls {
    /** What {@link #sigprocmask} does with a mask: those signals are let in. */
    static final int SIG_UNBLOCK = 1;

    private static final int SYS_RT_SIGACTION = 13;
    private static final int SYS_RT_SIGPROCMASK = 14;
    private static final int SYS_GETPID = 39;
    private static final int SYS_GETEUID = 107;
    private static final int SYS_GETPGRP = 111;
    private static final int SYS_SETSID = 112;
    private static final int SYS_GETTID = 186;
    private static final int SYS_TGKILL = 234;
    private static final int SYS_DUP3 = 292;
    private static final int SYS_PIPE2 = 293;
    private static final int SYS_PRLIMIT64 = 302;
    private static final int SYS_PIDFD_SEND_SIGNAL = 424;
    private static final int SYS_PIDFD_OPEN = 434;

    private ProcessCalls() {
    }

    /** prlimit64(2) of this process, asking only: {@code limit} becomes a {@code struct rlimit64} of 16 bytes. */
    public static int getrlimit(int resource, NativeStruct limit) {
        return LibC.syscall(SYS_PRLIMIT64, limit, 3, 0, resource, 0, 0);
    }

    /** getpid(2). */
    public static int getpid() {
        return (int) LibC.syscall(SYS_GETPID, 0, 0, 0, 0, 0, 0);
    }

    /** geteuid(2): the user on whose behalf the process acts. */
    public static int geteuid() {
        return (int) LibC.syscall(SYS_GETEUID, 0, 0, 0, 0, 0, 0);
    }

    /** gettid(2): the kernel's number of the calling thread. */
    public static int gettid() {
        return (int) LibC.syscall(SYS_GETTID, 0, 0, 0, 0, 0, 0);
    }

    /** getpgrp(2): the caller's process group. */
    public static int getpgrp() {
        return (int) LibC.syscall(SYS_GETPGRP, 0, 0, 0, 0, 0, 0);
    }

    /** setsid(2): a new session with the caller's process as its leader. */
    public static int setsid() {
        return (int) LibC.syscall(SYS_SETSID, 0, 0, 0, 0, 0, 0);
    }

    /** dup3(2): makes {@code to} another name for the file that {@code from} is. */
    public static int dup3(int from, int to, int flags) {
        return (int) LibC.syscall(SYS_DUP3, from, to, flags, 0, 0, 0);
    }

    /** rt_sigprocmask(2): changes which signals the calling thread blocks. Bit n-1 of {@code signals} is signal n. */
    public static int sigprocmask(int how, long signals) {
        NativeStruct set = NativeStruct.allocate(Long.BYTES);
        set.bytes().putLong(0, signals);
        return LibC.syscall(SYS_RT_SIGPROCMASK, set, 1, how, 0, Long.BYTES, 0);
    }

    /** rt_sigaction(2) with the kernel's {@code struct sigaction} of 32 bytes; {@code action} may be {@code null}. */
    static int sigaction(int signal, NativeStruct action, NativeStruct before) {
        long address = action == null ? 0 : action.address();
        int result = LibC.syscall(SYS_RT_SIGACTION, before, 2, signal, address, Long.BYTES, 0);
        Reference.reachabilityFence(action);
        return result;
    }

    /** tgkill(2): a signal to one thread of one process. */
    public static int tgkill(int pid, int tid, int signal) {
        return (int) LibC.syscall(SYS_TGKILL, pid, tid, signal, 0, 0, 0);
    }

    /** pipe2(2): two descriptors as 32-bit numbers, the end to read from and the one to write to. */
    static int pipe(NativeStruct ends, int flags) {
        return LibC.syscall(SYS_PIPE2, ends, 0, flags, 0, 0, 0);
    }

    /** pidfd_open(2): a descriptor for a process, which stays that one's when its number goes to another. */
    static int pidfdOpen(int pid) {
        return (int) LibC.syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0, 0, 0);
    }

    /** pidfd_send_signal(2), as kill(2) would send it. */
    static int pidfdSendSignal(int pidfd, int signal) {
        return (int) LibC.syscall(SYS_PIDFD_SEND_SIGNAL, pidfd, signal, 0, 0, 0, 0);
    }
}
