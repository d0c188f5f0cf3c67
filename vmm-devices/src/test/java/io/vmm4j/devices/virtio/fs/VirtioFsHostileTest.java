package io.vmm4j.devices.virtio.fs;

import io.vmm4j.devices.testing.Hostile;
import io.vmm4j.devices.testing.VirtioRig;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The file system device against the whole catalogue of hostile drivers, on the queue that does not wait and on that of requests. */
final class VirtioFsHostileTest {

    static Stream<Arguments> queuesAndAttacks() {
        List<Hostile.Attack> attacks = Hostile.all(VirtioRig.seed("VirtioFsHostileTest"));
        return Stream.of(0, 1).flatMap(queue -> attacks.stream().map(attack -> Arguments.of(queue, attack)));
    }

    @ParameterizedTest(name = "queue {0}: {1}")
    @MethodSource("queuesAndAttacks")
    void survives(int queue, Hostile.Attack attack) {
        VirtioRig.survive(attack, queue, loop -> new VirtioFs(new FsConfig("tag", 1, 128), new FakeFiles(), loop, List.of(loop)), device -> { });
    }
}
