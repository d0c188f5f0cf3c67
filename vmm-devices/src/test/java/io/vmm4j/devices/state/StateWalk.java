package io.vmm4j.devices.state;

import java.util.ArrayList;
import java.util.List;

/**
 * One device in the walk over all: brings it into a busy, unusual state, has it checked as a snapshot needs it, and sees that the restored
 * one goes on.
 *
 * @param device the class that has the state
 * @param name   of the case
 * @param check  throws when something is wrong
 */
record StateWalk(Class<?> device, String name, Check check) {

    /** What a case does. */
    @FunctionalInterface
    interface Check {
        void run() throws Exception;
    }

    @Override
    public String toString() {
        return device.getSimpleName() + ": " + name;
    }

    /** The walk. */
    static List<StateWalk> all() {
        List<StateWalk> all = new ArrayList<>();
        all.addAll(BusWalks.all());
        all.addAll(VirtioWalks.all());
        all.addAll(NetWalks.all());
        all.addAll(ConsoleWalks.all());
        return all;
    }
}
