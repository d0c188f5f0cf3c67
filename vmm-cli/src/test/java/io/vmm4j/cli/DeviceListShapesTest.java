package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.json.RecordShape;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The elements of {@code --virblks} and {@code --virnets} are read by their shapes, under the keys that data binding has. */
class DeviceListShapesTest {

    private static final RateLimiterConfig LIMIT = RateLimiterConfig.bytesPerSecond(1 << 20);

    private static <T> void assertReadByShape(T device, Class<T> type) throws Exception {
        byte[] json = new JsonMapper().writeValueAsBytes(device);

        assertEquals(device, RecordShape.of(type).read(json));
    }

    @Test
    void everyKeyOfADriveIs() throws Exception {
        assertReadByShape(new DbsBlockDevice("id", "RawBlock", "/image", true, "uuid", false, true, false, true, 2, 128, LIMIT, false, true, false,
                DriveConfig.Format.RAW, "/changes", "/back-end"), DbsBlockDevice.class);
    }

    @Test
    void everyKeyOfAnInterfaceIs() throws Exception {
        DbsNetDevice.Backend backend = new DbsNetDevice.Backend("virtio", "eth0", "tap0", LIMIT, LIMIT, false, "/socket", "/stream", true,
                List.of("80:80"), false, "/back-end");

        assertReadByShape(new DbsNetDevice(2, 256, "06:00:00:00:00:01", false, true, backend, "eth1", "tap1", LIMIT, LIMIT, true, "/stream",
                false, List.of("53:53/udp", "1:2"), true, "/net"), DbsNetDevice.class);
    }
}
