package io.vmm4j.devices.testing;

import io.vmm4j.devices.bus.BusDevice;

/**
 * Drives a window of registers by a string of bytes, as a fuzzer makes them: reads and writes of all widths, and what may
 * happen on the host's side in between. Confined to one thread.
 */
public final class FuzzRegisters {

    /** What may happen besides register accesses. */
    @FunctionalInterface
    public interface HostEvent {

        /** Makes something happen that {@code program} chooses. */
        void happen(ByteProgram program);
    }

    private static final int[] WIDTHS = {1, 1, 1, 1, 2, 4, 8, 1};

    private FuzzRegisters() {
    }

    /**
     * Runs {@code program} to its end.
     *
     * @param device under test
     * @param length bytes in its window, at most 256
     * @param host   one step in four
     * @param check  runs after each step; throws {@link AssertionError} when the device is not as it must be
     */
    public static void run(ByteProgram program, BusDevice device, int length, HostEvent host, Runnable check) {
        while (program.hasNext()) {
            int step = program.u8();
            int width = WIDTHS[step >> 2 & 7];
            switch (step & 3) {
                case 0 -> device.read(program.below(length), width);
                case 1, 2 -> device.write(program.below(length), width, width == 1 ? program.u8() : program.number());
                default -> host.happen(program);
            }
            check.run();
        }
    }
}
