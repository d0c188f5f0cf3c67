package io.vmm4j.core.snapshot.file;

import io.vmm4j.devices.state.State;
import java.util.List;

/**
 * What people want to know of a snapshot without restoring it, by whoever takes it.
 *
 * @param name    of the machine, at most {@value #MAX_TEXT} characters, empty for none
 * @param vcpus   how many it has
 * @param devices what it has, one short text each, at most {@value #MAX_DEVICES}
 */
public record SnapshotLabel(String name, int vcpus, List<String> devices) {

    static final int MAX_TEXT = 1024;
    static final int MAX_DEVICES = 1024;
    static final int MAX_VCPUS = 1 << 16;

    public SnapshotLabel {
        devices = List.copyOf(devices);
        int longest = name.length();
        for (String device : devices) {
            longest = Math.max(longest, device.length());
        }
        if (longest > MAX_TEXT || vcpus < 0 || vcpus > MAX_VCPUS || devices.size() > MAX_DEVICES) {
            throw new IllegalArgumentException("a text of " + longest + " characters, " + vcpus + " vCPUs, " + devices.size() + " devices");
        }
    }

    List<State> saveDevices() {
        return devices.stream().map(device -> State.builder().put("device", device).build()).toList();
    }
}
