package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.NetworkBody;
import java.util.ArrayList;
import java.util.List;

/** {@code /network-interfaces}. Confined to one thread. */
final class Networks implements AutoCloseable {

    private final List<NetworkDevice> devices = new ArrayList<>();

    /** Puts an interface in, in place of one with its id, which is gone also when this one cannot be. */
    void insert(NetworkBody body) throws ApiException {
        for (NetworkDevice other : devices) {
            if (body.guestMac() != null && body.guestMac().equals(other.mac()) && !other.id().equals(body.ifaceId())) {
                throw new ApiException("Network config error: The MAC address is already in use: " + body.guestMac());
            }
        }
        remove(body.ifaceId());
        devices.add(NetworkDevice.open(body));
    }

    /** One more, of a machine that was loaded. */
    void put(NetworkDevice device) {
        devices.add(device);
    }

    /** The last one takes the place of what is removed. */
    private void remove(String id) {
        for (int i = 0; i < devices.size(); i++) {
            if (devices.get(i).id().equals(id)) {
                NetworkDevice last = devices.remove(devices.size() - 1);
                (i == devices.size() ? last : devices.set(i, last)).close();
                return;
            }
        }
    }

    /** The interface called {@code id}, {@code null} when there is none. */
    NetworkDevice get(String id) {
        for (NetworkDevice device : devices) {
            if (device.id().equals(id)) {
                return device;
            }
        }
        return null;
    }

    List<NetworkDevice> all() {
        return devices;
    }

    @Override
    public void close() {
        devices.forEach(NetworkDevice::close);
    }
}
