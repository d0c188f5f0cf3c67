package io.vmm4j.bench.fork;

import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.bus.BusRange;
import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.Stateful;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A guest of a few bytes that asks at a port what to do: nothing, say so and halt, or write pages and say so. */
final class GatedGuest {

    static final BusRange PORT = new BusRange(0x700, 1);
    static final int REPORT_AND_HALT = 1;
    static final int WRITE_100_PAGES = 2;
    static final int WRITE_64_MIB = 3;

    private static final int LOAD_ADDRESS = 0x100000;
    private static final int HEADERS = 64 + 56;
    /*
     * poll:   mov dx, 700; in al, dx; test al, al; je poll; cmp al, 2; je few; cmp al, 3; je many
     *         mov dx, 3f8; mov al, '.'; out dx, al; cli; halt: hlt; jmp halt
     * few:    mov ecx, 100; jmp write
     * many:   mov ecx, 16384
     * write:  mov edi, 1000000; next: mov [rdi], ecx; add edi, 1000; dec ecx; jne next
     *         mov dx, 3f8; mov al, '#'; out dx, al; jmp poll
     */
    private static final int[] CODE = {
        0x66, 0xBA, 0x00, 0x07, 0xEC, 0x84, 0xC0, 0x74, 0xF7, 0x3C, 0x02, 0x74, 0x0F, 0x3C, 0x03, 0x74, 0x12,
        0x66, 0xBA, 0xF8, 0x03, 0xB0, 0x2E, 0xEE, 0xFA, 0xF4, 0xEB, 0xFD,
        0xB9, 0x64, 0x00, 0x00, 0x00, 0xEB, 0x05,
        0xB9, 0x00, 0x40, 0x00, 0x00,
        0xBF, 0x00, 0x00, 0x00, 0x01, 0x89, 0x0F, 0x81, 0xC7, 0x00, 0x10, 0x00, 0x00, 0xFF, 0xC9, 0x75, 0xF4,
        0x66, 0xBA, 0xF8, 0x03, 0xB0, 0x23, 0xEE, 0xEB, 0xBE,
    };

    private GatedGuest() {
    }

    /** The kernel: an ELF file of one segment. */
    static byte[] image() {
        ByteBuffer elf = ByteBuffer.allocate(HEADERS + CODE.length).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}).putShort((short) 2).putShort((short) 62).putInt(1)
                .putLong(LOAD_ADDRESS).putLong(64).putLong(0).putInt(0).putShort((short) 64).putShort((short) 56).putShort((short) 1)
                .putShort((short) 0).putShort((short) 0).putShort((short) 0);
        elf.putInt(1).putInt(5).putLong(HEADERS).putLong(LOAD_ADDRESS).putLong(LOAD_ADDRESS).putLong(CODE.length).putLong(CODE.length).putLong(0x1000);
        for (int octet : CODE) {
            elf.put((byte) octet);
        }
        return elf.array();
    }

    /** What the guest asks at its port; each answer once. */
    static final class Gate implements BusDevice, Stateful {

        private final AtomicInteger answer;

        Gate(int first) {
            answer = new AtomicInteger(first);
        }

        void set(int next) {
            answer.set(next);
        }

        @Override
        public long read(long offset, int width) {
            return answer.get() == 0 ? 0 : answer.getAndSet(0);
        }

        @Override
        public void write(long offset, int width, long value) {
            // Nothing is said to it.
        }

        @Override
        public State saveState() {
            return State.builder().build();
        }

        @Override
        public void restoreState(State state) {
            // What it is to answer is the host's.
        }
    }

    /** Hears of each byte that the guest says. */
    static final class Reports implements SerialConsole, SerialSink {

        private final Semaphore come = new Semaphore(0);
        private volatile long nanos;

        /** Waits for the next one, and returns the {@link System#nanoTime} at which it came. */
        long await() throws InterruptedException {
            if (!come.tryAcquire(2, TimeUnit.MINUTES)) {
                throw new IllegalStateException("no word from the guest in two minutes");
            }
            return nanos;
        }

        @Override
        public SerialSink output() {
            return this;
        }

        @Override
        public void attach(SerialPort port) {
            // Nothing is typed.
        }

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void write(int octet) {
            nanos = System.nanoTime();
            come.release();
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }
}
