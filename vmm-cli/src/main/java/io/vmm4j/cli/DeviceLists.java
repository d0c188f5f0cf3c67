package io.vmm4j.cli;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.core.config.StrictJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code --virblks}, {@code --virnets} and {@code --fs}: lists of devices in JSON, under dbs-cli's keys. Mistakes are named by option,
 * element and field.
 */
final class DeviceLists {

    private static final Pattern CONFIG_KEY = Pattern.compile("(drives|network-interfaces|shares)\\[(\\d+)]\\.(.+)");

    private final List<DriveConfig> drives = new ArrayList<>();
    private final List<NetworkInterfaceConfig> networks = new ArrayList<>();
    /** By interface, its element's index in the option. */
    private final List<Integer> networkElements = new ArrayList<>();
    private final List<DbsNetDevice> devices;
    private final List<ShareConfig> shares = new ArrayList<>();
    /** Whether {@code --fs} is a list. */
    private final boolean isFsList;

    /**
     * Reads both options.
     *
     * @param refusals takes the option, the place in it, such as {@code [0].guest_mac} or nothing, and the message
     */
    DeviceLists(Arguments arguments, Refusals refusals) {
        this(arguments.value(CliOption.VIRBLKS), arguments.value(CliOption.VIRNETS), arguments.value(CliOption.FS), refusals);
    }

    /** Reads what the options would have; {@code null} for nothing. */
    DeviceLists(String virblks, String virnets, String fs, Refusals refusals) {
        for (DbsBlockDevice device : read(virblks, CliOption.VIRBLKS, DbsBlockDevice.class, refusals)) {
            device.refuse(at(CliOption.VIRBLKS, drives.size(), refusals));
            drives.add(device.toDrive());
        }
        devices = read(virnets, CliOption.VIRNETS, DbsNetDevice.class, refusals);
        for (int i = 0; i < devices.size(); i++) {
            devices.get(i).refuse(at(CliOption.VIRNETS, i, refusals));
            if (devices.get(i).anyBackend() != null) {
                networks.add(devices.get(i).toInterface());
                networkElements.add(i);
            }
        }
        isFsList = fs == null || !fs.strip().startsWith("{");
        Refusals inObject = (option, place, message) -> refusals.refuse(option, isFsList ? place : place.replaceFirst("^\\[0]", ""), message);
        for (DbsFsDevice device : read(isFsList ? fs : "[" + fs + "]", CliOption.FS, DbsFsDevice.class, inObject)) {
            device.refuse(at(CliOption.FS, shares.size(), inObject));
            shares.add(device.toShare());
        }
    }

    /** The policy of that name, or {@code null}. */
    static ShareConfig.Cache cache(String name) {
        return Arrays.stream(ShareConfig.Cache.values()).filter(cache -> cache.toString().equals(name)).findFirst().orElse(null);
    }

    /** Where a mistake goes. */
    @FunctionalInterface
    interface Refusals {
        void refuse(CliOption option, String place, String message);
    }

    private static BiConsumer<String, String> at(CliOption option, int index, Refusals refusals) {
        return (field, message) -> refusals.refuse(option, "[" + index + "]." + field, message);
    }

    private static <T> List<T> read(String json, CliOption option, Class<T> element, Refusals refusals) {
        if (json == null || json.isEmpty()) { // empty is what dbs-cli has for none
            return List.of();
        }
        try {
            return StrictJson.readList(json, element, "");
        } catch (ConfigException e) {
            e.problems().forEach(problem -> refusals.refuse(option, problem.key(), problem.message()));
            return List.of();
        }
    }

    /** The drives of {@code --virblks}. */
    List<DriveConfig> drives() {
        return drives;
    }

    /** The interfaces of {@code --virnets}. */
    List<NetworkInterfaceConfig> networks() {
        return networks;
    }

    /** The shares of {@code --fs}. */
    List<ShareConfig> shares() {
        return shares;
    }

    /**
     * The option, element and field that a key of the configuration came from, such as {@code --virnets[0].guest_mac}.
     *
     * @param all   the configuration's drives, whose order is not the option's
     * @param first shares of the configuration before those of {@code --fs}
     * @return {@code null} when it came from another option
     */
    String placeOf(String key, List<DriveConfig> all, int first) {
        Matcher parts = CONFIG_KEY.matcher(key);
        if (!parts.matches()) {
            return null;
        }
        int index = Integer.parseInt(parts.group(2));
        if (parts.group(1).equals("shares")) {
            return index < first ? null : CliOption.FS.longName() + (isFsList ? "[" + (index - first) + "]." : ".") + fsField(parts.group(3));
        }
        if (parts.group(1).equals("network-interfaces")) {
            if (index >= networkElements.size()) {
                return null; // of --net
            }
            int element = networkElements.get(index);
            return CliOption.VIRNETS.longName() + "[" + element + "]." + netField(parts.group(3), devices.get(element).isFlat());
        }
        for (int i = 0; i < drives.size(); i++) {
            if (drives.get(i) == all.get(index)) {
                return CliOption.VIRBLKS.longName() + "[" + i + "]." + parts.group(3).replace("partuuid", "part_uuid");
            }
        }
        return null;
    }

    private static String fsField(String field) {
        return switch (field) {
            case "writeback" -> "writeback_cache";
            case "cache" -> "cache_policy";
            case "socket" -> "sock_path";
            default -> field;
        };
    }

    private static String netField(String field, boolean isFlat) {
        return switch (field) {
            case "guest_mac", "queue_size" -> field;
            case "queue_pairs" -> "num_queues";
            default -> isFlat ? field : "backend." + field;
        };
    }
}
