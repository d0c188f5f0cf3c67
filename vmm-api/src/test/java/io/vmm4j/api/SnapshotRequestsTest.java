package io.vmm4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.host.SilentConsole;
import io.vmm4j.core.snapshot.file.SnapshotMerge;
import io.vmm4j.core.snapshot.file.SnapshotReader;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Snapshots by the API: what is saved, what is loaded, and what is refused. The guest counts, and prints each number. */
class SnapshotRequestsTest extends ApiTestBase {

    private static final String RESTORE = "Load snapshot error: Failed to restore from snapshot: ";
    private static final String STATE = RESTORE + "Failed to get snapshot state from file: ";
    private static final String LOAD = "{'snapshot_path': '$T/%s', 'mem_backend': {'backend_path': '$T/%s', 'backend_type': 'File'}}";
    private static final String CREATE = "{'snapshot_path': '$T/%s', 'mem_file_path': '$T/%s', 'snapshot_type': '%s'}";

    /** Another process' server takes the place of the first one. */
    private void reopen() throws IOException {
        server.close();
        server = FirecrackerServer.open(FirecrackerOptions.at(socket).withId("test").withStdio(SilentConsole::new));
    }

    private void start(String... more) throws IOException {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        Files.write(directory.resolve("count.elf"), TinyKernel.count());
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/count.elf', 'boot_args': 'a b'}");
        done("PUT", "/machine-config", "{'vcpu_count': 1, 'mem_size_mib': 16}");
        done("PUT", "/serial", "{'serial_out_path': '$T/out'}");
        for (String request : more) {
            String[] parts = request.split(" ", 2);
            done("PUT", parts[0], parts[1]);
        }
        done("PUT", "/actions", "{'action_type': 'InstanceStart'}");
        awaitNumbers("out", 2);
    }

    private byte[] awaitNumbers(String file, int count) throws IOException {
        byte[] printed = Files.readAllBytes(directory.resolve(file));
        while (printed.length < count) {
            assertEquals(null, server.vm().exit().getNow(null), "the machine goes on");
            Thread.onSpinWait();
            printed = Files.readAllBytes(directory.resolve(file));
        }
        return printed;
    }

    private void pause() throws IOException {
        done("PATCH", "/vm", "{'state': 'Paused'}");
    }

    private void resume() throws IOException {
        done("PATCH", "/vm", "{'state': 'Resumed'}");
    }

    private int lastNumber(String file) throws IOException {
        byte[] printed = Files.readAllBytes(directory.resolve(file));
        return Byte.toUnsignedInt(printed[printed.length - 1]);
    }

    /** The first number of a machine that goes on from what was loaded. */
    private int firstNumberAfter(String load) throws IOException {
        reopen();
        Files.deleteIfExists(directory.resolve("loaded"));
        done("PUT", "/serial", "{'serial_out_path': '$T/loaded'}");
        done("PUT", "/snapshot/load", load);
        assertTrue(get("/").contains("\"state\":\"Paused\""), "a loaded machine stands still");
        assertEquals(0, Files.size(directory.resolve("loaded")), "and so has printed nothing");
        resume();
        return Byte.toUnsignedInt(awaitNumbers("loaded", 1)[0]);
    }

    @Test
    @Tag("kvm")
    void aLoadedMachineGoesOnWhereTheSavedOneStoodStill() throws IOException {
        start("/drives/d {'drive_id': 'd', 'path_on_host': '$T/root.img', 'is_root_device': true, 'partuuid': '12-34'}",
                "/vsock {'guest_cid': 4, 'uds_path': '$T/v'}", "/balloon {'amount_mib': 1, 'deflate_on_oom': true}", "/entropy {}");
        pause();
        done("PUT", "/snapshot/create", CREATE.formatted("s", "m", "Full"));
        String config = get("/vm/config");
        int last = lastNumber("out");
        resume();
        awaitNumbers("out", last + 2);
        assertEquals(last + 1, firstNumberAfter(LOAD.formatted("s", "m")));
        assertEquals(config, get("/vm/config"), "what the machine is has come along");
        refused("PUT", "/snapshot/load", LOAD.formatted("s", "m"), AFTER_START);
    }

    @Test
    @Tag("kvm")
    void aDiffHasWhatWasWrittenSinceAndIsMergedWithWhatItIsTo() throws IOException {
        start();
        Files.createDirectory(directory.resolve("base"));
        Files.createDirectory(directory.resolve("diff"));
        pause();
        done("PUT", "/snapshot/create", CREATE.formatted("base/state", "base/memory", "Full"));
        int last = lastNumber("out");
        resume();
        awaitNumbers("out", last + 2);
        pause();
        done("PUT", "/snapshot/create", CREATE.formatted("diff/state", "diff/memory", "Diff"));
        int later = lastNumber("out");
        assertTrue(later > last);
        SnapshotMerge.merge(directory.resolve("base"), List.of(directory.resolve("diff")), directory.resolve("whole"), false, bytes -> { });
        assertEquals(later + 1, firstNumberAfter(LOAD.formatted("whole/state", "whole/memory")));
        reopen();
        refused("PUT", "/snapshot/load", LOAD.formatted("diff/state", "diff/memory"), STATE + "Failed to load snapshot state from file: " + ofDiff());
    }

    private String ofDiff() throws IOException {
        return "$T/diff/state is only what differs from snapshot " + SnapshotReader.describe(directory.resolve("base/state")).id()
                + ": merge it with that one first";
    }

    @Test
    @Tag("kvm")
    void aDiffOntoTheMemoryThatIsThereMakesItWhole() throws IOException {
        start();
        pause();
        done("PUT", "/snapshot/create", CREATE.formatted("s", "m", "Full"));
        resume();
        awaitNumbers("out", lastNumber("out") + 2);
        pause();
        done("PUT", "/snapshot/create", CREATE.formatted("s", "m", "Diff"));
        assertEquals(lastNumber("out") + 1, firstNumberAfter(LOAD.formatted("s", "m")));
    }

    @Test
    @Tag("kvm")
    void aLoadedMachineIsSavedAgainAndResumedAtOnceWhereThatIsAskedFor() throws IOException {
        start();
        pause();
        done("PUT", "/snapshot/create", CREATE.formatted("s", "m", "Diff"));
        reopen();
        done("PUT", "/snapshot/load", "{'snapshot_path': '$T/s', 'mem_file_path': '$T/m', 'track_dirty_pages': true, 'clock_realtime': true}");
        assertTrue(get("/machine-config").contains("\"track_dirty_pages\":true"));
        done("PUT", "/snapshot/create", CREATE.formatted("s2", "m2", "Full"));
        reopen();
        done("PUT", "/serial", "{'serial_out_path': '$T/loaded'}");
        done("PUT", "/snapshot/load", LOAD.formatted("s2", "m2").replace("}}", "}, 'resume_vm': true}"));
        assertTrue(get("/").contains("\"state\":\"Running\""));
        assertEquals(lastNumber("out") + 1, Byte.toUnsignedInt(awaitNumbers("loaded", 1)[0]));
    }

    @Test
    @Tag("kvm")
    void anotherSocketIsTakenAndADeviceThatIsNotThereIsRefused() throws IOException {
        start("/vsock {'guest_cid': 4, 'uds_path': '$T/v'}");
        pause();
        done("PUT", "/snapshot/create", CREATE.formatted("s", "m", "Full"));
        reopen();
        Files.createFile(directory.resolve("v"));
        String load = LOAD.formatted("s", "m");
        refused("PUT", "/snapshot/load", load, RESTORE + "Failed to build microVM from snapshot: cannot create the socket $T/v: a file that is not a socket "
                + "is there (vsock.uds_path)");
        reopen();
        done("PUT", "/snapshot/load", load.replace("}}", "}, 'vsock_override': {'uds_path': '$T/w'}}"));
        assertTrue(Files.exists(directory.resolve("w")));
        assertTrue(get("/vm/config").contains("\"uds_path\":\"$T/w\""));
        reopen();
        refused("PUT", "/snapshot/load", load.replace("}}", "}, 'network_overrides': [{'iface_id': 'e', 'host_dev_name': 't'}]}"),
                RESTORE + "Unknown Network Device.");
        assertEquals(VmExitReason.HOST_ERROR, exit(), "the end, as at Firecracker");
    }

    private VmExitReason exit() {
        try {
            return server.await().reason();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
            "none | Failed to open snapshot file: No such file or directory (os error 2)",
            "empty | Failed to load snapshot state from file: $T/empty is no snapshot's state of vmm4j's: it is empty",
            "root.img | Failed to load snapshot state from file: $T/root.img is no snapshot's state of vmm4j's: it is something else",
            "fc | Failed to load snapshot state from file: $T/fc is a snapshot of Firecracker's, whose state vmm4j cannot read: take one with vmm4j"})
    void aFileThatIsNoStateIsRefusedForWhatItIs(String file, String why) throws IOException {
        Files.createFile(directory.resolve("empty"));
        Files.write(directory.resolve("fc"), ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN).putLong(0x0710_1984_8664_0000L).array());
        refused("PUT", "/snapshot/load", LOAD.formatted(file, "root.img"), STATE + why);
        assertEquals(VmExitReason.HOST_ERROR, exit());
    }

    @Test
    @Tag("kvm")
    void whereNobodyBringsTheMemoryInTheSocketIsWhatIsWrong() throws IOException {
        start();
        pause();
        done("PUT", "/snapshot/create", CREATE.formatted("s", "m", "Full"));
        String load = LOAD.replace("File", "Uffd").formatted("s", "handler");
        String from = RESTORE + "Failed to load guest memory: Error creating guest memory from uffd: Failed to connect to UDS Unix stream: ";
        reopen();
        refused("PUT", "/snapshot/load", load, from + "No such file or directory (os error 2)");
        UnixSocket.listen(directory.resolve("handler").toString(), 1).close();
        reopen();
        refused("PUT", "/snapshot/load", load, from + "Connection refused (os error 111)");
        assertEquals(VmExitReason.HOST_ERROR, exit());
    }

    @Test
    void memoryThatDoesNotOpenIsRefused() throws IOException {
        refused("PUT", "/snapshot/load", LOAD.formatted("root.img", "none"), RESTORE + "Failed to load guest memory: Error creating guest memory from file: "
                + "Failed to load guest memory: No such file or directory (os error 2)");
    }

    @Test
    void onlyAProcessWithoutAMachineOfItsOwnLoads() throws IOException {
        done("PUT", "/machine-config", "{'vcpu_count': 1, 'mem_size_mib': 16}");
        refused("PUT", "/snapshot/load", LOAD.formatted("s", "m"),
                "Load snapshot error: Loading a microVM snapshot not allowed after configuring boot-specific resources.");
        assertTrue(get("/").contains("Not started"), "and goes on");
        assertFalse(get("/").contains("Paused"));
    }
}
