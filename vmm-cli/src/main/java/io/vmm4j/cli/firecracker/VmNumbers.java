package io.vmm4j.cli.firecracker;

import io.vmm4j.core.metrics.VmMetrics;
import io.vmm4j.devices.virtio.blk.BlkStatistics;
import io.vmm4j.devices.virtio.net.NetStatistics;
import java.util.HashMap;
import java.util.Map;

/** A machine's numbers under Firecracker's names, {@code GROUP.FIELD}. What is not counted here has no entry. */
final class VmNumbers {

    private final Map<String, Long> numbers = new HashMap<>();

    private VmNumbers() {
    }

    static Map<String, Long> of(VmMetrics metrics) {
        VmNumbers all = new VmNumbers();
        all.addBoard(metrics);
        metrics.drives().forEach((id, drive) -> all.addDrive(MetricGroups.BLOCK + "_" + id + ".", drive));
        metrics.networks().forEach((id, network) -> all.addNetwork(MetricGroups.NET + "_" + id + ".", network));
        all.addOthers(metrics);
        return all.numbers;
    }

    private void addBoard(VmMetrics metrics) {
        numbers.put("vcpu.exit_io_in", metrics.vcpus().ioIn());
        numbers.put("vcpu.exit_io_out", metrics.vcpus().ioOut());
        numbers.put("vcpu.exit_mmio_read", metrics.vcpus().mmioRead());
        numbers.put("vcpu.exit_mmio_write", metrics.vcpus().mmioWrite());
        numbers.put("uart.read_count", metrics.serial().inBytes());
        numbers.put("uart.write_count", metrics.serial().outBytes());
        numbers.put("uart.missed_write_count", metrics.serial().droppedBytes());
        numbers.put("i8042.read_count", metrics.keyboard().reads());
        numbers.put("i8042.write_count", metrics.keyboard().writes());
        numbers.put("i8042.reset_count", metrics.keyboard().resets());
    }

    private void addDrive(String group, BlkStatistics drive) {
        numbers.put(group + "read_count", drive.reads());
        numbers.put(group + "read_bytes", drive.readBytes());
        addLatency(group + "read_agg.", drive.readLatency());
        numbers.put(group + "write_count", drive.writes());
        numbers.put(group + "write_bytes", drive.writtenBytes());
        addLatency(group + "write_agg.", drive.writeLatency());
        numbers.put(group + "flush_count", drive.flushes());
        numbers.put(group + "execute_fails", drive.hostFails());
        numbers.put(group + "invalid_reqs_count", drive.refused());
        numbers.put(group + "rate_limiter_throttled_events", drive.throttled());
        numbers.put(group + "queue_event_count", drive.notifications());
        numbers.put(group + "update_count", drive.imageChanges());
        numbers.put(group + "update_fails", drive.changeFails());
    }

    private void addLatency(String field, BlkStatistics.Latency latency) {
        numbers.put(field + "min_us", latency.minMicros());
        numbers.put(field + "max_us", latency.maxMicros());
        numbers.put(field + "sum_us", latency.sumMicros());
    }

    private void addNetwork(String group, NetStatistics network) {
        numbers.put(group + "rx_count", network.rxFrames());
        numbers.put(group + "rx_packets_count", network.rxFrames());
        numbers.put(group + "rx_bytes_count", network.rxBytes());
        numbers.put(group + "rx_fails", network.rxDropped());
        numbers.put(group + "no_rx_avail_buffer", network.rxNoBuffer());
        numbers.put(group + "rx_rate_limiter_throttled", network.rxThrottled());
        numbers.put(group + "tx_count", network.txFrames());
        numbers.put(group + "tx_packets_count", network.txFrames());
        numbers.put(group + "tx_bytes_count", network.txBytes());
        numbers.put(group + "tx_malformed_frames", network.txMalformed() + network.txOversize());
        numbers.put(group + "tx_fails", network.txFailed());
        numbers.put(group + "tap_write_fails", network.txFailed());
        numbers.put(group + "tx_rate_limiter_throttled", network.txThrottled());
    }

    private void addOthers(VmMetrics metrics) {
        metrics.vsock().ifPresent(vsock -> {
            long made = vsock.guestConnections() + vsock.hostConnections();
            numbers.put("vsock.conns_added", made);
            numbers.put("vsock.conns_removed", Math.max(0, made - vsock.connections()));
            numbers.put("vsock.rx_bytes_count", vsock.rxBytes());
            numbers.put("vsock.tx_bytes_count", vsock.txBytes());
        });
        metrics.entropy().ifPresent(entropy -> {
            numbers.put("entropy.entropy_event_count", entropy.notifications());
            numbers.put("entropy.entropy_bytes", entropy.bytes());
            numbers.put("entropy.host_rng_fails", entropy.hostFails());
            numbers.put("entropy.entropy_rate_limiter_throttled", entropy.throttled());
        });
        metrics.balloon().ifPresent(balloon -> {
            numbers.put("balloon.inflate_count", balloon.activity().inflations());
            numbers.put("balloon.deflate_count", balloon.activity().deflations());
            numbers.put("balloon.stats_updates_count", balloon.activity().statistics());
            numbers.put("balloon.free_page_report_count", balloon.activity().reports());
        });
    }
}
