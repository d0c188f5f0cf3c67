package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.KvmIrqRouting;
import io.vmm4j.kvm.abi.KvmIrqchip;
import io.vmm4j.kvm.abi.KvmPitState2;
import io.vmm4j.kvm.abi.KvmRequests;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.NativeStruct;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The interrupt controllers and the interval timer that a machine has in KVM, but for the local APICs, which are the vCPUs':
 * {@link KvmVm#saveInterrupts} and {@link KvmVm#restoreInterrupts}. Immutable. Sizes are checked when it is made.
 *
 * <p>Not part of it is which lines devices hold up: those with a level-triggered cause raise their lines again.
 *
 * @param masterPic {@code struct kvm_pic_state}; none where KVM has only local APICs
 * @param slavePic as {@code masterPic}
 * @param ioApic {@code struct kvm_ioapic_state}; none where KVM has only local APICs
 * @param pit {@code struct kvm_pit_state2}, the times in it being nanoseconds before it was saved; none where there is no timer
 */
public record InterruptState(Bytes masterPic, Bytes slavePic, Bytes ioApic, Bytes pit) {

    /** Of a machine that has nothing of this. */
    public static final InterruptState NONE = new InterruptState(Bytes.NONE, Bytes.NONE, Bytes.NONE, Bytes.NONE);

    /** @throws IllegalArgumentException naming what has a size that it never has */
    public InterruptState {
        sized("masterPic", masterPic, KvmIrqchip.PIC_BYTES);
        sized("slavePic", slavePic, KvmIrqchip.PIC_BYTES);
        sized("ioApic", ioApic, KvmIrqchip.IOAPIC_BYTES);
        sized("pit", pit, KvmPitState2.SIZE);
    }

    private static void sized(String name, Bytes bytes, int size) {
        if (!bytes.isEmpty() && bytes.size() != size) {
            throw new IllegalArgumentException(name + " of " + bytes.size() + " bytes is not of " + size);
        }
    }

    static InterruptState readFrom(Fd vm) throws KvmException {
        return new InterruptState(chip(vm, KvmIrqRouting.KVM_IRQCHIP_PIC_MASTER, KvmIrqchip.PIC_BYTES),
                chip(vm, KvmIrqRouting.KVM_IRQCHIP_PIC_SLAVE, KvmIrqchip.PIC_BYTES),
                chip(vm, KvmIrqRouting.KVM_IRQCHIP_IOAPIC, KvmIrqchip.IOAPIC_BYTES), pit(vm));
    }

    private static Bytes chip(Fd vm, int id, int size) throws KvmException {
        NativeStruct chip = NativeStruct.allocate(KvmIrqchip.SIZE);
        chip.bytes().putInt(KvmIrqchip.CHIP_ID, id);
        return isThere(vm, "KVM_GET_IRQCHIP", KvmRequests.KVM_GET_IRQCHIP, chip)
                ? Bytes.readFrom(chip.bytes(), KvmIrqchip.CHIP, size) : Bytes.NONE;
    }

    private static Bytes pit(Fd vm) throws KvmException {
        NativeStruct pit = NativeStruct.allocate(KvmPitState2.SIZE);
        if (!isThere(vm, "KVM_GET_PIT2", KvmRequests.KVM_GET_PIT2, pit)) {
            return Bytes.NONE;
        }
        convertTimes(pit.bytes());
        return Bytes.readFrom(pit.bytes(), 0, KvmPitState2.SIZE);
    }

    /** From the host's clock to an age, and back: both are what is left to now. Java's clock of nanoseconds is CLOCK_MONOTONIC. */
    private static void convertTimes(ByteBuffer pit) {
        long now = System.nanoTime();
        for (int i = 0; i < KvmPitState2.CHANNELS_COUNT; i++) {
            int at = KvmPitState2.CHANNELS + i * KvmPitState2.CHANNEL_SIZE + KvmPitState2.CHANNEL_COUNT_LOAD_TIME;
            pit.putLong(at, now - pit.getLong(at));
        }
    }

    private static boolean isThere(Fd vm, String name, long request, NativeStruct struct) throws KvmException {
        int result = LibC.ioctl(vm.value(), request, struct);
        if (result < 0 && LibC.errno() != Errno.ENXIO) {
            throw new KvmException("ioctl(" + name + ")", LibC.errno());
        }
        return result >= 0;
    }

    void writeTo(Fd vm) throws KvmException {
        setChip(vm, KvmIrqRouting.KVM_IRQCHIP_PIC_MASTER, masterPic);
        setChip(vm, KvmIrqRouting.KVM_IRQCHIP_PIC_SLAVE, slavePic);
        setChip(vm, KvmIrqRouting.KVM_IRQCHIP_IOAPIC, ioApic);
        if (!pit.isEmpty()) {
            NativeStruct struct = NativeStruct.allocate(KvmPitState2.SIZE);
            pit.writeTo(struct.bytes(), 0);
            convertTimes(struct.bytes());
            Ioctls.call(vm, "KVM_SET_PIT2", KvmRequests.KVM_SET_PIT2, struct);
        }
    }

    private static void setChip(Fd vm, int id, Bytes state) throws KvmException {
        if (state.isEmpty()) {
            return;
        }
        NativeStruct chip = NativeStruct.allocate(KvmIrqchip.SIZE);
        chip.bytes().putInt(KvmIrqchip.CHIP_ID, id);
        state.writeTo(chip.bytes(), KvmIrqchip.CHIP);
        Ioctls.call(vm, "KVM_SET_IRQCHIP", KvmRequests.KVM_SET_IRQCHIP, chip);
    }

    /** The timer's bytes with the ages of its counts as 0, which is what two states of one timer agree in. */
    public Bytes pitWithoutTimes() {
        if (pit.isEmpty()) {
            return pit;
        }
        ByteBuffer bytes = ByteBuffer.wrap(pit.toArray()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < KvmPitState2.CHANNELS_COUNT; i++) {
            bytes.putLong(KvmPitState2.CHANNELS + i * KvmPitState2.CHANNEL_SIZE + KvmPitState2.CHANNEL_COUNT_LOAD_TIME, 0);
        }
        return Bytes.of(bytes.array());
    }
}
