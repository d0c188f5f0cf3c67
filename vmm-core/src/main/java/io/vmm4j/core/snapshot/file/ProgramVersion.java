package io.vmm4j.core.snapshot.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** The version of this vmm4j, which files of snapshots are marked with. */
final class ProgramVersion {

    private ProgramVersion() {
    }

    /** Such as {@code 0.1.0}. */
    static String text() {
        try (InputStream resource = ProgramVersion.class.getResourceAsStream("version.txt")) {
            return resource == null ? "unknown" : new String(resource.readAllBytes(), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            return "unknown";
        }
    }
}
