package io.vmm4j.core.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FurtherActionsTest {

    private static final String INSERT = "insert_virblks";
    private static final String CONFIG = "config";

    @TempDir
    private Path directory;

    private static final class Target implements ControlTarget {
        @Override
        public CompletableFuture<Void> resizeVcpus(int count) {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public Map<String, ControlAction> actions() {
            return Map.of(INSERT, Target::insert);
        }

        private static CompletableFuture<Void> insert(JsonNode request) {
            String config = request.path(CONFIG).asText();
            if (config.isEmpty()) {
                throw new IllegalArgumentException("the list is empty");
            }
            return config.equals("gone") ? CompletableFuture.failedFuture(new DeviceChangeException("the guest sleeps"))
                    : CompletableFuture.completedFuture(null);
        }
    }

    private ControlClient client() {
        return new ControlClient(directory.resolve("s"), Duration.ofSeconds(20));
    }

    @Test
    void furtherActionsAreCarriedOutRefusedAndFailInWords() throws Exception {
        try (ControlServer server = ControlServer.open(directory.resolve("s"), new Target())) {
            client().changeDevices(INSERT, Map.of(CONFIG, "[]"));
            assertEquals("the list is empty", assertThrows(IllegalArgumentException.class,
                    () -> client().changeDevices(INSERT, Map.of(CONFIG, ""))).getMessage());
            assertEquals("the guest sleeps", assertThrows(DeviceChangeException.class,
                    () -> client().changeDevices(INSERT, Map.of(CONFIG, "gone"))).getMessage());
            String refusal = assertThrows(IllegalArgumentException.class, () -> client().changeDevices("fly", Map.of())).getMessage();
            assertTrue(refusal.startsWith("unknown action \"fly\", known are ") && refusal.contains("\"" + INSERT + "\""), refusal);
            for (String action : List.of("info", "events", "stop", "resize_vcpu")) {
                String unknown = assertThrows(IllegalArgumentException.class, () -> client().changeDevices(action, Map.of("foo", "1"))).getMessage();
                assertTrue(unknown.startsWith("unknown key \"foo\", known are action"), unknown);
            }
            client().resizeVcpus(2);
        }
    }
}
