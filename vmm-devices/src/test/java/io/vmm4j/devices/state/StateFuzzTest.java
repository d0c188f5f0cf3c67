package io.vmm4j.devices.state;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.testing.ByteProgram;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.Snapshots;
import io.vmm4j.devices.testing.StateMutations;
import io.vmm4j.devices.testing.VirtioRig;
import java.util.List;

/** States of devices with several values off at once: refused, or lived with. */
final class StateFuzzTest {

    private static final int MOST_CHANGES = 6;

    @FuzzTest
    void state(byte[] bytes) {
        ByteProgram program = new ByteProgram(bytes);
        List<Snapshots<?>> devices = List.of(VirtioWalks.rngs(), VirtioWalks.disks(), VirtioWalks.sockets(), VirtioWalks.balloons(),
                NetWalks.cards(), ConsoleWalks.consoles());
        devices.get(program.below(devices.size())).survive(StateFuzzTest::use, state -> changed(state, program));
    }

    private static void use(VirtioRig<?> rig) {
        rig.start(rig.deviceFeatures() & 0xFFFF, 16, 16);
        for (int queue = 0; queue < 2; queue++) {
            rig.queue(queue).add(Buffer.readable(VirtioRig.DATA, 64), Buffer.writable(VirtioRig.DATA + 0x1000, 2000));
            rig.queue(queue).add(Buffer.writable(VirtioRig.DATA + 0x2000, 4096));
            rig.kick(queue);
        }
    }

    private static State changed(State state, ByteProgram program) {
        State changed = state;
        for (int i = 0; i < MOST_CHANGES && (i == 0 || program.hasNext()); i++) {
            List<StateMutations.Mutation> all = StateMutations.of(changed);
            changed = all.get(program.u16() % all.size()).state();
        }
        return changed;
    }
}
