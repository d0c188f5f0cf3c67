package io.vmm4j.core.boot;

import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import java.nio.ByteBuffer;

/**
 * What a BIOS has at its entry, for kernels that restart a machine by going there in real mode: code that asks the keyboard
 * controller for a reset. Linux does so on hardware-reduced ACPI machines unless {@code reboot=} says otherwise: it takes them for
 * EFI's, finds no EFI, and goes to the BIOS.
 */
public final class ResetVector {

    /** mov al, 0xfe; out 0x64, al; cli; hlt; jmp to the hlt. */
    private static final byte[] CODE = {(byte) 0xB0, (byte) 0xFE, (byte) 0xE6, 0x64, (byte) 0xFA, (byte) 0xF4, (byte) 0xEB, (byte) 0xFD};

    private ResetVector() {
    }

    /** Writes the code to its place in the {@linkplain AddressMap#RESET_VECTOR address map}. */
    public static void write(GuestMemory memory) throws GuestMemoryException {
        memory.write(AddressMap.RESET_VECTOR, ByteBuffer.wrap(CODE));
    }
}
