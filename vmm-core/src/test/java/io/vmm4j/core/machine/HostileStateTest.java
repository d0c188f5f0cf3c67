package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmm4j.core.block.ImageVersion;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.config.VmConfigJson;
import io.vmm4j.core.memory.FrozenMemory;
import io.vmm4j.core.snapshot.MachineSnapshot;
import io.vmm4j.core.snapshot.SnapshotException;
import io.vmm4j.core.snapshot.file.MemoryLayout;
import io.vmm4j.core.snapshot.file.PageSet;
import io.vmm4j.core.snapshot.file.PageSource;
import io.vmm4j.core.snapshot.file.SnapshotLabel;
import io.vmm4j.core.snapshot.file.SnapshotWriter;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.kvm.Bytes;
import io.vmm4j.kvm.ClockState;
import io.vmm4j.kvm.InterruptState;
import io.vmm4j.kvm.VcpuState;
import io.vmm4j.kvm.abi.MsrEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** State files with a checksum that is right and values that are not: refused in one line, or a machine that is none of the host's trouble. */
@Timeout(300)
class HostileStateTest {

    private static final long MIB = 1 << 20;
    private static final List<Long> NUMBERS = List.of(-1L, 0L, 1L, 2L, 255L, 4096L, 65536L, (1L << 31) - 1, 1L << 31, 1L << 32, 1L << 44, 1L << 46,
            Long.MAX_VALUE, Long.MIN_VALUE);
    private static final List<String> TEXTS = List.of("", "\0", "\n", "x".repeat(5000), "/", "../../etc/passwd", "-1", "{", "[]", "null");

    @TempDir
    private Path directory;
    private State whole;

    @BeforeEach
    void save() throws Exception {
        Path image = Files.write(directory.resolve("disk.img"), new byte[1 << 16]);
        whole = machine(config(image)).toState();
    }

    private VmConfig config(Path image) throws ConfigException {
        return VmConfigJson.parse("""
                {"boot-source": {"kernel_image_path": "/kernel", "boot_args": "quiet"},
                 "drives": [{"drive_id": "d", "path_on_host": "%s", "is_root_device": false, "is_read_only": false, "format": "raw",
                             "rate_limiter": {"bandwidth": {"size": 1000, "one_time_burst": 5, "refill_time": 100}}}],
                 "machine-config": {"vcpu_count": 1, "max_vcpu_count": 2, "mem_size_mib": 2, "mem_type": "shmem", "spare_devices": 2},
                 "vsock": {"guest_cid": 3, "uds_path": "%s"},
                 "network-interfaces": [{"iface_id": "n", "host_dev_name": "vmm4j-none", "guest_mac": "02:00:00:00:00:01", "mtu": 1500}],
                 "balloon": {"amount_mib": 0, "deflate_on_oom": true, "stats_polling_interval_s": 1},
                 "entropy": {},
                 "serial": {"path": "none"}}""".formatted(image, directory.resolve("v.sock")), "test");
    }

    private static MachineState machine(VmConfig config) {
        VcpuState vcpu = new VcpuState(List.of(), List.of("x"), List.of(new MsrEntry(0x10, 5)), List.of(7), zeros(144), zeros(320), zeros(4096),
                zeros(392), zeros(128), zeros(1024), zeros(64), 0, 1000, Bytes.NONE);
        State part = State.builder().put("a", 1).build();
        return new MachineState(config, List.of(new AddedPlace(0, true, "d")), part, List.of(new SavedVcpu(0, vcpu)),
                new InterruptState(Bytes.NONE, Bytes.NONE, Bytes.NONE, Bytes.NONE), new ClockState(1, 2, 3), Map.of("serial", part),
                Map.of("d", new DriveState(new ImageVersion(1 << 16, 5))));
    }

    private static Bytes zeros(int size) {
        return Bytes.of(new byte[size]);
    }

    /** Zeros, {@code bytes} of them. */
    private record Zeros(long size) implements PageSource {

        @Override
        public ByteBuffer read(long offset, int length) {
            return ByteBuffer.allocateDirect(length);
        }

        @Override
        public PageSet mayHoldData() {
            return new PageSet(size / PageSet.PAGE_SIZE);
        }
    }

    private Path saved(State machine, long memory) throws IOException, StateException {
        Path place = directory.resolve("snap");
        MemoryLayout layout = new MemoryLayout(List.of(new MemoryLayout.Region(0, memory)));
        try (SnapshotWriter writer = SnapshotWriter.create(place, true)) {
            writer.full(layout, new Zeros(memory), new PageSet(layout.pages()));
            writer.commit(new SnapshotLabel("m", 1, List.of()), machine);
        }
        return place;
    }

    /** Opens it, and makes a machine of it as far as this host goes. */
    private void use(State machine, String what) throws Exception {
        Path place;
        try {
            place = saved(machine, 2 * MIB);
        } catch (StateException e) {
            return; // no file can have it
        }
        try (MachineSnapshot snapshot = MachineSnapshot.open(place)) {
            snapshot.verify();
            try {
                snapshot.restore().onlyNamed().build().close();
            } catch (ConfigException e) {
                assertTrue(e.problems().stream().noneMatch(problem -> problem.message().isEmpty()), what);
            } catch (IOException e) {
                assertTrue(e.getMessage().contains("kvm") || e.getMessage().contains("KVM"), what + ": " + e);
            }
        } catch (SnapshotException e) {
            assertFalse(e.getMessage().matches("(?s).*\\p{Cntrl}.*"), what + ": " + e.getMessage());
        } catch (RuntimeException | Error e) {
            fail(what, e);
        }
    }

    @Test
    void whateverValueIsAnotherItIsRefusedInOneLineOrTaken() throws Exception {
        MachineSnapshot.open(saved(whole, 2 * MIB)).close();
        List<String> done = new ArrayList<>();
        mutate(whole, "", (path, mutated) -> {
            done.add(path);
            use(mutated, path);
        });
        assertTrue(done.size() > 300, "mutations: " + done.size());
    }

    @FunctionalInterface
    private interface Sink {
        void take(String path, State mutated) throws Exception;
    }

    /** Each value in turn as something else, and not at all. */
    private static void mutate(State state, String path, Sink sink) throws Exception {
        for (String name : new TreeSet<>(state.names())) {
            String at = path + "/" + name;
            sink.take(at + " left out", with(state, name, builder -> { }));
            for (long number : NUMBERS) {
                sink.take(at + "=" + number, with(state, name, builder -> builder.put(name, number)));
            }
            for (String text : TEXTS) {
                sink.take(at + "=\"" + text.substring(0, Math.min(10, text.length())) + "\"", with(state, name, builder -> builder.put(name, text)));
            }
            for (int length : new int[] {0, 1, 1023, 1 << 17}) {
                sink.take(at + "=bytes " + length, with(state, name, builder -> builder.put(name, new byte[length])));
            }
            mutateWithin(state, name, at, sink);
        }
    }

    private static void mutateWithin(State state, String name, String at, Sink sink) throws Exception {
        if (name.equals("config")) {
            mutateJson(state.text("config", 1 << 20), (path, json) -> sink.take(at + path, with(state, name, builder -> builder.put(name, json))));
            return;
        }
        State part = orNull(() -> state.part(name));
        if (part != null) {
            mutate(part, at, (path, mutated) -> sink.take(path, with(state, name, builder -> builder.put(name, mutated))));
            return;
        }
        List<State> parts = orNull(() -> state.parts(name, 0, 1 << 10));
        if (parts == null || parts.isEmpty()) {
            return;
        }
        sink.take(at + " empty", with(state, name, builder -> builder.put(name, List.<State>of())));
        sink.take(at + " twice", with(state, name, builder -> builder.put(name, Stream.concat(parts.stream(), parts.stream()).toList())));
        mutate(parts.get(0), at + "[0]", (path, mutated) -> sink.take(path, with(state, name, builder -> builder.put(name, List.of(mutated)))));
    }

    private interface Reading<T> {
        T read() throws StateException;
    }

    private static <T> T orNull(Reading<T> reading) {
        try {
            return reading.read();
        } catch (StateException e) {
            return null;
        }
    }

    private static State with(State state, String name, Consumer<State.Builder> change) {
        State.Builder builder = State.builder();
        state.accept(new State.Visitor<RuntimeException>() {
            @Override
            public void integer(String each, long value) {
                if (!each.equals(name)) {
                    builder.put(each, value);
                }
            }

            @Override
            public void bytes(String each, byte[] value) {
                if (!each.equals(name)) {
                    builder.put(each, value);
                }
            }

            @Override
            public void text(String each, String value) {
                if (!each.equals(name)) {
                    builder.put(each, value);
                }
            }

            @Override
            public void part(String each, State value) {
                if (!each.equals(name)) {
                    builder.put(each, value);
                }
            }

            @Override
            public void parts(String each, List<State> value) {
                if (!each.equals(name)) {
                    builder.put(each, value);
                }
            }
        });
        change.accept(builder);
        return builder.build();
    }

    @FunctionalInterface
    private interface JsonSink {
        void take(String path, String json) throws Exception;
    }

    private static void mutateJson(String text, JsonSink sink) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        JsonNode root = mapper.readTree(text);
        mutateJson(root, "", path -> sink.take(path, mapper.writeValueAsString(root)));
    }

    @FunctionalInterface
    private interface PathSink {
        void take(String path) throws Exception;
    }

    private static void mutateJson(JsonNode node, String path, PathSink sink) throws Exception {
        if (node instanceof ObjectNode object) {
            List<String> names = new ArrayList<>();
            object.fieldNames().forEachRemaining(names::add);
            for (String name : names) {
                JsonNode before = object.get(name);
                mutateJson(before, path + "/" + name, sink);
                for (JsonNode other : others()) {
                    object.set(name, other);
                    sink.take(path + "/" + name + "=" + shortened(other));
                }
                object.remove(name);
                sink.take(path + "/" + name + " left out");
                object.set(name, before);
            }
        } else if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                JsonNode before = array.get(i);
                mutateJson(before, path + "[" + i + "]", sink);
                array.add(before);
                sink.take(path + "[" + i + "] twice");
                array.remove(array.size() - 1);
            }
        }
    }

    private static String shortened(JsonNode node) {
        String text = node.toString();
        return text.substring(0, Math.min(20, text.length()));
    }

    private static List<JsonNode> others() {
        JsonNodeFactory factory = JsonNodeFactory.instance;
        List<JsonNode> others = new ArrayList<>(List.of(factory.nullNode(), factory.booleanNode(true), factory.numberNode(1.5), factory.objectNode(),
                factory.arrayNode()));
        NUMBERS.forEach(number -> others.add(factory.numberNode(number)));
        TEXTS.forEach(text -> others.add(factory.textNode(text)));
        return others;
    }

    /** It was allocated for, before anybody asked whether the host has so much. */
    @Test
    void memoryThatTheHostCanNeverHaveIsRefusedBeforeAnythingIsInProportionToIt() throws Exception {
        FrozenMemory huge = new FrozenMemory(1L << 46, List.of());
        ConfigException refused = assertThrows(ConfigException.class, () -> GuestRam.of(huge, MachineConfig.of(1, 1L << 26), false));
        assertTrue(refused.getMessage().startsWith("memory size 67108864 MiB is above"), refused.getMessage());
    }

    @Test
    void aSparseFileOfAnySizeIsOpenedByItsPieces() throws Exception {
        long size = 64L << 30;
        VmConfig config = VmConfigJson.parse("""
                {"boot-source": {"kernel_image_path": "/kernel"}, "machine-config": {"mem_size_mib": 3072}}""", "test");
        MachineState state = new MachineState(config, List.of(), State.builder().build(), machine(config).vcpus(),
                new InterruptState(Bytes.NONE, Bytes.NONE, Bytes.NONE, Bytes.NONE), new ClockState(1, 2, 3), Map.of(), Map.of());
        SnapshotException refused = assertThrows(SnapshotException.class, () -> MachineSnapshot.open(saved(state.toState(), size)).close());
        assertTrue(refused.getMessage().contains("68719476736 bytes of memory, and its configuration another size"), refused.getMessage());
        MachineSnapshot.open(saved(state.toState(), 3L << 30)).close();
    }

    @Test
    void aStateNamesNoFileThatIsOpened() throws Exception {
        VmConfig config = VmConfigJson.parse("""
                {"boot-source": {"kernel_image_path": "/kernel"},
                 "machine-config": {"mem_size_mib": 2, "mem_type": "shmem", "mem_file_path": "%s", "mem_prefault": true},
                 "serial": {"path": "none"}}""".formatted(directory.resolve("no-such-place")), "test");
        MachineState state = new MachineState(config, List.of(), State.builder().build(), machine(config).vcpus(),
                new InterruptState(Bytes.NONE, Bytes.NONE, Bytes.NONE, Bytes.NONE), new ClockState(1, 2, 3), Map.of(), Map.of());
        try (MachineSnapshot snapshot = MachineSnapshot.open(saved(state.toState(), 2 * MIB))) {
            Exception e = assertThrows(Exception.class, () -> snapshot.restore().onlyNamed().copyMemory(true).build());
            assertFalse(e.getMessage().contains("no-such-place"), e.getMessage());
        }
    }

    @Test
    void damageInAnyPageIsFoundByAVerification() throws Exception {
        Path place = saved(whole, 2 * MIB);
        try (MachineSnapshot snapshot = MachineSnapshot.open(place)) {
            snapshot.verify();
            byte[] bytes = Files.readAllBytes(place.resolve("memory"));
            Arrays.fill(bytes, 70_000, 70_008, (byte) 1);
            Files.write(place.resolve("memory"), bytes);
            IOException damaged = assertThrows(IOException.class, snapshot::verify);
            assertTrue(damaged.getMessage().contains("is damaged between its bytes 0 and 2097152"), damaged.getMessage());
        }
        assertEquals(Set.of("disk.img", "snap"), names());
    }

    private Set<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return new TreeSet<>(files.map(file -> file.getFileName().toString()).toList());
        }
    }
}
