package io.vmm4j.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The built program with a guest of a few bytes. */
final class TinyProgram {

    private TinyProgram() {
    }

    /** Its command line; the guest's files are made in {@code directory}. */
    static List<String> words(Path directory, TinyKernel kernel, String... more) throws IOException {
        Path image = Files.createTempFile(directory, "kernel", "");
        Path initrd = Files.write(directory.resolve("initrd"), new byte[] {1});
        List<String> words = LinuxGuest.program("--kernel-path", kernel.writeTo(image).toString(), "--initrd-path", initrd.toString());
        words.addAll(List.of(more));
        return words;
    }
}
