package io.vmm4j.kvm.libc;

/**
 * What the kernel does when a signal comes to this process, as rt_sigaction(2) has it: below the C library, because
 * handlers here are code of our own, and the JVM's keep what the library has put around them.
 *
 * @param handler  {@link #DEFAULT}, {@link #IGNORE} or the address of code
 * @param flags    SA_ bits
 * @param restorer the address of code that ends the handler's call
 * @param mask     signals blocked meanwhile, bit n-1 for signal n
 */
record SignalAction(long handler, long flags, long restorer, long mask) {
    static final long DEFAULT = 0;
    static final long IGNORE = 1;

    static final long SA_SIGINFO = 4;
    static final long SA_RESTORER = 0x0400_0000;
    static final long SA_RESTART = 0x1000_0000;
    static final long SA_ONSTACK = 0x0800_0000;

    /* The kernel's struct sigaction: handler 0, unsigned long sa_flags 8, sa_restorer 16, sa_mask (8 bytes) 24 */
    private static final int SIZE = 32;
    private static final int SA_HANDLER = 0;
    private static final int SA_FLAGS = 8;
    private static final int SA_RESTORER_FIELD = 16;
    private static final int SA_MASK = 24;

    /** Ignoring. */
    static SignalAction ignore() {
        return new SignalAction(IGNORE, 0, 0, 0);
    }

    /** The present action. */
    static SignalAction of(int signal) throws LinuxException {
        NativeStruct struct = NativeStruct.allocate(SIZE);
        change(signal, null, struct);
        return new SignalAction(struct.bytes().getLong(SA_HANDLER), struct.bytes().getLong(SA_FLAGS),
                struct.bytes().getLong(SA_RESTORER_FIELD), struct.bytes().getLong(SA_MASK));
    }

    /** Makes this the action for {@code signal}. */
    void set(int signal) throws LinuxException {
        NativeStruct struct = NativeStruct.allocate(SIZE);
        struct.bytes().putLong(SA_HANDLER, handler).putLong(SA_FLAGS, flags).putLong(SA_RESTORER_FIELD, restorer).putLong(SA_MASK, mask);
        change(signal, struct, NativeStruct.allocate(SIZE));
    }

    private static void change(int signal, NativeStruct action, NativeStruct before) throws LinuxException {
        if (ProcessCalls.sigaction(signal, action, before) != 0) {
            throw new LinuxException("rt_sigaction(" + signal + ")", LibC.errno());
        }
    }

    /** Whether code handles the signal. */
    boolean isHandled() {
        return handler != DEFAULT && handler != IGNORE;
    }

    /** The same with another handler. */
    SignalAction withHandler(long address) {
        return new SignalAction(address, flags, restorer, mask);
    }
}
