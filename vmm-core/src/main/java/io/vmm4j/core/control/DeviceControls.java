package io.vmm4j.core.control;

import java.util.HashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;

/**
 * All that can be changed about the devices of a machine. Immutable.
 *
 * @param drives   by drive id
 * @param networks by interface id
 * @param entropy  {@code null} when the machine has none
 * @param balloon  {@code null} when the machine has none
 * @param shares   by tag
 */
public record DeviceControls(Map<String, DriveControl> drives, Map<String, NetworkControl> networks, EntropyControl entropy,
        BalloonControl balloon, Map<String, ShareControl> shares) {

    public DeviceControls {
        drives = Map.copyOf(drives);
        networks = Map.copyOf(networks);
        shares = Map.copyOf(shares);
    }

    /** Those of a machine without shared folders. */
    public DeviceControls(Map<String, DriveControl> drives, Map<String, NetworkControl> networks, EntropyControl entropy, BalloonControl balloon) {
        this(drives, networks, entropy, balloon, Map.of());
    }

    /** The share with the tag {@code tag}; throws {@link NoSuchElementException} when there is none. */
    public ShareControl share(String tag) {
        Objects.requireNonNull(tag, "tag");
        return existing(shares.get(tag), "share \"" + tag + "\"" + others(shares.keySet()));
    }

    /** The drive called {@code id}; throws {@link NoSuchElementException} when there is none. */
    public DriveControl drive(String id) {
        Objects.requireNonNull(id, "id");
        return existing(drives.get(id), "drive \"" + id + "\"" + others(drives.keySet()));
    }

    /** The network interface called {@code id}; throws {@link NoSuchElementException} when there is none. */
    public NetworkControl network(String id) {
        Objects.requireNonNull(id, "id");
        return existing(networks.get(id), "network interface \"" + id + "\"" + others(networks.keySet()));
    }

    /** The entropy device; throws {@link NoSuchElementException} when there is none. */
    @Override
    public EntropyControl entropy() {
        return existing(entropy, "entropy device");
    }

    /** The balloon; throws {@link NoSuchElementException} when there is none. */
    @Override
    public BalloonControl balloon() {
        return existing(balloon, "balloon");
    }

    /** These with the drives and network interfaces of {@code added}. */
    public DeviceControls with(DeviceControls added) {
        Map<String, DriveControl> moreDrives = new HashMap<>(drives);
        moreDrives.putAll(added.drives);
        Map<String, NetworkControl> moreNetworks = new HashMap<>(networks);
        moreNetworks.putAll(added.networks);
        return new DeviceControls(moreDrives, moreNetworks, entropy, balloon, shares);
    }

    /** These without the drives and network interfaces of {@code removed}. */
    public DeviceControls without(DeviceControls removed) {
        Map<String, DriveControl> fewerDrives = new HashMap<>(drives);
        fewerDrives.keySet().removeAll(removed.drives.keySet());
        Map<String, NetworkControl> fewerNetworks = new HashMap<>(networks);
        fewerNetworks.keySet().removeAll(removed.networks.keySet());
        return new DeviceControls(fewerDrives, fewerNetworks, entropy, balloon, shares);
    }

    private static String others(Set<String> ids) {
        return ids.isEmpty() ? ", nor any other" : ", there are " + ids;
    }

    private static <T> T existing(T control, String what) {
        if (control == null) {
            throw new NoSuchElementException("this machine has no " + what);
        }
        return control;
    }
}
