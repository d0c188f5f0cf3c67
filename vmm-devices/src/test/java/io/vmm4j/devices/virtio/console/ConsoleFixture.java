package io.vmm4j.devices.virtio.console;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A console device with one port, or with a second for an agent, and its driver. */
abstract class ConsoleFixture {

    static final long SIZE = 1;
    static final long MULTIPORT = 1L << 1;
    static final long EMERG_WRITE = 1L << 2;
    static final long DATA = VirtioRig.DATA;
    static final long CONTROL = VirtioRig.DATA + 0x10_0000;

    final FakeConsole console = new FakeConsole();
    final FakeConsole agent = new FakeConsole();
    final Map<Integer, Long> controlBuffers = new HashMap<>();

    VirtioRig<VirtioConsole> hvc0() {
        return new VirtioRig<>(loop -> new VirtioConsole(loop, ConsoleConfig.hvc0(80, 25), List.of(console)));
    }

    VirtioRig<VirtioConsole> twoPorts() {
        ConsoleConfig config = new ConsoleConfig(80, 25, true,
            List.of(ConsolePortConfig.CONSOLE, new ConsolePortConfig("org.vmm4j.agent", false)));
        return new VirtioRig<>(loop -> new VirtioConsole(loop, config, List.of(console, agent)));
    }

    VirtioRig<VirtioConsole> startedPorts() {
        VirtioRig<VirtioConsole> rig = twoPorts().start(SIZE | MULTIPORT, 16, 16, 16, 16, 16, 16);
        giveControlBuffers(rig, 8);
        return rig;
    }

    void giveControlBuffers(VirtioRig<VirtioConsole> rig, int count) {
        for (int i = 0; i < count; i++) {
            giveControlBuffer(rig, CONTROL + 0x100 * i);
        }
        rig.kick(2);
    }

    void giveControlBuffer(VirtioRig<?> rig, long gpa) {
        controlBuffers.put(rig.queue(2).add(Buffer.writable(gpa, 80)), gpa);
    }

    static void print(VirtioRig<?> rig, int queue, String text) {
        GuestRam.put(rig.memory(), DATA, text);
        rig.queue(queue).add(Buffer.readable(DATA, text.length()));
        rig.kickIfNeeded(queue);
    }

    static void tell(VirtioRig<?> rig, int id, int event, int value) {
        GuestRam.put(rig.memory(), DATA + 0x1000,
            ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(id).putShort((short) event).putShort((short) value).array());
        rig.queue(3).add(Buffer.readable(DATA + 0x1000, 8));
        rig.kickIfNeeded(3);
        assertNotNull(rig.queue(3).takeUsed());
    }

    /** The control messages that have come, as "id event value rest"; their buffers are made available again. */
    List<String> told(VirtioRig<?> rig) {
        List<String> messages = new ArrayList<>();
        for (Used used = rig.queue(2).takeUsed(); used != null; used = rig.queue(2).takeUsed()) {
            long gpa = controlBuffers.remove(used.id());
            ByteBuffer bytes = ByteBuffer.wrap(GuestRam.get(rig.memory(), gpa, (int) used.length())).order(ByteOrder.LITTLE_ENDIAN);
            String text = bytes.getInt() + " " + bytes.getShort() + " " + bytes.getShort();
            while (bytes.hasRemaining()) {
                text += " " + bytes.get();
            }
            messages.add(text);
            giveControlBuffer(rig, gpa);
            rig.kickIfNeeded(2);
        }
        return messages;
    }
}
