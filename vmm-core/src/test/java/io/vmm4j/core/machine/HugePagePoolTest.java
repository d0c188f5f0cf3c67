package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HugePagePoolTest {

    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    private HugePagePool pool(int total, int free, int reserved) throws IOException {
        Files.writeString(directory.resolve("nr_hugepages"), total + "\n");
        Files.writeString(directory.resolve("free_hugepages"), free + "\n");
        Files.writeString(directory.resolve("resv_hugepages"), reserved + "\n");
        return new HugePagePool(2 * MIB, directory);
    }

    @Test
    void whatIsMissingIsToBeSetAsideOnTopOfWhatThereIs() throws IOException {
        assertEquals("10 huge pages of 2 MiB are needed and 3 are free; echo 27 > " + directory.resolve("nr_hugepages") + " sets more aside",
                pool(20, 5, 2).describe(20 * MIB));
    }

    @Test
    void aPoolThatHasEnoughIsNotBlamed() throws IOException {
        assertEquals("10 huge pages of 2 MiB are needed and 10 are free: a limit stands against it, such as a control group's on huge pages",
                pool(10, 10, 0).describe(20 * MIB));
    }
}
