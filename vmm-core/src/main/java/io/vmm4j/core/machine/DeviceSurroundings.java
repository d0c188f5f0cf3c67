package io.vmm4j.core.machine;

import io.vmm4j.core.acpi.AcpiEventDevice;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.HelperThreads;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.kvm.KvmVm;

/**
 * What the machine has for its devices.
 *
 * @param ram       the guest's
 * @param events    by what the guest hears of news
 * @param loop      the machine's own
 * @param hold      of the devices, while the guest is paused
 * @param loopMaker makes loops of devices
 * @param helpers   tell what has become of commands to devices
 * @param metrics   where their counts are
 * @param listeners hear of what happens to devices
 * @param threads   the machine's
 * @param parts     what of the machine has state
 */
record DeviceSurroundings(KvmVm vm, GuestRam ram, AcpiEventDevice events, EpollEventLoop loop, DeviceHold hold,
        HotDevice.LoopMaker loopMaker, HelperThreads helpers, MachineMetrics metrics, VcpuEvents listeners, MachineThreads threads,
        SavedParts parts) {

    /** Guest RAM as devices see it. */
    GuestMemory memory() {
        return ram.memory();
    }
}
