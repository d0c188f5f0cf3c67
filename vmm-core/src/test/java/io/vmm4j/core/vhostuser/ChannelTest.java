package io.vmm4j.core.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.vhostuser.VhostUserConstants.Request;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Exchanges whose other end is the test. */
class ChannelTest {

    private UnixSocket other;
    private Channel channel;
    private boolean isEnding;

    @BeforeEach
    void connect() throws IOException {
        List<UnixSocket> ends = UnixSocket.pair();
        other = ends.get(1);
        channel = new Channel(ends.get(0), Duration.ofSeconds(30), () -> isEnding);
    }

    @AfterEach
    void close() {
        channel.close();
        other.close();
    }

    private void answer(int... files) throws IOException {
        ByteBuffer message = ByteBuffer.allocateDirect(20).order(ByteOrder.LITTLE_ENDIAN).putInt(1).putInt(5).putInt(8).putLong(77).flip();
        assertEquals(20, files.length == 0 ? other.send(message) : other.send(message, files));
    }

    @Test
    void anAnswerThatIsThereIsNotTakenOnceTheDeviceEnds() throws Exception {
        answer();
        answer();
        assertEquals(77, channel.reply(Request.GET_FEATURES, 8).getLong());
        isEnding = true;
        VhostUserException e = assertThrows(VhostUserException.class, () -> channel.reply(Request.GET_FEATURES, 8));
        assertEquals("is not waited for, as the device ends", e.getMessage());
    }

    @Test
    void nothingIsSentOnceTheDeviceEnds() throws Exception {
        isEnding = true;
        channel.payload();
        assertThrows(VhostUserException.class, () -> channel.send(Request.GET_FEATURES, 0));
        assertEquals(0, other.poll(Fd.POLLIN, 0));
    }

    @Test
    void filesThatNobodyAskedForAreDropped() throws Exception {
        List<UnixSocket> watched = UnixSocket.pair();
        try (UnixSocket kept = watched.get(0); UnixSocket sent = watched.get(1)) {
            answer(sent.fd());
            sent.close();
            assertEquals(0, kept.poll(Fd.POLLIN, 0), "on its way");
            assertEquals(77, channel.reply(Request.GET_FEATURES, 8).getLong());
            assertTrue(kept.poll(Fd.POLLIN, 30_000) != 0, "nobody has its other end any more");
        }
    }
}
