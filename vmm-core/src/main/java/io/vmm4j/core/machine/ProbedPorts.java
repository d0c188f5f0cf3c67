package io.vmm4j.core.machine;

import io.vmm4j.devices.bus.BusBuilder;

/**
 * Ports at which stock kernels look for what machines here do not have. The interrupt controllers and the timer are in KVM,
 * which serves them itself, but for the largest machines.
 */
final class ProbedPorts {

    private static final int EISA_SLOTS = 9;
    private static final int EISA_SLOT_DISTANCE = 0x1000;

    private ProbedPorts() {
    }

    /** Has {@code ports} not warn of them. */
    static void expectOn(BusBuilder ports) {
        ports.expectProbes(0x3e8, 8) // COM3
                .expectProbes(0x2e8, 8) // COM4
                .expectProbes(0xcf8, 1) // PCI configuration mechanism 1, its data, and mechanism 2; not the reset register among them
                .expectProbes(0xcfa, 6)
                .expectProbes(0x2e, 2) // where a super I/O chip is set up
                .expectProbes(0x4e, 2)
                .expectProbes(0x87, 1) // page of the first DMA channel
                .expectProbes(0x80, 1) // power-on self test: a write takes a moment
                .expectProbes(0xed, 1) // likewise
                .expectProbes(0x20, 2) // 8259
                .expectProbes(0xa0, 2)
                .expectProbes(0x4d0, 2)
                .expectProbes(0x40, 4) // 8254, and its gate
                .expectProbes(0x61, 1);
        for (int slot = 0; slot < EISA_SLOTS; slot++) {
            ports.expectProbes(0xc80 + slot * EISA_SLOT_DISTANCE, 4); // the id of an EISA board
        }
    }
}
