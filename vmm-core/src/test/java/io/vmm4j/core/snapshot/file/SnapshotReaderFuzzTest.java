package io.vmm4j.core.snapshot.file;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.state.StateException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The reader of state files under any bytes: as they are, and with the header of a whole file around them, so that what is behind the checksum
 * is reached. Whatever they are, they are refused in one line or are a state that is written and read again as the same.
 */
final class SnapshotReaderFuzzTest {

    @FuzzTest
    void state(byte[] bytes) throws StateException {
        read(bytes);
        read(withHeader(bytes));
    }

    private static void read(byte[] bytes) throws StateException {
        StateFile file;
        try {
            file = StateFile.decode(bytes, "state");
        } catch (SnapshotFileException e) {
            requireOneLine(e.getMessage());
            return;
        }
        try {
            Manifest manifest = Manifest.restore(file.state());
            Manifest again = Manifest.restore(StateFile.decode(StateFile.encode("v", manifest.save()), "again").state());
            if (!again.save().equals(manifest.save())) {
                throw new AssertionError(again.save() + " is not " + manifest.save());
            }
        } catch (StateException e) {
            requireOneLine(e.getMessage());
        } catch (SnapshotFileException e) {
            throw new AssertionError(e);
        }
    }

    private static void requireOneLine(String message) {
        if (message.isEmpty() || message.indexOf('\n') >= 0 || message.length() > 1000) {
            throw new AssertionError(message);
        }
    }

    private static byte[] withHeader(byte[] body) {
        ByteBuffer file = ByteBuffer.allocate(64 + body.length).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(0, 0x504E534A_344D4D56L).putInt(12, 1).putLong(16, file.capacity()).put(64, body);
        CRC32C sum = new CRC32C();
        sum.update(file.array(), 0, 8);
        sum.update(file.array(), 12, file.capacity() - 12);
        return file.putInt(8, (int) sum.getValue()).array();
    }
}
