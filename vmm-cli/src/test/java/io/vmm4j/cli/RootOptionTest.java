package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --rootfs} with what is no disk's image. */
class RootOptionTest {

    @TempDir
    Path directory;

    private static List<String> problems(String... words) {
        return new OptionMapper(ArgumentParser.parse(words)).problems();
    }

    @Test
    void whatFollowsTheMarkIsForAContainerOnlyBehindWhatMayBeOne() throws Exception {
        String archive = Files.createFile(directory.resolve("app.tar")).toString();
        String image = Files.createFile(directory.resolve("root.img")).toString();
        for (String[] words : new String[][] {{"-k", "k", "-r", archive, "--", "-x", "stop"}, {"create", "-k", "k", "--rootfs=" + archive + ":1", "--", "-x", "stop"},
            {"-k", "k", "-r", directory.toString(), "--", "-x", "stop"}}) {
            Arguments arguments = ArgumentParser.parse(words);
            assertEquals(List.of("-x", "stop"), arguments.guestWords());
            assertEquals(List.of(), arguments.problems());
        }
        assertEquals(List.of("unknown option -x"), ArgumentParser.parse("-k", "k", "-r", image, "--", "-x").problems());
    }

    @Test
    void itsSizeAndAFormatExcludeEachOthersKinds() throws Exception {
        String image = Files.createFile(directory.resolve("root.img")).toString();
        assertEquals(List.of(), problems("-k", "k", "-r", directory.toString(), "--rootfs-size", "2G"));
        assertEquals(List.of("a size is for an image that is made of a directory, an archive or a container image (--rootfs-size)"),
                problems("-k", "k", "-r", image, "--rootfs-size", "2G"));
        assertEquals(List.of("a format is for a disk's image, and " + directory + " is none (--rootfs-format)"),
                problems("-k", "k", "-r", directory.toString(), "--rootfs-format", "raw"));
        assertEquals(1, problems("-k", "k", "-r", directory.toString(), "--rootfs-size", "much").size());
    }

    @Test
    void anImageThatOnlyLooksLikeAnArchiveInsideIsADisks() throws Exception {
        Path image = Files.write(directory.resolve("root.img"), new byte[1024]);
        assertEquals(false, RootOption.isSource(ArgumentParser.parse("-r", image.toString())));
        assertEquals(false, RootOption.isSource(ArgumentParser.parse("-r", directory.resolve("none.tar").toString())));
    }
}
