package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mockito.Mockito;

final class GivenDeviceTest {

    private final List<String> calls = new ArrayList<>();
    private final VirtioDevice mine = Mockito.mock(VirtioDevice.class);
    private final VcpuEvents events = Mockito.mock(VcpuEvents.class);
    private final EventLoop loop = Mockito.spy(new ManualLoop(new ManualClock()));
    private EventLoop given;

    private GivenDevice make() {
        Mockito.when(mine.type()).thenReturn(new VirtioDeviceType(0xF001, "mine"));
        Mockito.when(mine.queueSizeMax()).thenReturn(new int[] {16});
        Mockito.when(mine.configSpace()).thenReturn(new ByteConfigSpace(0));
        return GivenDevice.make(new ExtraDevice("mine", its -> {
            given = its;
            return mine;
        }), loop, events, List.of());
    }

    @Test
    void aDeviceThatEndsItsRequestsItselfIsAskedToAndSaysWhenItHas() {
        GivenDevice device = make();
        Runnable quiesced = () -> calls.add("quiet");
        device.beginReset(quiesced);
        device.beginQueueStop(0, quiesced);
        Mockito.verify(mine).beginReset(quiesced);
        Mockito.verify(mine).beginQueueStop(0, quiesced);
        Mockito.verify(mine, Mockito.never()).reset();
        assertEquals(List.of(), calls, "the device says so itself");
    }

    @Test
    void oneThatThrowsInsteadKeepsNobodyWaiting() {
        GivenDevice device = make();
        Mockito.doThrow(new IllegalStateException("mine")).when(mine).beginReset(Mockito.any());
        Mockito.doThrow(new IllegalStateException("mine")).when(mine).beginQueueStop(Mockito.anyInt(), Mockito.any());
        device.beginReset(() -> calls.add("reset"));
        device.beginQueueStop(0, () -> calls.add("queue"));
        assertEquals(List.of("reset", "queue"), calls);
        Mockito.verify(events).end(Mockito.any());
    }

    @Test
    void itsLoopTakesCommandsAsCommands() {
        make();
        given.executeCommand(() -> calls.add("command"));
        Mockito.verify(loop).executeCommand(Mockito.any());
    }
}
