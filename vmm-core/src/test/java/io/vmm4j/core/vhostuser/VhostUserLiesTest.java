package io.vmm4j.core.vhostuser;

import static io.vmm4j.core.vhostuser.VhostUserRig.FEATURES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.libc.MemFd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Back ends that break the protocol, or say nothing: it is their device's trouble only. */
@Timeout(120)
class VhostUserLiesTest {

    private static final int NEEDS_RESET = 64;
    private static final Timing HASTY = new Timing(Duration.ofMillis(200), Duration.ofMillis(1), Duration.ofMillis(20), Duration.ZERO);

    @TempDir
    private Path directory;
    private Path socket;
    private TestBackEnd backEnd;
    private VhostUserRig rig;

    @BeforeEach
    void listen() throws IOException {
        socket = directory.resolve("back-end");
        backEnd = new TestBackEnd(socket);
    }

    @AfterEach
    void end() throws IOException {
        if (rig != null) {
            rig.close();
        }
        backEnd.close();
    }

    private void begin(Timing timing) throws Exception {
        backEnd.start();
        rig = new VhostUserRig(socket, new BlockShape(1, VhostUserRig.QUEUE_SIZE, true), timing);
        rig.driver.start(FEATURES, rig.queue);
        rig.settle();
    }

    private static ByteBuffer bytes(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private String refusal() {
        backEnd.start();
        return assertThrows(IOException.class, () -> BackEndPort.open(socket, new BlockShape(2, 16, true), HASTY)).getMessage();
    }

    @Test
    void whatABackEndLacksIsNamedBeforeThereIsADevice() throws Exception {
        backEnd.features &= ~TestBackEnd.VERSION_1;
        assertEquals("does not offer VIRTIO_F_VERSION_1", refusal());
    }

    @Test
    void aBackEndWithoutTheDiskIsNone() {
        backEnd.protocolFeatures &= ~(1 << 9);
        assertEquals("does not give its configuration space (VHOST_USER_PROTOCOL_F_CONFIG)", refusal());
    }

    @Test
    void moreQueuesThanABackEndServesAreRefused() {
        backEnd.queueLimit = 1;
        assertEquals("serves 1 queues and not 2", refusal());
    }

    @Test
    void queuesThatTheDriverCouldNotFindAreRefused() {
        backEnd.features &= ~TestBackEnd.BLK_MQ;
        assertEquals("has 1 queue and not 2", refusal());
    }

    @Test
    void aBackEndThatNeverAnswersIsNotWaitedForForEver() {
        backEnd.manners = (self, request, payload) -> request == 1;
        assertEquals("has not answered GET_FEATURES within 200 ms", refusal());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "another request  | 2 | 5 | 8  | has answered GET_FEATURES by message 2 with flags 0x5",
        "no reply         | 1 | 1 | 8  | has answered GET_FEATURES by message 1 with flags 0x1",
        "another version  | 1 | 6 | 8  | has answered GET_FEATURES by message 1 with flags 0x6",
        "too short        | 1 | 5 | 4  | has answered GET_FEATURES by 4 bytes in place of 8",
        "too long         | 1 | 5 | 64 | has answered GET_FEATURES by 64 bytes in place of 8",
    })
    void aWrongAnswerIsRefused(String what, int request, int flags, int length, String message) {
        backEnd.manners = (self, asked, payload) -> {
            if (asked == 1) {
                self.send(request, flags, bytes(length));
            }
            return asked == 1;
        };
        assertEquals(message, refusal());
    }

    @Test
    void anAnswerOfEndlessLengthIsRefusedBeforeItIsRead() {
        backEnd.manners = (self, asked, payload) -> {
            if (asked == 1) {
                self.sendHeader(1, 5, -1);
            }
            return asked == 1;
        };
        assertEquals("has answered GET_FEATURES by 4294967295 bytes in place of 8", refusal());
    }

    @ParameterizedTest
    @CsvSource({"0", "12", "71", "73"})
    void aConfigurationOfAnotherSizeIsRefused(int length) {
        backEnd.manners = (self, asked, payload) -> {
            if (asked == 24) {
                self.send(24, 5, bytes(length));
            }
            return asked == 24;
        };
        String message = refusal();
        assertTrue(message.equals("does not give the 60 bytes of its configuration space")
                || message.equals("has answered GET_CONFIG by 73 bytes in place of 0 to 72"), message);
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    @Test
    void filesThatNobodyAskedForAreClosed() throws Exception {
        try (MemFd file = MemFd.create("flood", 4096, 0)) {
            int[] flood = new int[100];
            Arrays.fill(flood, file.fd().value());
            backEnd.manners = (self, asked, payload) -> {
                if (asked == 1 || asked == 15) {
                    self.send(asked, 5, bytes(8).putLong(0, asked == 1 ? self.features : self.protocolFeatures), flood);
                }
                return asked == 1 || asked == 15;
            };
            backEnd.start();
            BackEndPort.open(socket, new BlockShape(1, 16, true), HASTY).close();
            long before = descriptors();
            for (int i = 0; i < 5; i++) {
                BackEndPort.open(socket, new BlockShape(1, 16, true), HASTY).close();
            }
            assertTrue(descriptors() - before < 10, "descriptors stay open");
        }
    }

    private void awaitNeedsReset() throws Exception {
        rig.awaitInterrupt();
        assertEquals(NEEDS_RESET, rig.driver.status() & NEEDS_RESET);
    }

    @Test
    void aBackEndThatRefusesIsCutOffUntilTheGuestResetsTheDevice() throws Exception {
        backEnd.manners = (self, asked, payload) -> {
            if (asked == 5) {
                self.reply(5, 1);
            }
            return asked == 5;
        };
        begin(VhostUserRig.FAST);
        awaitNeedsReset();
        backEnd.manners = (self, asked, payload) -> false;
        rig.driver.start(FEATURES, rig.queue);
        rig.settle();
        int id = rig.read(1);
        assertEquals(id, rig.awaitUsed().id());
        assertEquals(0, rig.driver.status() & NEEDS_RESET);
    }

    @ParameterizedTest
    @CsvSource({"1, 5", "0, 65536", "0, -1"})
    void aRingThatIsSaidToBeWhereItCannotBeBreaksTheDeviceOnly(int index, int base) throws Exception {
        backEnd.manners = (self, asked, payload) -> {
            if (asked == 11) {
                self.send(11, 5, bytes(8).putInt(0, index).putInt(4, base));
            }
            return asked == 11;
        };
        begin(VhostUserRig.FAST);
        rig.device.pause().get(30, TimeUnit.SECONDS);
        awaitNeedsReset();
        rig.device.resume();
        rig.settle();
        rig.driver.reset();
        assertEquals(0, rig.driver.status());
    }

    @Test
    void aBackEndThatDoesNotStopIsLeftAndTheResetEnds() throws Exception {
        begin(HASTY);
        backEnd.manners = (self, asked, payload) -> asked == 11;
        rig.driver.reset();
        rig.settle();
        assertEquals(0, rig.driver.status());
        backEnd.manners = (self, asked, payload) -> false;
        rig.driver.start(FEATURES, rig.queue);
        rig.settle();
        assertEquals(rig.read(1), rig.awaitUsed().id());
    }

    @Test
    void aWaitForABackEndEndsWithTheDevice() throws Exception {
        begin(new Timing(Duration.ofDays(1), Duration.ofMillis(1), Duration.ofMillis(20), Duration.ZERO));
        backEnd.manners = (self, asked, payload) -> asked == 11;
        rig.device.pause();
        VhostUserRig.awaitRequest(backEnd, 11);
        rig.close();
        rig = null;
    }

    @Test
    void anErrorOfAQueueBreaksTheDevice() throws Exception {
        begin(VhostUserRig.FAST);
        backEnd.signalError();
        awaitNeedsReset();
    }

    @Test
    void requestsThatAreNoneAreRefusedAndAFloodOfThemKeepsNobody() throws Exception {
        begin(VhostUserRig.FAST);
        for (int i = 0; i < 200; i++) {
            backEnd.ask(1 + i % 9, 0);
        }
        int id = rig.read(1);
        assertEquals(id, rig.awaitUsed().id());
        rig.settle();
    }

    @Test
    void aRequestOfEndlessLengthBreaksTheDevice() throws Exception {
        begin(VhostUserRig.FAST);
        backEnd.ask(2, 1 << 30);
        awaitNeedsReset();
    }

    @Test
    void aBackEndThatComesAndGoesIsLookedForAllTheTime() throws Exception {
        backEnd.manners = (self, asked, payload) -> {
            if (asked == 18 && self.connections < 10) {
                self.drop();
            }
            return asked == 18 && self.connections < 10;
        };
        begin(VhostUserRig.FAST);
        while (backEnd.connections < 10) {
            VhostUserRig.awaitRequest(backEnd, 3);
        }
        VhostUserRig.awaitRequest(backEnd, 18);
        rig.settle();
        int id = rig.read(1);
        assertEquals(id, rig.awaitUsed().id());
    }
}
