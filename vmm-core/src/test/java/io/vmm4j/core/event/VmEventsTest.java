package io.vmm4j.core.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmState;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class VmEventsTest {

    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private final VmEvents events = new VmEvents(Clock.fixed(NOON, ZoneOffset.UTC), role -> role + "@m1");
    private final BlockingQueue<VmEvent> heard = new LinkedBlockingQueue<>();

    private void count(int number) {
        events.tell(time -> new VmEvent.VcpusChanged(time, number));
    }

    private VmEvent next() throws InterruptedException {
        return heard.poll(30, TimeUnit.SECONDS);
    }

    @Test
    void aListenerHearsWhatHappensFromThenOnInOrder() throws Exception {
        count(1);
        events.add(heard::add);
        for (int i = 2; i < 100; i++) {
            count(i);
        }
        for (int i = 2; i < 100; i++) {
            assertEquals(new VmEvent.VcpusChanged(NOON, i), next());
        }
    }

    @Test
    void oneThatThrowsHearsTheNextAndKeepsNobodyElseFromIt() throws Exception {
        events.add(event -> {
            heard.add(event);
            throw new IllegalStateException("a listener's fault");
        });
        BlockingQueue<VmEvent> other = new LinkedBlockingQueue<>();
        events.add(other::add);
        count(1);
        count(2);
        assertEquals(new VmEvent.VcpusChanged(NOON, 1), next());
        assertEquals(new VmEvent.VcpusChanged(NOON, 2), next());
        other.take();
        assertEquals(new VmEvent.VcpusChanged(NOON, 2), other.take());
    }

    @Test
    void oneThatDoesNotKeepUpMissesEventsAndIsToldHowMany() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(1);
        events.add(event -> {
            busy.countDown();
            awaitUninterruptibly(go);
            heard.add(event);
        });
        count(0);
        busy.await();
        for (int i = 1; i <= VmEvents.CAPACITY + 7; i++) {
            count(i);
        }
        go.countDown();
        for (int i = 0; i <= VmEvents.CAPACITY; i++) {
            assertEquals(new VmEvent.VcpusChanged(NOON, i), next());
        }
        events.close();
        assertEquals(new VmEvent.Missed(NOON, 7), next());
    }

    @Test
    void atTheEndWhatIsUnderWayIsToldAndNothingMore() throws Exception {
        events.add(heard::add);
        count(1);
        events.close();
        count(2);
        assertEquals(new VmEvent.VcpusChanged(NOON, 1), next());
        assertNull(heard.poll(50, TimeUnit.MILLISECONDS));
    }

    @Test
    void whoHasClosedHearsNoMore() throws Exception {
        AutoCloseable listening = events.add(heard::add);
        count(1);
        next();
        listening.close();
        count(2);
        assertNull(heard.poll(50, TimeUnit.MILLISECONDS));
    }

    @Test
    void eachKindIsALineOfJson() {
        List<VmEvent> kinds = new ArrayList<>();
        kinds.add(new VmEvent.StateChanged(NOON, VmState.RUNNING));
        kinds.add(new VmEvent.GuestPanicked(NOON, "a \"bug\"\nhere"));
        kinds.add(new VmEvent.VcpusChanged(NOON, 3));
        kinds.add(new VmEvent.DeviceChanged(NOON, "drive data", true));
        kinds.add(new VmEvent.DriveFailed(NOON, "data", 2, "No space left on device"));
        kinds.add(new VmEvent.NetworkLost(NOON, "eth0", "passt is gone"));
        kinds.add(new VmEvent.ConsoleClient(NOON, "serial", true));
        kinds.add(new VmEvent.Ended(NOON, new VmExit(VmExitReason.TRIPLE_FAULT, "the guest took a triple fault")));
        kinds.add(new VmEvent.Missed(NOON, 4));
        String at = "{\"time\":\"2026-01-01T12:00:00Z\",\"event\":";
        List<String> lines = List.of("\"state\",\"state\":\"running\"}", "\"guest-panic\",\"text\":\"a \\\"bug\\\"\\nhere\"}",
                "\"vcpus\",\"count\":3}", "\"device\",\"device\":\"drive data\",\"added\":true}",
                "\"drive-error\",\"drive\":\"data\",\"number\":2,\"error\":\"No space left on device\"}",
                "\"network-lost\",\"interface\":\"eth0\",\"reason\":\"passt is gone\"}",
                "\"console-client\",\"console\":\"serial\",\"connected\":true}",
                "\"ended\",\"reason\":\"triple-fault\",\"message\":\"the guest took a triple fault\"}", "\"missed\",\"count\":4}");
        for (int i = 0; i < kinds.size(); i++) {
            assertEquals(at + lines.get(i), EventJson.line(kinds.get(i)));
        }
        assertTrue(kinds.size() == lines.size());
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
