package io.vmm4j.cli;

import io.vmm4j.core.config.NetworkInterfaceConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** {@code --net} and {@code --publish}: network devices in short. The first is {@code net0}, the next {@code net1}, and so on. */
final class NetOption {

    private static final String USER = "user";
    private static final String TAP = "tap";
    private static final String STREAM = "stream:";
    private static final String VHOST_USER = "vhost-user:";

    private NetOption() {
    }

    /**
     * Reads the options' values.
     *
     * @param nets      of {@code --net}
     * @param published of {@code --publish}; all are ports of the first by passt
     * @param problem   takes what is wrong with {@code --publish}
     */
    static List<NetworkInterfaceConfig> parse(List<String> nets, List<String> published, Consumer<String> problem) {
        List<NetworkInterfaceConfig> networks = new ArrayList<>();
        boolean isPublished = published.isEmpty();
        for (String net : nets) {
            NetworkInterfaceConfig network = parse(net, "net" + networks.size());
            if (!isPublished && net.equals(USER)) {
                network = network.withPublish(published);
                isPublished = true;
            }
            networks.add(network);
        }
        if (!isPublished) {
            problem.accept("a port is published by passt only: give " + CliOption.NET.longName() + " " + USER + ", too");
        }
        return networks;
    }

    private static NetworkInterfaceConfig parse(String text, String id) {
        if (text.startsWith(STREAM)) {
            return NetworkInterfaceConfig.stream(id, text.substring(STREAM.length()));
        }
        if (text.startsWith(VHOST_USER)) {
            return NetworkInterfaceConfig.vhostUser(id, text.substring(VHOST_USER.length()));
        }
        return switch (text) {
            case USER -> NetworkInterfaceConfig.user(id);
            case TAP -> NetworkInterfaceConfig.madeTap(id);
            default -> NetworkInterfaceConfig.of(id, text, null);
        };
    }
}
