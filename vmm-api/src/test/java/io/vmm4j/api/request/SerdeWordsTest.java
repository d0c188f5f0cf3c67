package io.vmm4j.api.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vmm4j.core.json.SerdeException;
import io.vmm4j.core.json.Shape;
import io.vmm4j.core.json.Shapes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is wrong with a body is said in serde_json's words, with its line and its column. */
class SerdeWordsTest {

    private static final Map<String, Shape<?>> SHAPES = Map.ofEntries(Map.entry("ActionBody", ActionBody.SHAPE),
            Map.entry("BootSourceConfig", BootSourceBody.SHAPE), Map.entry("BlockDeviceConfig", DriveBody.SHAPE),
            Map.entry("BlockDeviceUpdateConfig", DriveUpdateBody.SHAPE), Map.entry("NetworkInterfaceConfig", NetworkBody.SHAPE),
            Map.entry("NetworkInterfaceUpdateConfig", NetworkUpdateBody.SHAPE), Map.entry("MachineConfig", MachineConfigBody.SHAPE),
            Map.entry("MachineConfigUpdate", MachineUpdateBody.SHAPE), Map.entry("LoggerConfig", LoggerBody.SHAPE),
            Map.entry("MetricsConfig", MetricsBody.SHAPE), Map.entry("VsockDeviceConfig", VsockBody.SHAPE),
            Map.entry("BalloonDeviceConfig", BalloonBody.SHAPE), Map.entry("BalloonUpdateConfig", BalloonUpdateBody.SHAPE),
            Map.entry("BalloonUpdateStatsConfig", BalloonStatsUpdateBody.SHAPE), Map.entry("StartHintingCmd", HintingBody.SHAPE),
            Map.entry("EntropyDeviceConfig", EntropyBody.SHAPE), Map.entry("SerialConfig", SerialBody.SHAPE),
            Map.entry("Vm", VmStateBody.SHAPE), Map.entry("CreateSnapshotParams", CreateSnapshotBody.SHAPE),
            Map.entry("LoadSnapshotConfig", LoadSnapshotBody.SHAPE), Map.entry("PmemConfig", PmemBody.SHAPE),
            Map.entry("PmemDeviceUpdateConfig", PmemUpdateBody.SHAPE), Map.entry("MemoryHotplugConfig", MemoryHotplugBody.SHAPE),
            Map.entry("MemoryHotplugSizeUpdate", MemoryHotplugUpdateBody.SHAPE), Map.entry("MmdsConfig", MmdsConfigBody.SHAPE),
            Map.entry("CustomCpuTemplate", CpuConfigBody.SHAPE), Map.entry("Value", Shapes.ANY));

    @Test
    void everyKindOfMistakeIsSaidAsSerdeSaysIt() throws IOException {
        JsonNode cases;
        try (var recording = SerdeWordsTest.class.getResourceAsStream("/serde-words.json")) {
            cases = new ObjectMapper().readTree(recording).get("cases");
        }
        assertTrue(cases.size() > 300, "the cases are there");
        List<String> differences = new ArrayList<>();
        for (JsonNode one : cases) {
            byte[] body = one.has("hex") ? HexFormat.of().parseHex(one.get("hex").asText()) : one.get("body").asText().getBytes(StandardCharsets.UTF_8);
            String said = says(SHAPES.get(one.get("type").asText()), body);
            if (!said.equals(one.get("says").asText())) {
                differences.add(one + "\n  was " + said);
            }
        }
        assertEquals("", String.join("\n", differences));
    }

    private static String says(Shape<?> shape, byte[] body) {
        try {
            shape.read(body);
            return "OK";
        } catch (SerdeException e) {
            return e.getMessage();
        }
    }
}
