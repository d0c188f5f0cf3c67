package io.vmm4j.kvm;

import com.sun.jna.Function;
import com.sun.jna.Pointer;
import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.NativeStruct;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/**
 * What the CPUID instruction answers on the host CPU that runs the caller, for the leaves that KVM does not pass on: name
 * and caches. Java has no such instruction, so a few bytes of machine code in a page of their own execute it.
 *
 * <p>Confined to one thread.
 */
public final class HostCpuid implements AutoCloseable {
    private static final int PAGE_SIZE = 4096;
    private static final int PROT_EXEC = 4;
    private static final int REGISTERS_SIZE = 16;

    /** {@code void f(uint32_t r[4])} of the System V ABI: leaf and subleaf in r[0] and r[2], the answers in EAX to EDX order. */
    private static final byte[] CODE = {
        0x53,                               // push rbx
        (byte) 0x8B, 0x07,                  // mov eax, [rdi]
        (byte) 0x8B, 0x4F, 0x08,            // mov ecx, [rdi+8]
        0x0F, (byte) 0xA2,                  // cpuid
        (byte) 0x89, 0x07,                  // mov [rdi], eax
        (byte) 0x89, 0x5F, 0x04,            // mov [rdi+4], ebx
        (byte) 0x89, 0x4F, 0x08,            // mov [rdi+8], ecx
        (byte) 0x89, 0x57, 0x0C,            // mov [rdi+12], edx
        0x5B,                               // pop rbx
        (byte) 0xC3,                        // ret
    };

    private final Mapping page;
    private final Function function;
    private final NativeStruct registers = NativeStruct.allocate(REGISTERS_SIZE);

    private HostCpuid(Mapping page) {
        this.page = page;
        this.function = Function.getFunction(new Pointer(page.address()));
    }

    /** Maps the code. */
    public static HostCpuid open() throws LinuxException {
        Mapping page = Mapping.map(-1, 0, PAGE_SIZE, Mapping.PROT_READ | Mapping.PROT_WRITE | PROT_EXEC,
                Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS);
        page.buffer(0, PAGE_SIZE).put(CODE);
        return new HostCpuid(page);
    }

    /** The answer for a leaf and subleaf; above the highest leaf it is whatever the CPU says there. */
    public CpuidEntry read(int leaf, int subleaf) {
        ByteBuffer r = registers.bytes();
        r.putInt(0, leaf).putInt(8, subleaf);
        function.invokeVoid(new Object[] {registers.address()});
        Reference.reachabilityFence(registers);
        return new CpuidEntry(leaf, subleaf, 0, r.getInt(0), r.getInt(4), r.getInt(8), r.getInt(12));
    }

    @Override
    public void close() {
        page.close();
    }
}
