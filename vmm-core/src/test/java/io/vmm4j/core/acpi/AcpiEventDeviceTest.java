package io.vmm4j.core.acpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.RecordingLine;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class AcpiEventDeviceTest {

    private final ManualClock clock = new ManualClock();
    private final ManualLoop loop = new ManualLoop(clock);
    private final RecordingLine line = new RecordingLine();
    private final AcpiEventDevice device = new AcpiEventDevice(line, loop);

    @Test
    void anEventInterruptsAndReadingThePortTakesIt() {
        CompletableFuture<Void> taken = device.raise(AcpiEvent.POWER_BUTTON);
        loop.run();
        assertEquals(1, line.edges());
        assertFalse(taken.isDone());
        assertEquals(1, device.read(0, 1));
        assertTrue(taken.isDone());
        assertEquals(0, device.read(0, 1));
    }

    @Test
    void eventsAreBitsThatAreTakenTogether() {
        device.raise(AcpiEvent.GENERATION);
        CompletableFuture<Void> second = device.raise(AcpiEvent.CPUS);
        assertEquals(0b110, device.read(0, 1));
        assertTrue(second.isDone());
    }

    @Test
    void theInterruptIsRepeatedUntilTheGuestHasReadThePort() {
        device.raise(AcpiEvent.CPUS);
        loop.run();
        loop.advance(Duration.ofMillis(250));
        loop.run();
        loop.advance(Duration.ofMillis(250));
        loop.run();
        assertEquals(3, line.edges());
        device.read(0, 1);
        loop.advance(Duration.ofSeconds(10));
        loop.run();
        assertEquals(3, line.edges());
    }

    @Test
    void aGuestThatNeverReadsIsLeftAloneInTheEnd() {
        device.raise(AcpiEvent.CPUS);
        loop.run();
        for (int i = 0; i < 2000; i++) {
            loop.advance(Duration.ofMillis(250));
            loop.run();
        }
        assertEquals(1 + 1200, line.edges());
        assertEquals(0b010, device.read(0, 1), "the event itself stays");
    }

    @Test
    void aGuestThatNeverReadsOfItsGenerationIsLeftAloneSoon() {
        device.raise(AcpiEvent.GENERATION);
        loop.run();
        for (int i = 0; i < 2000; i++) {
            loop.advance(Duration.ofMillis(250));
            loop.run();
        }
        assertEquals(1 + 40, line.edges());
        device.raise(AcpiEvent.POWER_BUTTON);
        loop.run();
        loop.advance(Duration.ofMillis(250));
        loop.run();
        assertEquals(1 + 40 + 2, line.edges(), "another event is told with it");
        assertEquals(0b101, device.read(0, 1));
    }

    @Test
    void writesChangeNothing() {
        device.raise(AcpiEvent.POWER_BUTTON);
        device.write(0, 1, 0xFF);
        assertEquals(1, device.read(0, 1));
    }
}
