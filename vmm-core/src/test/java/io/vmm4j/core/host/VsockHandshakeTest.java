package io.vmm4j.core.host;

import static io.vmm4j.core.host.VsockSocketsRig.read;
import static io.vmm4j.core.host.VsockSocketsRig.send;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a host program says to be connected to the guest. */
@Timeout(60)
class VsockHandshakeTest {
    private static final long AGES = TimeUnit.HOURS.toNanos(1);
    private static final VsockSockets.Limits FEW = new VsockSockets.Limits(2, AGES, AGES, 1);

    @TempDir
    private Path directory;
    private VsockSocketsRig rig;

    private void start(VsockSockets.Limits limits) throws IOException {
        rig = new VsockSocketsRig(directory.resolve("v.sock"), limits);
    }

    private void start() throws IOException {
        start(VsockSockets.Limits.DEFAULT);
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
    }

    /** The end, whether the program had anything unread or not. */
    private static void assertDisconnected(SocketChannel program) {
        try {
            assertEquals("", read(program, 1), "no answer");
        } catch (IOException e) {
            assertTrue(e.getMessage().contains("reset"), e.toString());
        }
    }

    @Test
    void aProgramNamesThePortAndIsToldItsOwnOnceTheGuestHasAccepted() throws Exception {
        start();
        SocketChannel program = rig.connectedProgram();
        LoopGuest.Connection connection = rig.guest().awaitConnection();
        assertEquals(52, connection.port());
        program.configureBlocking(false);
        assertEquals(0, program.read(java.nio.ByteBuffer.allocate(1)), "no answer before the guest's");
        program.configureBlocking(true);
        connection.establish(1073741824L);
        assertEquals("OK 1073741824\n", read(program, 14));
    }

    @ParameterizedTest
    @CsvSource({"'CONNECT 0\n', 0", "'connect 4294967295\n', 4294967295", "'CoNnEcT  \t52 \r\n', 52", "' CONNECT 52\n', 52",
        "'CONNECT 0000000052           \r\n', 52"})
    void theLineMayBeWrittenInManyWays(String line, long port) throws Exception {
        start();
        send(rig.program(), line);
        assertEquals(port, rig.guest().awaitConnection().port());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "CONNECT\n", "CONNECT \n", "HELLO 52\n", "CONNECT x\n", "CONNECT -1\n", "CONNECT +1\n", "CONNECT 1 2\n",
        "CONNECT52\n", "CONNECT 4294967296\n", "CONNECT 99999999999999999999\n", "CONNECT 0x34\n", "CONNECT \u00005\n",
        "CONNECT 0000000000000000000000052\n", "GET / HTTP/1.1\r\nHost: localhost:52\r\n\r\n", "CONNECT CONNECT CONNECT CONNECT CONNECT"})
    void aWrongLineIsTheEnd(String line) throws Exception {
        start();
        SocketChannel program = rig.program();
        send(program, line);
        assertDisconnected(program);
        assertTrue(rig.guest().isUnasked(), "the guest heard of it");
        send(rig.program(), "CONNECT 7\n");
        assertEquals(7, rig.guest().awaitConnection().port(), "others are let in");
    }

    @Test
    void theLineMayComeInPieces() throws Exception {
        start();
        SocketChannel program = rig.program();
        for (String piece : "CONNECT 52\n".split("")) {
            assertTrue(rig.guest().isUnasked());
            send(program, piece);
            // The loop takes each piece by itself.
            LoopGuest.call(rig.loop(), () -> null);
        }
        assertEquals(52, rig.guest().awaitConnection().port());
    }

    @Test
    void whatFollowsTheLineIsData() throws Exception {
        start();
        send(rig.program(), "CONNECT 52\nhello\nCONNECT 53\n");
        LoopGuest.Connection connection = rig.guest().awaitConnection();
        assertEquals("hello\nCONNECT 53\n", connection.readOnce(100));
        assertTrue(rig.guest().isUnasked());
    }

    @Test
    void aProgramThatLeavesInTheMiddleIsForgotten() throws Exception {
        start(FEW);
        for (int i = 0; i < 20; i++) {
            SocketChannel program = rig.program();
            send(program, "CONNECT 5");
            program.close();
        }
        rig.connectedProgram();
        assertEquals(52, rig.guest().awaitConnection().port(), "those who left take no place");
    }

    @Test
    void aHalfCloseBeforeTheLineIsTheEndAndOneBehindItIsNot() throws Exception {
        start();
        SocketChannel early = rig.program();
        send(early, "CONNECT 5");
        early.shutdownOutput();
        assertDisconnected(early);
        SocketChannel late = rig.connectedProgram();
        late.shutdownOutput();
        LoopGuest.Connection connection = rig.guest().awaitConnection();
        assertEquals(52, connection.port());
        assertEquals(0, connection.readToEnd().length);
    }

    @Test
    void aProgramThatTheGuestRefusesIsDisconnectedWithoutAnAnswer() throws Exception {
        start();
        rig.guest().refuseAll();
        assertDisconnected(rig.connectedProgram());
    }

    @Test
    void aProgramThatSaysNothingIsDisconnectedAndOthersAreNot() throws Exception {
        start(new VsockSockets.Limits(2, TimeUnit.MILLISECONDS.toNanos(50), AGES, 1));
        SocketChannel talker = rig.connectedProgram();
        LoopGuest.Connection connection = rig.guest().awaitConnection();
        SocketChannel first = rig.program();
        SocketChannel second = rig.program();
        assertDisconnected(first);
        assertDisconnected(second);
        connection.establish(5);
        assertEquals("OK 5\n", read(talker, 5));
    }

    @Test
    void moreThanMayTalkAtATimeWaitTheirTurnAndNoneIsForgotten() throws Exception {
        start(FEW);
        SocketChannel slow = rig.program();
        List<SocketChannel> crowd = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            crowd.add(rig.program());
        }
        // Only those in front are listened to, so the last to come does not get by.
        send(crowd.get(49), "CONNECT 49\n");
        for (int i = 0; i < 49; i++) {
            send(crowd.get(i), "CONNECT " + i + "\n");
            assertEquals(i, rig.guest().awaitConnection().port(), "in order, with one place left");
        }
        assertEquals(49, rig.guest().awaitConnection().port());
        send(slow, "CONNECT 99\n");
        assertEquals(99, rig.guest().awaitConnection().port());
    }
}
