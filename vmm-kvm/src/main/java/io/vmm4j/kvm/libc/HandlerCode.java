package io.vmm4j.kvm.libc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Signal handlers in machine code. A Java callback must not be one, since the thread that is interrupted may be anywhere inside
 * the JVM; these touch nothing but registers and make at most one system call. They stay for the rest of the process.
 */
final class HandlerCode {
    private static final int PAGE = 4096;
    private static final int PROT_EXEC = 4;

    private HandlerCode() {
    }

    /** The address of code that writes the signal's number, one byte, to {@code fd}. Its restorer is {@link #restorer} of that address. */
    static long writing(int fd) throws LinuxException {
        ByteBuffer code = code();
        code.put(endbr64());
        code.put(octets(0x57));                                     // push rdi: the signal's number
        code.put(octets(0x48, 0x89, 0xE6));                         // mov rsi, rsp
        code.put(octets(0xBF)).putInt(fd);                          // mov edi, fd
        code.put(octets(0xBA)).putInt(1);                           // mov edx, 1
        code.put(octets(0xB8)).putInt(1);                           // mov eax, 1: write
        code.put(octets(0x0F, 0x05));                               // syscall
        code.put(octets(0x5F));                                     // pop rdi
        code.put(octets(0xC3));                                     // ret
        code.put(octets(0x48, 0xC7, 0xC0)).putInt(15);              // mov rax, 15: rt_sigreturn, as debuggers know it
        code.put(octets(0x0F, 0x05));                               // syscall
        return executable(code);
    }

    /** The address of code that returns from a handler of {@link #writing}. */
    static long restorer(long writing) {
        return writing + RESTORER_OFFSET;
    }

    /** endbr64 4, push 1, mov 3, mov 5, mov 5, mov 5, syscall 2, pop 1, ret 1. */
    private static final int RESTORER_OFFSET = 27;

    /**
     * The address of code that passes a signal on to {@code handler} when a thread of a process sent it to another by tgkill(2),
     * as pthread_kill(3) does, and drops it when it came any other way. For handlers with SA_SIGINFO.
     */
    static long fromThreadsOnly(long handler) throws LinuxException {
        ByteBuffer code = code();
        code.put(endbr64());
        code.put(octets(0x83, 0x7E, 0x08, 0xFA));                   // cmp dword [rsi + 8], SI_TKILL: si_code
        code.put(octets(0x75, 0x0C));                               // jne drop
        code.put(octets(0x48, 0xB8)).putLong(handler);              // mov rax, handler
        code.put(octets(0xFF, 0xE0));                               // jmp rax
        code.put(octets(0xC3));                                     // drop: ret
        return executable(code);
    }

    static ByteBuffer code() {
        return ByteBuffer.allocate(PAGE).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** For processors and kernels that let indirect calls go to marked places only. */
    static byte[] endbr64() {
        return octets(0xF3, 0x0F, 0x1E, 0xFA);
    }

    static byte[] octets(int... values) {
        byte[] octets = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            octets[i] = (byte) values[i];
        }
        return octets;
    }

    /** Puts the code on a page of its own, which is never writable and executable at once. */
    static long executable(ByteBuffer code) throws LinuxException {
        Mapping page = Mapping.anonymous(PAGE);
        page.buffers(PAGE).get(0).put(0, code.array(), 0, code.position());
        if (LibC.mprotect(page.address(), PAGE, Mapping.PROT_READ | PROT_EXEC) != 0) {
            LinuxException refused = new LinuxException("mprotect(PROT_EXEC)", LibC.errno());
            page.close();
            throw refused;
        }
        return page.address();
    }
}
