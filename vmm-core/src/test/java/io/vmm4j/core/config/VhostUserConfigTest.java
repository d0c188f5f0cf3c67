package io.vmm4j.core.config;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VhostUserConfigTest {

    private static VmConfig served(MachineConfig machine) {
        return VmConfig.of(new BootSourceConfig("k", null, null), List.of(DriveConfig.vhostUser("data", "/s")), machine);
    }

    private static MachineConfig memory(String type, String file) {
        return new MachineConfig(null, null, null, null, null, null, null, type, file, null, null, null, null);
    }

    private static String refusal(VmConfig config) {
        return assertThrows(ConfigException.class, config::check).getMessage();
    }

    @ParameterizedTest
    @CsvSource({"shmem", "hugeshmem", "hugetlbfs"})
    void memoryThatCanBeSharedIsTaken(String type) {
        assertDoesNotThrow(() -> served(memory(type, null)).check());
    }

    @Test
    void transparentHugePagesGoWithSharedMemory() {
        assertDoesNotThrow(() -> served(MachineConfig.of(1, 64).withHugePages(MachineConfig.HugePages.TRANSPARENT)).check());
    }

    @ParameterizedTest
    @CsvSource({"anon", "hugeanon"})
    void privateMemoryIsRefusedByName(String type) {
        assertEquals("memory type " + type + " cannot be shared with the vhost-user back end of drive \"data\": use shmem, hugeshmem or hugetlbfs"
                + " (machine-config.mem_type)", refusal(served(memory(type, null))));
    }

    @Test
    void memoryThatABackEndCouldCutShortIsRefused() {
        assertEquals("memory in a file of \"/dev/shm\" cannot be shared with the vhost-user back end of drive \"data\", which could cut it short: "
                + "use memory without a file (machine-config.mem_file_path)", refusal(served(memory("shmem", "/dev/shm"))));
    }

    @Test
    void aMachineNamesADeviceThatABackEndServes() {
        VmConfig plain = VmConfig.of(new BootSourceConfig("k", null, null), List.of(), null);
        assertEquals(Optional.empty(), plain.vhostUserDevice());
        assertEquals(Optional.of("network interface \"eth0\""),
                plain.withNetworkInterfaces(List.of(NetworkInterfaceConfig.vhostUser("eth0", "/s"))).vhostUserDevice());
        assertEquals(Optional.of("share \"t\""), plain.withShares(List.of(ShareConfig.vhostUser("/s", "t"))).vhostUserDevice());
    }

    @Test
    void anInterfaceOfABackEndHasOnePairAndNoLimits() {
        VmConfig plain = VmConfig.of(new BootSourceConfig("k", null, null), List.of(), null);
        NetworkInterfaceConfig served = NetworkInterfaceConfig.vhostUser("e", "/s");
        assertDoesNotThrow(() -> plain.withNetworkInterfaces(List.of(served.withMtu(1500).withGuestMac("02:00:00:00:00:01"))).check());
        RateLimiterConfig limits = new RateLimiterConfig(null, null);
        assertEquals("rx_rate_limiter does not go with vhost_user: the back end moves the frames (network-interfaces[0].rx_rate_limiter)",
                refusal(plain.withNetworkInterfaces(List.of(served.withRateLimiters(limits, null)))));
        NetworkInterfaceConfig pairs = new NetworkInterfaceConfig("e", null, null, null, null, null, 2, null, null, null, null, null, "/s");
        assertEquals("2 queue pairs are more than the 1 that goes with vhost_user (network-interfaces[0].queue_pairs)",
                refusal(plain.withNetworkInterfaces(List.of(pairs))));
    }

    @Test
    void aShareOfABackEndSaysNothingOfHowItIsServed() {
        VmConfig plain = VmConfig.of(new BootSourceConfig("k", null, null), List.of(), null);
        ShareConfig served = ShareConfig.vhostUser("/s", "t");
        assertDoesNotThrow(() -> plain.withShares(List.of(served.withQueues(2, 128))).check());
        assertEquals("read_only does not go with socket \"/s\": the vhost-user back end there serves its folder as it has been told (shares[0].read_only)",
                refusal(plain.withShares(List.of(served.withReadOnly(true)))));
    }
}
