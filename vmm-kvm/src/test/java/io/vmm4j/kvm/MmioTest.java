package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Device memory at 0x10000000, from 64-bit code. */
@Tag("kvm")
@Timeout(60)
final class MmioTest {
    private static final String POINT_RBX_AT_DEVICE = "bb 00 00 00 10  "; // mov ebx,0x10000000

    private final RecordingHandler handler = new RecordingHandler();

    @Test
    void writesOfEveryWidthCarryTheirValue() throws Exception {
        // mov rax,0x1122334455667788; mov [rbx],al; mov [rbx],ax; mov [rbx],eax; mov [rbx],rax; hlt
        try (TinyGuest guest = TinyGuest.longMode(POINT_RBX_AT_DEVICE
                + "48 b8 88 77 66 55 44 33 22 11  88 03  66 89 03  89 03  48 89 03  f4")) {
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(List.of("write 10000000/1=88", "write 10000000/2=7788", "write 10000000/4=55667788",
                    "write 10000000/8=1122334455667788"), handler.accesses);
        }
    }

    @Test
    void readsOfEveryWidthTakeTheAnswer() throws Exception {
        // movzx/mov rax from [rbx], stored at 0x2000, 0x2008, 0x2010, 0x2018; hlt
        try (TinyGuest guest = TinyGuest.longMode(POINT_RBX_AT_DEVICE
                + "0f b6 03  48 89 04 25 00 20 00 00   0f b7 03  48 89 04 25 08 20 00 00"
                + "8b 03  48 89 04 25 10 20 00 00   48 8b 03  48 89 04 25 18 20 00 00  f4")) {
            handler.answer = 0x8122_3344_8566_87F8L;
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(List.of("read 10000000/1", "read 10000000/2", "read 10000000/4", "read 10000000/8"),
                    handler.accesses);
            assertEquals(0xF8L, guest.memory.getLong(0x2000));
            assertEquals(0x87F8L, guest.memory.getLong(0x2008));
            assertEquals(0x8566_87F8L, guest.memory.getLong(0x2010));
            assertEquals(0x8122_3344_8566_87F8L, guest.memory.getLong(0x2018));
        }
    }

    @Test
    void anAccessAcrossAPageComesInNaturalPieces() throws Exception {
        // mov rax,0x1122334455667788; mov [rbx+0xffd],rax; hlt: three bytes before the page's end, five after
        try (TinyGuest guest = TinyGuest.longMode(POINT_RBX_AT_DEVICE
                + "48 b8 88 77 66 55 44 33 22 11  48 89 83 fd 0f 00 00  f4")) {
            assertEquals(VcpuExit.HLT, guest.runToEnd(handler));
            assertEquals(List.of("write 10000ffd/2=7788", "write 10000fff/1=66",
                    "write 10001000/4=22334455", "write 10001004/1=11"), handler.accesses);
        }
    }
}
