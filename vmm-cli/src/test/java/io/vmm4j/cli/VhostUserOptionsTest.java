package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.ShareConfig;
import java.util.List;
import org.junit.jupiter.api.Test;

class VhostUserOptionsTest {

    private static DeviceLists lists(String virblks, String virnets, String fs) {
        return new DeviceLists(virblks, virnets, fs, (option, place, message) -> fail(option + place + ": " + message));
    }

    @Test
    void aNetworkInShortIsASocketsPath() {
        assertEquals(List.of(NetworkInterfaceConfig.vhostUser("net0", "/run/net:1")), NetOption.parse(List.of("vhost-user:/run/net:1"), List.of(), why -> fail(why)));
    }

    @Test
    void aShareInShortIsASocketsPathWithOrWithoutATag() {
        assertEquals(ShareConfig.vhostUser("/run/fs", "share"), ShareOption.parse("vhost-user:/run/fs", why -> fail(why)));
        assertEquals(ShareConfig.vhostUser("/run/fs", "data"), ShareOption.parse("vhost-user:/run/fs:data", why -> fail(why)));
    }

    @Test
    void listsHaveSockets() {
        DeviceLists lists = lists("[{\"drive_id\": \"d\", \"socket\": \"/d\", \"num_queues\": 2}]", "[{\"iface_id\": \"e\", \"vhost_user\": \"/e\"}]",
                "{\"tag\": \"t\", \"mode\": \"vhostuser\", \"sock_path\": \"/t\"}");
        assertEquals("/d", lists.drives().get(0).socket());
        assertEquals(2, lists.drives().get(0).numQueues());
        assertEquals(NetworkInterfaceConfig.vhostUser("e", "/e"), lists.networks().get(0));
        assertEquals("/t", lists.shares().get(0).socket());
    }

    @Test
    void aSocketPathOfTheOtherModeChangesNothing() {
        assertEquals(null, lists(null, null, "{\"tag\": \"t\", \"mode\": \"virtio\", \"sock_path\": \"/t\"}").shares().get(0).socket());
    }
}
