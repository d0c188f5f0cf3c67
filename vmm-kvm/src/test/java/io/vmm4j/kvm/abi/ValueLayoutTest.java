package io.vmm4j.kvm.abi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Values go to their structures and back. Padding apart, every byte of a structure belongs to some field. */
final class ValueLayoutTest {
    private static ByteBuffer random(int size) {
        byte[] bytes = new byte[size];
        new Random(7).nextBytes(bytes);
        for (int i = 0; i < size; i++) {
            bytes[i] &= 0x7F; // flags are read as signed bytes, and are never above 1 in life
        }
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer empty(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void generalRegistersSurviveTheRoundTrip() {
        ByteBuffer in = random(KvmRegs.SIZE);
        ByteBuffer out = empty(KvmRegs.SIZE);
        KvmRegs.readFrom(in).writeTo(out);
        assertArrayEquals(in.array(), out.array());
    }

    @Test
    void specialRegistersSurviveTheRoundTrip() {
        ByteBuffer in = random(KvmSregs.SIZE);
        for (int segment = 0; segment < 8; segment++) {
            in.put(segment * 24 + 23, (byte) 0);
        }
        for (int table = 192; table < 224; table += 16) {
            in.putShort(table + 10, (short) 0).putInt(table + 12, 0);
        }
        ByteBuffer out = empty(KvmSregs.SIZE);
        KvmSregs.readFrom(in).writeTo(out);
        assertArrayEquals(in.array(), out.array());
    }

    @Test
    void floatingPointRegistersSurviveTheRoundTrip() {
        ByteBuffer in = random(KvmFpu.SIZE);
        in.put(133, (byte) 0).putInt(412, 0);
        ByteBuffer out = empty(KvmFpu.SIZE);
        KvmFpu.readFrom(in).writeTo(out);
        assertArrayEquals(in.array(), out.array());
    }

    @Test
    void localApicRegistersAreLittleEndianWords() {
        LapicState state = new LapicState();
        state.setRegister(0x350, 0x8700);
        ByteBuffer out = empty(LapicState.SIZE);
        state.writeTo(out);
        assertEquals(0x87, Byte.toUnsignedInt(out.get(0x351)));
        assertEquals(0x8700, LapicState.readFrom(out).register(0x350));
    }

    @Test
    void cpuidFindsALeafBySubleafOnlyWhereThatCounts() {
        CpuidEntry plain = new CpuidEntry(1, 0, 0, 0xA, 0xB, 0xC, 0xD);
        CpuidEntry indexed = new CpuidEntry(4, 2, CpuidEntry.KVM_CPUID_FLAG_SIGNIFCANT_INDEX, 1, 2, 3, 4);
        Cpuid cpuid = new Cpuid(List.of(plain, indexed));
        assertEquals(Optional.of(plain), cpuid.find(1, 99));
        assertEquals(Optional.of(indexed), cpuid.find(4, 2));
        assertEquals(Optional.empty(), cpuid.find(4, 1));
    }

    @Test
    void cpuidPutReplacesTheSameLeafAndAddsANewOne() {
        Cpuid cpuid = new Cpuid(List.of(new CpuidEntry(1, 0, 0, 1, 1, 1, 1)));
        cpuid.put(cpuid.find(1, 0).orElseThrow().withEcx(0x80000000));
        cpuid.put(new CpuidEntry(0x40000000, 0, 0, 5, 6, 7, 8));
        assertEquals(List.of(new CpuidEntry(1, 0, 0, 1, 1, 0x80000000, 1),
                new CpuidEntry(0x40000000, 0, 0, 5, 6, 7, 8)), cpuid.entries());
        cpuid.remove(1);
        assertEquals(1, cpuid.entries().size());
    }
}
