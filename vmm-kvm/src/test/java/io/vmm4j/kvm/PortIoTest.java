package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.libc.Allocations;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("kvm")
@Timeout(60)
final class PortIoTest {
    private final RecordingHandler handler = new RecordingHandler();

    @Test
    void aByteWrittenToAPortReachesTheHandler() throws Exception {
        // mov dx,0x3f8; mov al,'A'; out dx,al; hlt
        try (TinyGuest guest = TinyGuest.realMode("ba f8 03  b0 41  ee  f4")) {
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(List.of("out 3f8/1=41"), handler.accesses);
        }
    }

    @Test
    void widerWritesComeWhole() throws Exception {
        // mov dx,0x10; mov eax,0x89abcdef; out dx,ax; out dx,eax; hlt
        try (TinyGuest guest = TinyGuest.realMode("ba 10 00  66 b8 ef cd ab 89  ef  66 ef  f4")) {
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(List.of("out 10/2=cdef", "out 10/4=89abcdef"), handler.accesses);
        }
    }

    @Test
    void stringOutputIsOneCallAnElement() throws Exception {
        // mov cx,5; mov si,0x2000; mov dx,0x3f8; cld; rep outsb; hlt
        try (TinyGuest guest = TinyGuest.realMode("b9 05 00  be 00 20  ba f8 03  fc  f3 6e  f4")) {
            guest.memory.put(0x2000, new byte[] {'h', 'e', 'l', 'l', 'o'});
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(List.of("out 3f8/1=68", "out 3f8/1=65", "out 3f8/1=6c", "out 3f8/1=6c", "out 3f8/1=6f"),
                    handler.accesses);
        }
    }

    @Test
    void stringOutputOfWordsKeepsTheirWidth() throws Exception {
        // mov cx,2; mov si,0x2000; mov dx,0x10; cld; rep outsw; mov cx,1; rep outsd; hlt
        try (TinyGuest guest = TinyGuest.realMode("b9 02 00  be 00 20  ba 10 00  fc  f3 6f  b9 01 00  66 f3 6f  f4")) {
            guest.memory.putLong(0x2000, 0x8877_6655_4433_2211L);
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(List.of("out 10/2=2211", "out 10/2=4433", "out 10/4=88776655"), handler.accesses);
        }
    }

    @Test
    void stringInputFillsGuestMemory() throws Exception {
        // mov cx,3; mov di,0x2000; mov dx,0x10; cld; rep insw; hlt
        try (TinyGuest guest = TinyGuest.realMode("b9 03 00  bf 00 20  ba 10 00  fc  f3 6d  f4")) {
            RecordingHandler counting = new RecordingHandler() {
                @Override
                public long ioIn(int port, int width) {
                    super.ioIn(port, width);
                    return 0xA000 + accesses.size();
                }
            };
            assertEquals(VcpuExit.HLT, guest.runToEnd(counting));
            // KVM reads ahead as many elements as fit, so that there may be more calls than the guest asked for elements.
            assertEquals(0x0000_A003_A002_A001L, guest.memory.getLong(0x2000));
            assertTrue(counting.accesses.stream().allMatch("in 10/2"::equals), counting.accesses.toString());
        }
    }

    @Test
    void anAnswerIsCutToTheWidthOfTheRead() throws Exception {
        // mov eax,-1; in al,0x60; mov [0x2000],eax; in ax,0x60; mov [0x2004],eax; in eax,0x60; mov [0x2008],eax; hlt
        try (TinyGuest guest = TinyGuest.realMode(
                "66 b8 ff ff ff ff  e4 60  66 a3 00 20  e5 60  66 a3 04 20  66 e5 60  66 a3 08 20  f4")) {
            handler.answer = 0x1122_3344_5566_7788L;
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(List.of("in 60/1", "in 60/2", "in 60/4"), handler.accesses);
            assertEquals(0xFFFFFF88, guest.memory.getInt(0x2000));
            assertEquals(0xFFFF7788, guest.memory.getInt(0x2004));
            assertEquals(0x55667788, guest.memory.getInt(0x2008));
        }
    }

    @Test
    void anExitAllocatesNothing() throws Exception {
        // mov dx,0x3f8; again: out dx,al; in al,dx; jmp again
        try (TinyGuest guest = TinyGuest.realMode("ba f8 03  ee  ec  eb fc")) {
            VcpuExitHandler silent = new SilentHandler();
            long bytes = Allocations.ofLoop(5_000, () -> guest.vcpu.run(silent));
            assertTrue(bytes < 5_000, "5000 exits allocated " + bytes + " bytes");
        }
    }

    private static final class SilentHandler implements VcpuExitHandler {
        @Override
        public long ioIn(int port, int width) {
            return 0;
        }

        @Override
        public void ioOut(int port, int width, long value) {
            // Dropped: only the cost of the exit counts.
        }

        @Override
        public long mmioRead(long gpa, int width) {
            return 0;
        }

        @Override
        public void mmioWrite(long gpa, int width, long value) {
            // Dropped: only the cost of the exit counts.
        }
    }
}
