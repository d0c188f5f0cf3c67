package io.vmm4j.core.rootfs;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The programs of e2fsprogs that make images. */
public final class Tools {

    /** Makes an empty file system. */
    public static final String MKE2FS = "mke2fs";
    /** Puts files into it. */
    public static final String DEBUGFS = "debugfs";
    /** What to do without them. */
    public static final String HINT = "install the package e2fsprogs";

    private static final List<String> PLACES = List.of("/usr/sbin", "/sbin", "/usr/local/sbin");
    /** Text that a program of these begins with when it says which it is. */
    private static final String BANNER = " 1.";
    private static final int SAID_MAX = 400;
    /** So that what is made of the same is the same: the time that they take for now, a second after 1970 began. */
    private static final String TIME = "1";

    private Tools() {
    }

    /** Where {@code program} is: on PATH, or where a user's PATH does not lead. */
    public static Optional<Path> find(String program) {
        List<String> places = new ArrayList<>();
        String path = System.getenv("PATH");
        for (String directory : path == null ? new String[0] : path.split(":")) {
            if (directory.startsWith("/")) {
                places.add(directory);
            }
        }
        places.addAll(PLACES);
        return places.stream().map(directory -> Path.of(directory, program)).filter(Files::isExecutable).findFirst();
    }

    /**
     * Runs one to its end.
     *
     * @throws RootfsException when there is no such program
     * @throws IOException     when it fails or has something to say on its standard error: its first line
     */
    static void run(Path directory, String program, List<String> words) throws IOException {
        Path path = find(program).orElseThrow(() -> new RootfsException("there is no " + program + " on this host: " + HINT));
        List<String> command = new ArrayList<>(List.of(path.toString()));
        command.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile()).redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("LC_ALL", "C");
        builder.environment().put("MKE2FS_CONFIG", "/dev/null");
        builder.environment().put("E2FSPROGS_FAKE_TIME", TIME);
        Process process = builder.start();
        try (BufferedReader errors = new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.ISO_8859_1))) {
            String complaint = firstComplaint(program, errors);
            int status = process.waitFor();
            if (status != 0 || complaint != null) {
                throw new IOException(program + (complaint == null ? " ended with status " + status : ": " + complaint));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + program + " runs", e);
        } finally {
            process.destroyForcibly();
        }
    }

    private static String firstComplaint(String program, BufferedReader errors) throws IOException {
        String complaint = null;
        for (String line = errors.readLine(); line != null; line = errors.readLine()) {
            if (complaint == null && !line.isBlank() && !line.startsWith(program + BANNER)) {
                complaint = line.strip().substring(0, Math.min(SAID_MAX, line.strip().length()));
            }
        }
        return complaint;
    }
}
