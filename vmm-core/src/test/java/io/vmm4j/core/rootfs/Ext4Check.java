package io.vmm4j.core.rootfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What e2fsprogs finds in an image. */
final class Ext4Check {

    private final Path image;

    /** Of a whole image: e2fsck finds nothing to repair. */
    Ext4Check(Path image) throws Exception {
        this.image = image;
        String said = run(List.of("e2fsck", "-fn", image.toString()));
        assertEquals("0", said.substring(said.lastIndexOf('\n') + 1), said);
    }

    /** Skips the test where there is no e2fsprogs. */
    static void require() {
        assumeTrue(Tools.find(Tools.MKE2FS).isPresent() && Tools.find(Tools.DEBUGFS).isPresent(), "no mke2fs or debugfs: " + Tools.HINT);
    }

    /** What debugfs answers to a request. */
    String debugfs(String request) throws Exception {
        String said = run(List.of("debugfs", "-R", request, image.toString()));
        return said.substring(0, said.lastIndexOf('\n')).replaceFirst("debugfs 1\\..*\n", "");
    }

    /** Mode, owner and name of what a directory has, by name. */
    List<String> list(String directory) throws Exception {
        List<String> lines = new ArrayList<>();
        for (String line : debugfs("ls -p " + directory).split("\n")) {
            String[] parts = line.split("/", -1);
            if (parts.length > 6 && !parts[5].isEmpty() && !parts[5].equals(".") && !parts[5].equals("..") && !parts[5].equals("lost+found")) {
                lines.add(parts[2] + " " + parts[3] + ":" + parts[4] + " " + parts[5]);
            }
        }
        lines.sort(Comparator.comparing(line -> line.split(" ", 3)[2]));
        return lines;
    }

    String content(String file) throws Exception {
        return debugfs("cat " + file);
    }

    /** Standard output and errors, and the status on a last line. */
    private static String run(List<String> words) throws Exception {
        List<String> command = new ArrayList<>(words);
        command.set(0, Tools.find(words.get(0)).orElseThrow().toString());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        builder.environment().put("TZ", "UTC");
        builder.environment().put("DEBUGFS_PAGER", "cat");
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return said + "\n" + process.waitFor();
    }
}
