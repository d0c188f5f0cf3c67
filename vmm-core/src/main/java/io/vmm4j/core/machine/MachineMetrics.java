package io.vmm4j.core.machine;

import io.vmm4j.core.metrics.BalloonMetrics;
import io.vmm4j.core.metrics.CountingPort;
import io.vmm4j.core.metrics.CountingSink;
import io.vmm4j.core.metrics.ExitCounts;
import io.vmm4j.core.metrics.KeyboardMetrics;
import io.vmm4j.core.metrics.SerialMetrics;
import io.vmm4j.core.metrics.VmMetrics;
import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.serial.Serial16550;
import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.virtio.balloon.VirtioBalloon;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import io.vmm4j.devices.virtio.fs.VirtioFs;
import io.vmm4j.devices.virtio.net.VirtioNet;
import io.vmm4j.devices.virtio.rng.VirtioRng;
import io.vmm4j.devices.virtio.vsock.VirtioVsock;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/** Where the numbers of one machine are. Parts are added while it is put together; any thread reads. */
final class MachineMetrics {

    private final ExitCounts exits = new ExitCounts();
    private final LongAdder keyboardReads = new LongAdder();
    private final LongAdder keyboardWrites = new LongAdder();
    private final LongAdder keyboardResets = new LongAdder();
    private final Map<String, VirtioBlk> drives = new ConcurrentHashMap<>();
    private final Map<String, VirtioNet> networks = new ConcurrentHashMap<>();
    private final Map<String, VirtioFs> shares = new ConcurrentHashMap<>();
    private volatile CountingSink serialSink;
    private volatile Serial16550 serial;
    private volatile VirtioVsock vsock;
    private volatile VirtioRng entropy;
    private volatile VirtioBalloon balloon;

    /** Counted by the vCPUs. */
    ExitCounts exits() {
        return exits;
    }

    /** {@code console}, with a count of what the first serial port gives it. */
    CountingSink serial(SerialSink console) {
        serialSink = new CountingSink(console);
        return serialSink;
    }

    /** The first serial port. */
    void serialPort(Serial16550 port) {
        serial = port;
    }

    /** A port of the keyboard controller, with a count. */
    BusDevice keyboard(BusDevice port) {
        return new CountingPort(port, keyboardReads, keyboardWrites);
    }

    /** The keyboard controller has been asked to reset the machine. */
    void keyboardReset() {
        keyboardResets.increment();
    }

    void drive(String id, VirtioBlk device) {
        drives.put(id, device);
    }

    /** A drive that was taken away. */
    void withoutDrive(String id) {
        drives.remove(id);
    }

    void network(String id, VirtioNet device) {
        networks.put(id, device);
    }

    /** A network interface that was taken away. */
    void withoutNetwork(String id) {
        networks.remove(id);
    }

    void share(String tag, VirtioFs device) {
        shares.put(tag, device);
    }

    void vsock(VirtioVsock device) {
        vsock = device;
    }

    void entropy(VirtioRng device) {
        entropy = device;
    }

    void balloon(VirtioBalloon device) {
        balloon = device;
    }

    VmMetrics snapshot() {
        return new VmMetrics(exits.snapshot(), serialMetrics(),
                new KeyboardMetrics(keyboardReads.sum(), keyboardWrites.sum(), keyboardResets.sum()),
                drives.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().statistics())),
                networks.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().statistics())),
                Optional.ofNullable(vsock).map(VirtioVsock::statistics), Optional.ofNullable(entropy).map(VirtioRng::statistics),
                Optional.ofNullable(balloon).map(MachineMetrics::of),
                shares.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().statistics())));
    }

    private SerialMetrics serialMetrics() {
        return serialSink == null ? new SerialMetrics(0, 0, 0, 0) : serialSink.snapshot(serial.droppedOutput());
    }

    private static BalloonMetrics of(VirtioBalloon device) {
        return new BalloonMetrics(device.targetPages(), device.actualPages(), device.activity());
    }
}
