package io.vmm4j.core.metrics;

import io.vmm4j.core.metrics.MetricSample.Kind;
import io.vmm4j.devices.virtio.blk.BlkStatistics;
import io.vmm4j.devices.virtio.fs.FsStatistics;
import io.vmm4j.devices.virtio.net.NetStatistics;
import io.vmm4j.devices.virtio.rng.RngStatistics;
import io.vmm4j.devices.virtio.vsock.VsockStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** The numbers of {@link VmMetrics} one by one, named for monitoring systems; those of one name follow each other. */
public final class MetricSamples {

    private final List<MetricSample> samples = new ArrayList<>();

    private MetricSamples() {
    }

    /** All numbers of {@code metrics}; the names are the same for every machine that has the devices. */
    public static List<MetricSample> of(VmMetrics metrics) {
        MetricSamples all = new MetricSamples();
        all.addBase(metrics);
        all.addDrives(new TreeMap<>(metrics.drives()));
        all.addNetworks(new TreeMap<>(metrics.networks()));
        all.addShares(new TreeMap<>(metrics.shares()));
        metrics.vsock().ifPresent(all::addVsock);
        metrics.entropy().ifPresent(all::addEntropy);
        metrics.balloon().ifPresent(all::addBalloon);
        return List.copyOf(all.samples);
    }

    private void addBase(VmMetrics metrics) {
        counter("vmm_vcpu_exits_io_in", "Reads of I/O ports by the vCPUs", metrics.vcpus().ioIn());
        counter("vmm_vcpu_exits_io_out", "Writes to I/O ports by the vCPUs", metrics.vcpus().ioOut());
        counter("vmm_vcpu_exits_mmio_read", "Reads of device windows by the vCPUs", metrics.vcpus().mmioRead());
        counter("vmm_vcpu_exits_mmio_write", "Writes to device windows by the vCPUs", metrics.vcpus().mmioWrite());
        counter("vmm_serial_out_bytes", "Bytes from the guest's first serial port", metrics.serial().outBytes());
        counter("vmm_serial_in_bytes", "Bytes to the guest's first serial port", metrics.serial().inBytes());
        counter("vmm_serial_held_back", "Times that the guest found the console without room", metrics.serial().heldBack());
        counter("vmm_serial_dropped_bytes", "Bytes written while the port could not take them", metrics.serial().droppedBytes());
        counter("vmm_keyboard_read_bytes", "Bytes read from the keyboard controller", metrics.keyboard().reads());
        counter("vmm_keyboard_written_bytes", "Bytes written to the keyboard controller", metrics.keyboard().writes());
        counter("vmm_keyboard_resets", "Resets asked for by the keyboard controller", metrics.keyboard().resets());
    }

    /** A number of each device of a kind. */
    private interface Number<T> {
        long of(T statistics);
    }

    private <T> void each(TreeMap<String, T> devices, String name, String help, Number<T> number) {
        devices.forEach((id, statistics) -> samples.add(new MetricSample(name, help, id, Kind.COUNTER, number.of(statistics))));
    }

    private void addDrives(TreeMap<String, BlkStatistics> drives) {
        each(drives, "vmm_drive_reads", "Reads carried out", BlkStatistics::reads);
        each(drives, "vmm_drive_read_bytes", "Bytes read", BlkStatistics::readBytes);
        each(drives, "vmm_drive_read_microseconds", "Time that reads took, all together", drive -> drive.readLatency().sumMicros());
        each(drives, "vmm_drive_writes", "Writes carried out", BlkStatistics::writes);
        each(drives, "vmm_drive_written_bytes", "Bytes written", BlkStatistics::writtenBytes);
        each(drives, "vmm_drive_write_microseconds", "Time that writes took, all together", drive -> drive.writeLatency().sumMicros());
        each(drives, "vmm_drive_flushes", "Flushes carried out", BlkStatistics::flushes);
        each(drives, "vmm_drive_discards", "Discards and zeroings carried out", BlkStatistics::discards);
        each(drives, "vmm_drive_host_fails", "Requests that the host failed", BlkStatistics::hostFails);
        each(drives, "vmm_drive_refused", "Requests refused for what they asked", BlkStatistics::refused);
        each(drives, "vmm_drive_throttled", "Waits for the rate limit", BlkStatistics::throttled);
        each(drives, "vmm_drive_notifications", "Notifications by the driver", BlkStatistics::notifications);
        each(drives, "vmm_drive_image_changes", "Changes of the image", BlkStatistics::imageChanges);
        each(drives, "vmm_drive_image_change_fails", "Changes of the image that did not happen", BlkStatistics::changeFails);
    }

    private void addNetworks(TreeMap<String, NetStatistics> networks) {
        each(networks, "vmm_network_rx_frames", "Frames the guest received", NetStatistics::rxFrames);
        each(networks, "vmm_network_rx_bytes", "Bytes in them", NetStatistics::rxBytes);
        each(networks, "vmm_network_rx_dropped", "Frames for the guest that were dropped", NetStatistics::rxDropped);
        each(networks, "vmm_network_rx_no_buffer", "Waits of frames for the guest's buffers", NetStatistics::rxNoBuffer);
        each(networks, "vmm_network_rx_throttled", "Waits for the rate limit, towards the guest", NetStatistics::rxThrottled);
        each(networks, "vmm_network_tx_frames", "Frames the guest sent", NetStatistics::txFrames);
        each(networks, "vmm_network_tx_bytes", "Bytes in them", NetStatistics::txBytes);
        each(networks, "vmm_network_tx_malformed", "Frames dropped for a header or length that cannot be", NetStatistics::txMalformed);
        each(networks, "vmm_network_tx_oversize", "Frames dropped for being too large", NetStatistics::txOversize);
        each(networks, "vmm_network_tx_failed", "Frames that could not be sent", NetStatistics::txFailed);
        each(networks, "vmm_network_tx_throttled", "Waits for the rate limit, from the guest", NetStatistics::txThrottled);
        each(networks, "vmm_network_link_dropped", "Frames dropped while the link was down", NetStatistics::linkDropped);
    }

    private void addShares(TreeMap<String, FsStatistics> shares) {
        each(shares, "vmm_share_requests", "Requests taken up", FsStatistics::requests);
        each(shares, "vmm_share_reads", "Reads carried out", FsStatistics::reads);
        each(shares, "vmm_share_read_bytes", "Bytes read", FsStatistics::readBytes);
        each(shares, "vmm_share_writes", "Writes carried out", FsStatistics::writes);
        each(shares, "vmm_share_written_bytes", "Bytes written", FsStatistics::writtenBytes);
        each(shares, "vmm_share_refused", "Requests answered with an error", FsStatistics::refused);
        each(shares, "vmm_share_notifications", "Notifications by the driver", FsStatistics::notifications);
    }

    private void addVsock(VsockStatistics vsock) {
        gauge("vmm_vsock_connections", "Connections there are", vsock.connections());
        counter("vmm_vsock_guest_connections", "Connections that the guest made", vsock.guestConnections());
        counter("vmm_vsock_host_connections", "Connections that the host made", vsock.hostConnections());
        counter("vmm_vsock_refused", "Connections refused", vsock.refused());
        counter("vmm_vsock_resets", "Resets sent to the guest", vsock.resets());
        counter("vmm_vsock_rx_bytes", "Payload bytes the guest received", vsock.rxBytes());
        counter("vmm_vsock_tx_bytes", "Payload bytes the guest sent", vsock.txBytes());
        counter("vmm_vsock_malformed", "Packets of the guest that were ignored", vsock.malformed());
    }

    private void addEntropy(RngStatistics entropy) {
        counter("vmm_entropy_requests", "Requests that got random bytes", entropy.requests());
        counter("vmm_entropy_bytes", "Bytes in them", entropy.bytes());
        counter("vmm_entropy_host_fails", "Requests for which the host had none", entropy.hostFails());
        counter("vmm_entropy_throttled", "Waits for the rate limit", entropy.throttled());
    }

    private void addBalloon(BalloonMetrics balloon) {
        gauge("vmm_balloon_target_pages", "Pages of 4 KiB that the guest shall give up", balloon.targetPages());
        gauge("vmm_balloon_actual_pages", "Pages of 4 KiB that it has given up", balloon.actualPages());
        counter("vmm_balloon_inflations", "Requests giving pages up", balloon.activity().inflations());
        counter("vmm_balloon_deflations", "Requests taking pages back", balloon.activity().deflations());
        counter("vmm_balloon_reports", "Requests reporting free pages", balloon.activity().reports());
        counter("vmm_balloon_discarded_bytes", "Bytes that went back to the host", balloon.activity().discardedBytes());
        counter("vmm_balloon_refused_ranges", "Ranges that the host did not take back", balloon.activity().refusedRanges());
    }

    private void counter(String name, String help, long value) {
        samples.add(new MetricSample(name, help, null, Kind.COUNTER, value));
    }

    private void gauge(String name, String help, long value) {
        samples.add(new MetricSample(name, help, null, Kind.GAUGE, value));
    }
}
