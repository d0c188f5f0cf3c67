package io.vmm4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.api.control.ApiMetrics;
import io.vmm4j.api.request.MetricsBody;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestCountersTest extends ApiTestBase {

    private final Map<String, Long> counted = new TreeMap<>();

    @Override
    FirecrackerOptions options(FirecrackerOptions defaults) {
        return defaults.withMetrics(new ApiMetrics() {
            @Override
            public void count(String group, String field) {
                counted.merge(group + "." + field, 1L, Long::sum);
            }

            @Override
            public void store(String group, String field, long value) {
                counted.put(group + "." + field, value);
            }

            @Override
            public void open(MetricsBody config) {
                // Nowhere to write.
            }

            @Override
            public void check(MetricsBody config) {
                // Nowhere to write.
            }

            @Override
            public void flush() throws IOException {
                throw new IOException("not asked for");
            }
        });
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
            GET   | /                    | none                  | get_api_requests.instance_info_count
            GET   | /version/x           | none                  | get_api_requests.vmm_version_count
            PUT   | /actions             | {'action_type': 'x'}  | put_api_requests.actions_count put_api_requests.actions_fails
            PUT   | /drives              | {}                    | put_api_requests.drive_count put_api_requests.drive_fails
            PATCH | /network-interfaces/a | {'iface_id': 'a'}    | patch_api_requests.network_count
            PUT   | /logger              | {}                    | put_api_requests.logger_count
            PUT   | /vsock               | {'vsock_id': 'v', 'guest_cid': 3, 'uds_path': '$T/none/v'} | deprecated_api.deprecated_http_api_calls put_api_requests.vsock_count
            """)
    void aRequestIsCountedAndSoIsOneThatIsNone(String method, String path, String body, String names) throws IOException {
        send(method, path, body);
        assertEquals(names, String.join(" ", counted.keySet()));
        assertEquals(counted.size(), counted.values().stream().mapToLong(Long::longValue).sum());
    }

    @Test
    @Tag("kvm")
    void pausesAndResumesAreTimedForTheClientAndForTheMachine() throws IOException {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf'}");
        done("PUT", "/actions", "{'action_type': 'InstanceStart'}");
        done("PATCH", "/vm", "{'state': 'Paused'}");
        done("PATCH", "/vm", "{'state': 'Resumed'}");
        for (String what : List.of("pause_vm", "resume_vm")) {
            long ofRequest = counted.get("latencies_us." + what);
            long ofMachine = counted.get("latencies_us.vmm_" + what);
            assertTrue(0 < ofMachine && ofMachine <= ofRequest, what + ": " + ofMachine + " of " + ofRequest + " us");
        }
    }

    @Test
    void whatLacksItsBodyOrHasOneTooManyIsNotCounted() throws IOException {
        send("PUT", "/drives/a", null);
        send("PATCH", "/machine-config", null);
        send("GET", "/version", "{}");
        assertEquals(Map.of(), counted);
    }
}
