package io.vmm4j.core.snapshot.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class StateFileTest {

    private static final State STATE = State.builder().put("low", Long.MIN_VALUE).put("high", Long.MAX_VALUE).put("on", true).put("none", new byte[0])
            .put("bytes", new byte[300_001]).put("text", "äöü \ud83d\ude00").put("part", State.builder().put("x", 1).build())
            .put("parts", List.of(State.builder().build(), State.builder().put("y", State.builder().put("z", -1).build()).build()))
            .put("nothing", List.of()).build();

    private static byte[] file() throws StateException {
        return StateFile.encode("1.2.3", STATE);
    }

    private static String refusal(byte[] bytes) {
        String message = assertThrows(SnapshotFileException.class, () -> StateFile.decode(bytes, "/a/state")).getMessage();
        assertTrue(message.startsWith("/a/state "), message);
        assertFalse(message.contains("\n"), message);
        return message;
    }

    /** With a checksum that fits, as one has who makes a file on purpose. */
    private static byte[] sealed(byte[] file) {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(16, file.length);
        CRC32C sum = new CRC32C();
        sum.update(file, 0, 8);
        sum.update(file, 12, file.length - 12);
        bytes.putInt(8, (int) sum.getValue());
        return file;
    }

    private static byte[] withBody(byte[] body) throws StateException {
        byte[] file = Arrays.copyOf(Arrays.copyOf(file(), 64), 64 + body.length);
        System.arraycopy(body, 0, file, 64, body.length);
        return sealed(file);
    }

    private interface Writer {
        void write(CBORGenerator generator) throws IOException;
    }

    private static byte[] cbor(Writer writer) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (CBORGenerator generator = new CBORFactory().createGenerator(bytes)) {
            writer.write(generator);
        }
        return bytes.toByteArray();
    }

    @Test
    void aStateComesBackAsItWas() throws Exception {
        StateFile read = StateFile.decode(file(), "f");
        assertEquals(STATE, read.state());
        assertEquals("1.2.3", read.program());
        assertEquals(1, read.format());
    }

    @Test
    void statesAtRandomComeBackAsTheyWere() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            State state = random(random, 0);
            assertEquals(state, StateFile.decode(StateFile.encode("v", state), "f").state(), "seed " + seed);
        }
    }

    private static State random(Random random, int depth) {
        State.Builder state = State.builder();
        int count = random.nextInt(6);
        for (int i = 0; i < count; i++) {
            String name = "n" + i;
            switch (random.nextInt(depth > 4 ? 3 : 5)) {
                case 0 -> state.put(name, random.nextLong() >> random.nextInt(64));
                case 1 -> {
                    byte[] bytes = new byte[random.nextInt(3000)];
                    random.nextBytes(bytes);
                    state.put(name, bytes);
                }
                case 2 -> state.put(name, "t".repeat(random.nextInt(300)) + (char) (0x100 + random.nextInt(0x400)));
                case 3 -> state.put(name, random(random, depth + 1));
                default -> state.put(name, List.of(random(random, depth + 1), random(random, depth + 1)));
            }
        }
        return state.build();
    }

    @Test
    void everyBitThatFlipsIsSeen() throws Exception {
        byte[] file = StateFile.encode("1.2.3", State.builder().put("a", 5).put("b", new byte[20]).build());
        for (int bit = 0; bit < file.length * 8; bit++) {
            byte[] other = file.clone();
            other[bit / 8] ^= (byte) (1 << bit % 8);
            refusal(other);
        }
    }

    @Test
    void everyLengthThatIsTooShortIsSeen() throws Exception {
        byte[] file = StateFile.encode("1.2.3", State.builder().put("a", 5).put("b", new byte[20]).build());
        for (int length = 0; length < file.length; length++) {
            refusal(Arrays.copyOf(file, length));
        }
        assertTrue(refusal(Arrays.copyOf(file, 30)).contains("30 bytes, fewer than its header"));
        assertTrue(refusal(Arrays.copyOf(file, file.length + 1)).contains("was written with " + file.length));
    }

    @Test
    void firecrackersFilesAreRefusedByName() {
        byte[] theirs = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN).putLong(0x0710198486640000L).array();
        assertTrue(refusal(theirs).contains("Firecracker"));
        byte[] ofArm = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN).putLong(0x07101984AAAA0000L).array();
        assertTrue(refusal(ofArm).contains("Firecracker"));
    }

    @Test
    void otherFilesAreRefusedForWhatTheyAre() {
        assertEquals("/a/state is no snapshot's state of vmm4j's: it is empty", refusal(new byte[0]));
        assertTrue(refusal("\u007fELF and so on".getBytes(StandardCharsets.ISO_8859_1)).contains("an ELF file"));
        assertTrue(refusal("{\"json\": 1}".getBytes(StandardCharsets.ISO_8859_1)).contains("something else"));
    }

    @Test
    void aNewerFormatIsRefusedNamingBoth() throws Exception {
        byte[] file = file();
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(12, 2);
        String message = refusal(sealed(file));
        assertTrue(message.contains("vmm4j 1.2.3 in format 2") && message.contains("reads format 1"), message);
        assertFalse(message.contains("unknown") || message.contains("$"), message);
    }

    @Test
    void whatStatesHaveNotIsRefused() throws Exception {
        for (Writer writer : List.<Writer>of(
                g -> g.writeNumber(1),
                g -> { },
                g -> object(g, () -> g.writeNumberField("x", 1.5)),
                g -> object(g, () -> g.writeNullField("x")),
                g -> object(g, () -> g.writeBooleanField("x", true)),
                g -> object(g, () -> { g.writeFieldName("x"); g.writeNumber(new java.math.BigInteger("18446744073709551615")); }),
                g -> object(g, () -> { g.writeFieldName("x"); g.writeStartArray(); g.writeNumber(1); g.writeEndArray(); }),
                g -> object(g, () -> { g.writeNumberField("x", 1); g.writeNumberField("x", 2); }),
                g -> object(g, () -> g.writeNumberField("n".repeat(201), 1)),
                g -> object(g, () -> g.writeStringField("x", "t".repeat(65537))),
                g -> { g.writeStartObject(); g.writeEndObject(); g.writeStartObject(); g.writeEndObject(); },
                g -> {
                    for (int i = 0; i < 33; i++) {
                        g.writeStartObject();
                        g.writeFieldName("d");
                    }
                    g.writeNumber(1);
                    for (int i = 0; i < 33; i++) {
                        g.writeEndObject();
                    }
                })) {
            byte[] body = cbor(writer);
            assertTrue(refusal(withBody(body)).contains("no state of a machine"), () -> Arrays.toString(body));
        }
    }

    private interface Content {
        void write() throws IOException;
    }

    private static void object(CBORGenerator generator, Content content) throws IOException {
        generator.writeStartObject();
        content.write();
        generator.writeEndObject();
    }

    /** Definite lengths that say more than there is: nothing is allocated for them. */
    @Test
    void lengthsThatLieAreRefused() throws Exception {
        byte[] bytes = {(byte) 0xbf, 0x61, 'x', 0x5a, 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff, 1, 2};
        refusal(withBody(bytes));
        byte[] text = {(byte) 0xbf, 0x61, 'x', 0x7b, 0, 0, 0, 0, 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff, 'a'};
        refusal(withBody(text));
        byte[] list = {(byte) 0xbf, 0x61, 'x', (byte) 0x9a, 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xa0};
        refusal(withBody(list));
        byte[] map = {(byte) 0xba, 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff};
        refusal(withBody(map));
    }

    @Test
    void whatCouldNotBeReadAgainIsNotWritten() {
        State deep = State.builder().build();
        for (int i = 0; i < 32; i++) {
            deep = State.builder().put("d", deep).build();
        }
        State tooDeep = deep;
        assertThrows(StateException.class, () -> StateFile.encode("v", tooDeep));
        assertThrows(StateException.class, () -> StateFile.encode("v", State.builder().put("n".repeat(201), 1).build()));
        assertThrows(StateException.class, () -> StateFile.encode("v", State.builder().put("x", "t".repeat(65537)).build()));
    }

    @Test
    void theDeepestAndLongestThatIsWrittenIsRead() throws Exception {
        State state = State.builder().put("n".repeat(200), "t".repeat(65536)).build();
        for (int i = 0; i < 31; i++) {
            state = State.builder().put("d", state).build();
        }
        assertEquals(state, StateFile.decode(StateFile.encode("v", state), "f").state());
    }
}
