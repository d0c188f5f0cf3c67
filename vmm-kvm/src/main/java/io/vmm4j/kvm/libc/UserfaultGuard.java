package io.vmm4j.kvm.libc;

import com.sun.jna.Function;
import com.sun.jna.Pointer;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/**
 * Takes memory back from a userfaultfd once a descriptor has hung up, a while later and unless it is told not to: UFFDIO_UNREGISTER, then close, so that
 * whoever waits for a page goes on, and finds zeros. It waits in machine code, on the caller's thread, which is outside the JVM meanwhile: so it does
 * that also when threads of Java are stuck in page faults and a collection waits for them, which would keep any Java code from it.
 *
 * <p>{@link #run} is for one thread at a time; {@link #stop} for any.
 */
public final class UserfaultGuard implements AutoCloseable {
    /* two of struct pollfd { int fd; short events; short revents; }: what hangs up, and what stops the guard */
    private static final int POLLFDS_SIZE = 16;
    private static final int EVENTS = 4;
    private static final int STOP = 8;

    /** Made before it is needed: it could not be then. */
    private static final class Code {
        /** {@code int guard(struct pollfd *fds, int millis, int fd, unsigned long request, void *argument)}: 1 when it has closed {@code fd}. */
        static final Function GUARD = Function.getFunction(new Pointer(address()));

        private static long address() {
            try {
                return make();
            } catch (LinuxException e) {
                throw new IllegalStateException(e.getMessage(), e);
            }
        }
    }

    private final EventFd stop = EventFd.create();
    private final NativeStruct fds = NativeStruct.allocate(POLLFDS_SIZE);
    private final NativeStruct range = NativeStruct.allocate(UserfaultLayout.RANGE_SIZE);
    private final Function code = Code.GUARD;
    private final Fd guarded;
    private final int millis;

    /**
     * Guards a range that is registered.
     *
     * @param address of its first byte
     * @param length  in bytes
     * @param millis  from the hang-up until it is taken back
     */
    public UserfaultGuard(Userfault userfault, long address, long length, int millis) throws LinuxException {
        this(userfault.fd(), address, length, millis);
    }

    UserfaultGuard(Fd guarded, long address, long length, int millis) throws LinuxException {
        this.guarded = guarded;
        this.millis = millis;
        range.bytes().putLong(UserfaultLayout.RANGE_START, address).putLong(UserfaultLayout.RANGE_LEN, length);
    }

    /**
     * Waits until {@code watched} has hung up, and then for as long as was said; or until {@link #stop}, also one that came before.
     *
     * @param events POLL constants of {@link Fd} beyond POLLHUP and POLLERR that count as a hang-up
     * @return whether the memory was taken back; the userfaultfd is closed then
     */
    public boolean run(int watched, int events) {
        fds.bytes().putInt(0, watched).putInt(EVENTS, events).putInt(STOP, stop.fd()).putInt(STOP + EVENTS, Fd.POLLIN);
        boolean isClosed = code.invokeInt(new Object[] {new Pointer(fds.address()), millis, guarded.value(), UserfaultLayout.UFFDIO_UNREGISTER,
                new Pointer(range.address())}) != 0;
        Reference.reachabilityFence(this);
        if (isClosed) {
            guarded.detach();
        } else {
            stop.drain();
        }
        return isClosed;
    }

    /** Has {@link #run} come back without having done anything; does not wait for it. */
    public void stop() {
        stop.signal();
    }

    /** Once {@link #run} is back; the userfaultfd is its owner's to close. */
    @Override
    public void close() {
        stop.close();
    }

    private static long make() throws LinuxException {
        ByteBuffer code = HandlerCode.code();
        code.put(HandlerCode.endbr64());
        put(code, 0x53, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57);    // push rbx; push r12; push r13; push r14; push r15
        put(code, 0x48, 0x89, 0xFB);                                        // mov rbx, rdi: the pollfds
        put(code, 0x41, 0x89, 0xF4, 0x41, 0x89, 0xD5);                      // mov r12d, esi: millis; mov r13d, edx: the userfaultfd
        put(code, 0x49, 0x89, 0xCE, 0x4D, 0x89, 0xC7);                      // mov r14, rcx: the request; mov r15, r8: its argument
        int first = code.position();
        put(code, 0xB8, 7, 0, 0, 0, 0x48, 0x89, 0xDF);                      // mov eax, 7: poll; mov rdi, rbx
        put(code, 0xBE, 2, 0, 0, 0, 0xBA, 0xFF, 0xFF, 0xFF, 0xFF);          // mov esi, 2; mov edx, -1
        put(code, 0x0F, 0x05, 0x85, 0xC0);                                  // syscall; test eax, eax
        put(code, 0x7E, first - code.position() - 2);                       // jle first: a signal came
        put(code, 0x66, 0x83, 0x7B, 0x0E, 0x00);                            // cmp word [rbx + 14], 0: was it stopped
        put(code, 0x75, FROM_FIRST_TO_STOPPED);                             // jne stopped
        int second = code.position();
        put(code, 0xB8, 7, 0, 0, 0, 0x48, 0x8D, 0x7B, 0x08);                // mov eax, 7: poll; lea rdi, [rbx + 8]
        put(code, 0xBE, 1, 0, 0, 0, 0x44, 0x89, 0xE2);                      // mov esi, 1; mov edx, r12d
        put(code, 0x0F, 0x05, 0x85, 0xC0);                                  // syscall; test eax, eax
        put(code, 0x78, second - code.position() - 2);                      // js second: a signal came
        put(code, 0x75, FROM_SECOND_TO_STOPPED);                            // jnz stopped
        put(code, 0xB8, 16, 0, 0, 0, 0x44, 0x89, 0xEF);                     // mov eax, 16: ioctl; mov edi, r13d
        put(code, 0x4C, 0x89, 0xF6, 0x4C, 0x89, 0xFA, 0x0F, 0x05);          // mov rsi, r14; mov rdx, r15; syscall
        put(code, 0xB8, 3, 0, 0, 0, 0x44, 0x89, 0xEF, 0x0F, 0x05);          // mov eax, 3: close; mov edi, r13d; syscall
        put(code, 0xB8, 1, 0, 0, 0, 0xEB, 2);                               // mov eax, 1; jmp out
        put(code, 0x31, 0xC0);                                              // stopped: xor eax, eax
        put(code, 0x41, 0x5F, 0x41, 0x5E, 0x41, 0x5D, 0x41, 0x5C, 0x5B);    // out: pop r15; pop r14; pop r13; pop r12; pop rbx
        put(code, 0xC3);                                                    // ret
        return HandlerCode.executable(code);
    }

    /** Bytes from behind the jump. */
    private static final int FROM_SECOND_TO_STOPPED = 8 + 8 + 10 + 7;
    private static final int FROM_FIRST_TO_STOPPED = 9 + 8 + 4 + 2 + 2 + FROM_SECOND_TO_STOPPED;

    private static void put(ByteBuffer code, int... octets) {
        code.put(HandlerCode.octets(octets));
    }
}
