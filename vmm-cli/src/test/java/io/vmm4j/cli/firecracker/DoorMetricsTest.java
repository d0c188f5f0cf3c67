package io.vmm4j.cli.firecracker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vmm4j.api.request.MetricsBody;
import io.vmm4j.core.metrics.KeyboardMetrics;
import io.vmm4j.core.metrics.SerialMetrics;
import io.vmm4j.core.metrics.VcpuMetrics;
import io.vmm4j.core.metrics.VmMetrics;
import io.vmm4j.devices.virtio.blk.BlkStatistics;
import io.vmm4j.devices.virtio.blk.BlkStatistics.Latency;
import io.vmm4j.devices.virtio.net.NetStatistics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoorMetricsTest {

    @TempDir
    private Path directory;
    private Path file;
    private final AtomicLong missedLogs = new AtomicLong();
    private final AtomicLong limitedLogs = new AtomicLong();
    private final DoorMetrics metrics = new DoorMetrics(() -> 1234L, missedLogs::get, limitedLogs::get);

    @BeforeEach
    void open() throws IOException {
        file = directory.resolve("metrics");
        metrics.open(new MetricsBody(file.toString()));
    }

    private JsonNode flushed() throws IOException {
        metrics.flush();
        List<String> lines = Files.readAllLines(file);
        return new ObjectMapper().readTree(lines.get(lines.size() - 1));
    }

    /** A machine whose numbers are all {@code n}, with two drives and an interface. */
    private static VmMetrics machine(long n) {
        BlkStatistics drive = new BlkStatistics(n, n, new Latency(n, n, n), n, n, new Latency(n, n, n), n, n, n, n, n, n, n, n);
        return new VmMetrics(new VcpuMetrics(n, n, n, n), new SerialMetrics(n, n, n, n), new KeyboardMetrics(n, n, n),
                Map.of("rootfs", drive, "data", drive), Map.of("eth0", new NetStatistics(n, n, n, n, n, n, n, n, n, n, n, n)),
                Optional.empty(), Optional.empty(), Optional.empty());
    }

    @Test
    void aLineIsWrittenAtTheStartAndEverySixtySecondsFromThenOn() throws IOException {
        List<Runnable> everyMinute = new ArrayList<>();
        DoorMetrics timed = new DoorMetrics(() -> 1234L, missedLogs::get, limitedLogs::get, (seconds, work) -> {
            assertEquals(60, seconds);
            everyMinute.add(work);
        });
        timed.started(() -> machine(1));
        assertEquals(List.of(), everyMinute, "nothing to write to");
        timed.open(new MetricsBody(file.toString()));
        timed.started(() -> machine(1));
        assertEquals(1, Files.readAllLines(file).size());
        everyMinute.get(0).run();
        everyMinute.get(0).run();
        assertEquals(3, Files.readAllLines(file).size());
        assertEquals(1, everyMinute.size());
    }

    @Test
    void everyGroupIsThereFromTheFirstLineOn() throws IOException {
        JsonNode line = flushed();
        assertEquals(1234, line.get("utc_timestamp_ms").asLong());
        List<String> names = new ArrayList<>();
        line.fieldNames().forEachRemaining(names::add);
        assertEquals(List.of("utc_timestamp_ms", "api_server", "balloon", "block", "deprecated_api", "get_api_requests", "i8042", "uart", "latencies_us",
                "logger", "mmds", "net", "patch_api_requests", "put_api_requests", "seccomp", "vcpu", "vmm", "signals", "vsock", "entropy", "pmem",
                "interrupts", "memory_hotplug"), names);
        assertEquals(0, line.at("/block/read_agg/sum_us").asInt(-1));
        assertEquals(0, line.at("/put_api_requests/hotplug_memory_fails").asInt(-1));
        assertEquals(0, line.at("/latencies_us/vmm_resume_vm").asInt(-1));
    }

    @Test
    void countersAreWhatWasAddedSinceTheLineBefore() throws IOException {
        metrics.count("put_api_requests", "drive_count");
        metrics.count("put_api_requests", "drive_count");
        missedLogs.set(3);
        limitedLogs.set(4);
        JsonNode first = flushed();
        assertEquals(2, first.at("/put_api_requests/drive_count").asInt());
        assertEquals(3, first.at("/logger/missed_log_count").asInt());
        assertEquals(4, first.at("/logger/rate_limited_log_count").asInt());
        metrics.count("put_api_requests", "drive_count");
        JsonNode second = flushed();
        assertEquals(1, second.at("/put_api_requests/drive_count").asInt());
        assertEquals(0, second.at("/logger/missed_log_count").asInt());
        assertEquals(0, second.at("/logger/rate_limited_log_count").asInt());
    }

    @Test
    void durationsAndDeadlySignalsAreToldAsTheyAre() throws IOException {
        metrics.store("latencies_us", "pause_vm", 77);
        metrics.store("signals", "sighup", 1);
        flushed();
        JsonNode second = flushed();
        assertEquals(77, second.at("/latencies_us/pause_vm").asInt());
        assertEquals(1, second.at("/signals/sighup").asInt());
    }

    @Test
    void brokenPipesAreCounted() throws IOException {
        metrics.count("signals", "sigpipe");
        metrics.count("signals", "sigpipe");
        assertEquals(2, flushed().at("/signals/sigpipe").asInt());
        assertEquals(0, flushed().at("/signals/sigpipe").asInt());
    }

    @Test
    void whatFirecrackerDoesNotCountIsNotTold() throws IOException {
        metrics.count("get_api_requests", "drive_count");
        assertFalse(flushed().get("get_api_requests").has("drive_count"));
    }

    @Test
    void devicesHaveGroupsAndTheirKindHasTheSum() throws IOException {
        metrics.watch(() -> machine(5));
        JsonNode first = flushed();
        assertEquals(5, first.at("/block_rootfs/read_bytes").asInt());
        assertEquals(5, first.at("/block_data/read_agg/min_us").asInt());
        assertEquals(10, first.at("/block/read_bytes").asInt());
        assertEquals(10, first.at("/block/write_agg/sum_us").asInt());
        assertEquals(0, first.at("/block/write_agg/max_us").asInt());
        assertEquals(5, first.at("/net_eth0/rx_bytes_count").asInt());
        assertEquals(5, first.at("/net/tx_packets_count").asInt());
        assertEquals(5, first.at("/vcpu/exit_io_in").asInt());
        metrics.watch(() -> machine(7));
        JsonNode second = flushed();
        assertEquals(2, second.at("/block_rootfs/read_bytes").asInt());
        assertEquals(7, second.at("/block_data/read_agg/min_us").asInt());
        assertEquals(2, second.at("/block_data/read_agg/sum_us").asInt());
        assertEquals(4, second.at("/block/read_bytes").asInt());
        assertEquals(2, second.at("/uart/write_count").asInt());
    }

    @Test
    void aSecondFileIsRefusedAndMade() throws IOException {
        Path second = directory.resolve("second");
        IOException refusal = assertThrows(IOException.class, () -> metrics.open(new MetricsBody(second.toString())));
        assertEquals("Reinitialization of metrics not allowed.", refusal.getMessage());
        assertTrue(Files.exists(second), "the file is looked at first");
    }

    @Test
    void aFullFifoIsAnErrorAndItsNumbersAreToldLater() throws Exception {
        Path fifo = directory.resolve("fifo");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
        DoorMetrics piped = new DoorMetrics(() -> 1L, missedLogs::get, limitedLogs::get);
        piped.open(new MetricsBody(fifo.toString()));
        assertThrows(IOException.class, () -> {
            for (int i = 0; i < 100; i++) {
                piped.flush();
            }
        });
        piped.flushLogged();
    }

    @Test
    void withoutAFileNothingIsWritten() throws IOException {
        new DoorMetrics(() -> 1L, missedLogs::get, limitedLogs::get).flush();
        assertEquals(0, Files.size(file));
    }
}
