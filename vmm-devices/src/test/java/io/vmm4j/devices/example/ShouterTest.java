package io.vmm4j.devices.example;

import static io.vmm4j.devices.testing.VirtioRig.DATA;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.Hostile;
import io.vmm4j.devices.testing.VirtioRig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ShouterTest {
    @Test
    void givesTextBackInCapitals() {
        byte[] answer = VirtioRig.exchange(0, Shouter::new, "hello".getBytes(US_ASCII), 16);
        assertEquals("HELLO", new String(answer, US_ASCII));
    }

    @Test
    void givesAsMuchBackAsThereIsRoomFor() {
        VirtioRig<Shouter> rig = new VirtioRig<>(Shouter::new).start(0, 16);
        GuestRam.put(rig.memory(), DATA, "hello");
        int id = rig.queue(0).add(Buffer.readable(DATA, 5), Buffer.writable(DATA + 0x100, 4));
        rig.kick(0);
        assertEquals(new Used(id, 4), rig.queue(0).takeUsed());
        assertArrayEquals("HELL".getBytes(US_ASCII), GuestRam.get(rig.memory(), DATA + 0x100, 4));
    }

    static List<Hostile.Attack> attacks() {
        return Hostile.all(20240229);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("attacks")
    void survivesHostileDrivers(Hostile.Attack attack) {
        VirtioRig.survive(attack, 0, Shouter::new, device -> { });
    }
}
