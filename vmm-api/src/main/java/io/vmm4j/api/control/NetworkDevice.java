package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.NetworkBody;
import io.vmm4j.api.request.RateLimiterBody;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.host.TapInterface;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** One of {@code /network-interfaces}, with its tap open until the machine has it. Confined to one thread. */
final class NetworkDevice implements AutoCloseable {

    private static final int NAME_MAX = 15;
    private static final int MTU_MIN = 68;
    private static final String CREATE = "Network config error: Could not create the network device: ";

    private final NetworkBody body;
    private final String tapName;
    private RateLimiterBody rxLimits;
    private RateLimiterBody txLimits;
    private TapInterface tap;

    private NetworkDevice(NetworkBody body, TapInterface tap) {
        this.body = body;
        this.tap = tap;
        this.tapName = tap.name();
        this.rxLimits = Limits.kept(body.rxRateLimiter());
        this.txLimits = Limits.kept(body.txRateLimiter());
    }

    /** Opens the tap that {@code body} names. */
    static NetworkDevice open(NetworkBody body) throws ApiException {
        TapInterface tap = openTap(body.hostDevName(), CREATE);
        if (body.mtu() != null && body.mtu() < MTU_MIN) {
            tap.close();
            throw new ApiException(CREATE + "MTU " + body.mtu() + " is out of range [68, 65535]");
        }
        return new NetworkDevice(body, tap);
    }

    /** One that a machine has which was loaded, with limits as they are kept. */
    static NetworkDevice loaded(NetworkInterfaceConfig config, TapInterface tap, RateLimiterBody rx, RateLimiterBody tx) {
        Long mtu = config.mtu() == null ? null : Long.valueOf(config.mtu());
        return new NetworkDevice(new NetworkBody(config.ifaceId(), tap.name(), config.guestMac(), mtu, rx, tx), tap);
    }

    /** @param what stands before what is wrong with it */
    static TapInterface openTap(String name, String what) throws ApiException {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length > NAME_MAX) {
            throw new ApiException(what + "Open tap device failed: Invalid interface name");
        }
        try {
            // Without a name the kernel makes one up.
            return TapInterface.openOrMake(length == 0 ? "tap%d" : name);
        } catch (LinuxException e) {
            throw new ApiException(what + why(e, name), e);
        } catch (IOException e) {
            throw new ApiException(what + "Open tap device failed: " + e.getMessage(), e);
        }
    }

    private static String why(LinuxException e, String name) {
        if (e.call().startsWith("open(")) {
            return "Open tap device failed: Couldn't open /dev/net/tun: " + OsError.text(e);
        }
        if (e.call().contains("TUNSETVNETHDRSZ")) {
            return "Setting vnet header size failed: Error while setting size of the vnet header: " + OsError.text(e);
        }
        return "Open tap device failed: Error while creating ifreq structure: " + OsError.text(e) + ". Invalid TUN/TAP Backend provided by "
                + name + ". Check our documentation on setting up the network devices.";
    }

    String id() {
        return body.ifaceId();
    }

    /** In lower case, {@code null} when none was given. */
    String mac() {
        return body.guestMac();
    }

    /** The tap, which is the machine's from here on. */
    TapInterface tap() {
        return tap;
    }

    /** Opens the tap again, after a machine that was not built has closed it. */
    void reopen() throws ApiException {
        tap = openTap(tapName, CREATE);
    }

    /** The interface has other limits now. */
    void use(RateLimiterBody rx, RateLimiterBody tx) {
        rxLimits = Limits.changed(rxLimits, rx);
        txLimits = Limits.changed(txLimits, tx);
    }

    NetworkInterfaceConfig toConfig() {
        Integer mtu = body.mtu() == null ? null : (int) (long) body.mtu();
        return new NetworkInterfaceConfig(id(), tapName, body.guestMac(), mtu, Limits.toConfig(rxLimits), Limits.toConfig(txLimits), null, null);
    }

    void write(JsonText json) {
        json.begin();
        json.field("iface_id", id());
        json.field("host_dev_name", tapName);
        json.field("guest_mac", body.guestMac());
        json.field("mtu", body.mtu());
        Limits.write(json, "rx_rate_limiter", rxLimits);
        Limits.write(json, "tx_rate_limiter", txLimits);
        json.end();
    }

    @Override
    public void close() {
        tap.close();
    }
}
