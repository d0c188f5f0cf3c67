package io.vmm4j.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vmm4j.core.metrics.BalloonMetrics;
import io.vmm4j.core.metrics.KeyboardMetrics;
import io.vmm4j.core.metrics.MetricSamples;
import io.vmm4j.core.metrics.SerialMetrics;
import io.vmm4j.core.metrics.VcpuMetrics;
import io.vmm4j.core.metrics.VmMetrics;
import io.vmm4j.devices.virtio.balloon.BalloonActivity;
import io.vmm4j.devices.virtio.rng.RngStatistics;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class VmMetersTest {

    private long entropyBytes = 7;
    private long target = 40;
    private long now = 1;
    private int looks;
    private final MeterRegistry registry = new SimpleMeterRegistry();

    private VmMetrics numbers() {
        looks++;
        return new VmMetrics(new VcpuMetrics(1, 2, 3, 4), new SerialMetrics(5, 6, 0, 0), new KeyboardMetrics(0, 0, 0), Map.of(), Map.of(), Optional.empty(),
                Optional.of(new RngStatistics(1, entropyBytes, 0, 0, 0)), Optional.of(new BalloonMetrics(target, 0, new BalloonActivity(0, 0, 0, 0, 0, 0))));
    }

    private VmMeters meters(String name) {
        return new VmMeters(name, this::numbers, Tags.of("zone", "a"), () -> now);
    }

    private void pass(long millis) {
        now += TimeUnit.MILLISECONDS.toNanos(millis);
    }

    @Test
    void everyNumberIsAMeterWithItsNameHelpAndTags() {
        meters("web").bindTo(registry);
        assertEquals(MetricSamples.of(numbers()).size(), registry.getMeters().size());
        Meter bytes = registry.get("vmm.entropy.bytes").tags("vm", "web", "zone", "a").meter();
        assertEquals("Bytes in them", bytes.getId().getDescription());
        assertTrue(registry.getMeters().stream().allMatch(meter -> "web".equals(meter.getId().getTag("vm"))));
    }

    @Test
    void countersGrowAndLevelsGoUpAndDown() {
        meters("web").bindTo(registry);
        assertEquals(7, registry.get("vmm.entropy.bytes").functionCounter().count());
        assertEquals(40, registry.get("vmm.balloon.target.pages").gauge().value());
        entropyBytes = 12;
        target = 3;
        pass(1000);
        assertEquals(12, registry.get("vmm.entropy.bytes").functionCounter().count());
        assertEquals(3, registry.get("vmm.balloon.target.pages").gauge().value());
    }

    @Test
    void oneLookServesAllMetersOfARound() {
        meters("web").bindTo(registry);
        for (int round = 0; round < 3; round++) {
            int before = looks;
            registry.getMeters().forEach(meter -> meter.measure().forEach(measurement -> assertTrue(measurement.getValue() >= 0)));
            assertEquals(before + 1, looks);
            pass(1000);
        }
    }

    @Test
    void theMetersNeedNobodyToKeepThem() {
        meters("web").bindTo(registry);
        System.gc();
        entropyBytes = 9;
        pass(1000);
        assertEquals(9, registry.get("vmm.entropy.bytes").functionCounter().count());
        assertEquals(40, registry.get("vmm.balloon.target.pages").gauge().value());
    }

    @Test
    void machinesStandBesideEachOtherAndOneThatIsClosedIsGone() {
        VmMeters web = meters("web");
        web.bindTo(registry);
        meters("db").bindTo(registry);
        int both = registry.getMeters().size();
        web.close();
        assertEquals(both / 2, registry.getMeters().size());
        assertTrue(registry.getMeters().stream().allMatch(meter -> "db".equals(meter.getId().getTag("vm"))));
        web.close();
    }
}
