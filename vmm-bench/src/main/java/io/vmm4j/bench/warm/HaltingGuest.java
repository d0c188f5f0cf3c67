package io.vmm4j.bench.warm;

import io.vmm4j.cli.training.TinyGuest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A kernel that prints one byte on COM1 and halts for good. */
final class HaltingGuest {

    /** Behind the instruction that prints. */
    private static final int CODE_OFFSET = 0x1008;
    /** {@code hlt}, and a jump back to it. */
    private static final byte[] HALT = {(byte) 0xF4, (byte) 0xEB, (byte) 0xFD};

    private HaltingGuest() {
    }

    static Path writeTo(Path file) throws IOException {
        byte[] image = TinyGuest.image();
        System.arraycopy(HALT, 0, image, CODE_OFFSET, HALT.length);
        return Files.write(file, image);
    }
}
