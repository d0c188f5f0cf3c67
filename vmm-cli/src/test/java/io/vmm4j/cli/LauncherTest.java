package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher, in a directory with a blank in its name, with JDKs whose java prints its arguments. */
class LauncherTest {

    private static final Path SCRIPT = Path.of("src/main/dist/bin/vmm");

    private final Map<String, String> environment = new HashMap<>();
    private Path home;
    private Path workingDirectory;

    @TempDir
    private Path directory;

    /** What a launcher did. */
    private record Run(int status, List<String> out, List<String> err) {

        boolean hasOption(String option) {
            return out.contains(option);
        }
    }

    @BeforeEach
    void install() throws IOException {
        home = directory.resolve("my programs/vmm");
        Files.createDirectories(home.resolve("bin"));
        Files.createDirectories(home.resolve("lib/archive"));
        Files.copy(SCRIPT, home.resolve("bin/vmm"));
        Files.copy(SCRIPT, home.resolve("bin/dbs-cli"));
        makeExecutable(home.resolve("bin/vmm"));
        makeExecutable(home.resolve("bin/dbs-cli"));
        workingDirectory = Files.createDirectory(directory.resolve("elsewhere"));
        environment.put("PATH", "/usr/bin:/bin");
    }

    @Test
    void argumentsArriveAsTheyWereTyped() throws Exception {
        useJavaHome(jdk("jdk", "Vendor", "17.0.1+1", "17.0.1"));
        Run run = launch(home.resolve("bin/vmm"), "create", "--boot-args", "a  b *", "", "$HOME");
        assertEquals(0, run.status(), run::toString);
        int main = run.out().indexOf("io.vmm4j.cli.Main");
        assertEquals(List.of("create", "--boot-args", "a  b *", "", "$HOME"), run.out().subList(main + 1, run.out().size()));
        assertTrue(run.hasOption("-Dvmm.name=vmm"));
        assertTrue(run.hasOption("-Xrs"), "SIGQUIT has Java print its threads until the program takes it");
        assertEquals(List.of(), run.err());
    }

    @Test
    void theOtherNameIsPassedOn() throws Exception {
        useJavaHome(jdk("jdk", "Vendor", "17.0.1+1", "17.0.1"));
        assertTrue(launch(home.resolve("bin/dbs-cli")).hasOption("-Dvmm.name=dbs-cli"));
    }

    @Test
    void itsDirectoryIsFoundThroughSymbolicLinks() throws Exception {
        useJavaHome(jdk("jdk", "Vendor", "17.0.1+1", "17.0.1"));
        Path absolute = Files.createSymbolicLink(directory.resolve("absolute"), home.resolve("bin/vmm"));
        Path links = Files.createDirectory(directory.resolve("links"));
        Path relative = Files.createSymbolicLink(links.resolve("vmm"), Path.of("../absolute"));
        for (Path link : List.of(absolute, relative)) {
            Path nativeDirectory = nativeDirectory(launch(link));
            assertEquals(home.resolve("lib/native"), nativeDirectory, link.toString());
        }
        assertTrue(launch(relative).hasOption("-Dvmm.name=vmm"), "a link gives the name");
    }

    @Test
    void itWorksFromAnyDirectoryAndThroughPath() throws Exception {
        useJavaHome(jdk("jdk", "Vendor", "17.0.1+1", "17.0.1"));
        workingDirectory = home;
        assertEquals(home.resolve("lib/native"), nativeDirectory(run(List.of("bin/vmm"))));
        workingDirectory = home.resolve("bin");
        assertEquals(home.resolve("lib/native"), nativeDirectory(run(List.of("sh", "vmm"))));
        workingDirectory = directory;
        environment.put("PATH", home.resolve("bin") + ":/usr/bin:/bin");
        assertEquals(home.resolve("lib/native"), nativeDirectory(run(List.of("/usr/bin/env", "vmm"))));
    }

    @Test
    void javaHomeComesBeforePath() throws Exception {
        Path onPath = jdk("path", "Vendor", "18+1", "18");
        environment.put("PATH", onPath.resolve("bin") + ":/usr/bin:/bin");
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("from path"));
        useJavaHome(jdk("home", "Vendor", "17.0.1+1", "17.0.1"));
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("from home"));
    }

    @Test
    void theFirstJavaOnPathIsTakenAlsoWhenItIsALink() throws Exception {
        Path real = jdk("real", "Vendor", "25+1", "25");
        Path links = Files.createDirectory(directory.resolve("links"));
        Files.createSymbolicLink(links.resolve("java"), real.resolve("bin/java"));
        environment.put("PATH", "/nonexistent:" + links + ":/usr/bin:/bin");
        Run run = launch(home.resolve("bin/vmm"));
        assertTrue(run.hasOption("from real"), run::toString);
        assertTrue(run.hasOption("--enable-native-access=ALL-UNNAMED"), "its version was read");
    }

    @Test
    void noJavaIsOneClearLine() throws Exception {
        Path empty = Files.createDirectory(directory.resolve("empty"));
        environment.put("PATH", empty.toString());
        Run run = launch(home.resolve("bin/vmm"), "--version");
        assertEquals(ExitCode.NO_JAVA.code(), run.status());
        assertEquals(List.of(), run.out());
        assertEquals(1, run.err().size(), run::toString);
        assertTrue(run.err().get(0).startsWith("vmm: no java in PATH and JAVA_HOME is not set"), run::toString);
    }

    @Test
    void aWrongJavaHomeIsOneClearLine() throws Exception {
        environment.put("JAVA_HOME", "/nonexistent");
        Run run = launch(home.resolve("bin/dbs-cli"));
        assertEquals(ExitCode.NO_JAVA.code(), run.status());
        assertEquals(List.of("dbs-cli: JAVA_HOME is /nonexistent, which has no bin/java; Java 17 or later is needed"),
                run.err());
    }

    @Test
    void anOldJavaIsRefusedByItsVersion() throws Exception {
        for (String version : List.of("1.8.0_402", "11.0.22", "16")) {
            Path old = jdk("old" + version, "Vendor", version, version);
            useJavaHome(old);
            Run run = launch(home.resolve("bin/vmm"));
            assertEquals(ExitCode.NO_JAVA.code(), run.status(), version);
            assertEquals(List.of("vmm: " + old + "/bin/java is Java " + version
                    + "; 17 or later is needed (set JAVA_HOME to one)"), run.err());
        }
    }

    @Test
    void aJavaWithoutReleaseFileIsAskedForItsVersion() throws Exception {
        Path jdk = jdk("bare", "Vendor", "21+35", "21");
        Files.delete(jdk.resolve("release"));
        useJavaHome(jdk);
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("io.vmm4j.cli.Main"));
        Files.writeString(jdk.resolve("bin/java"), "#!/bin/sh\necho 'Unrecognized option: --version' >&2\nexit 1\n");
        assertEquals(ExitCode.NO_JAVA.code(), launch(home.resolve("bin/vmm")).status());
    }

    @Test
    void onlyTheArchiveOfExactlyThisJavaIsUsed() throws Exception {
        archive("Vendor Inc.-17.0.1+1", "vmm.jsa");
        archive("Vendor Inc.-25+1", "vmm.aot");
        useJavaHome(jdk("a", "Vendor Inc.", "17.0.1+1", "17.0.1"));
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("-XX:SharedArchiveFile=" + home.resolve("bin")
                + "/../lib/archive/Vendor Inc.-17.0.1+1/vmm.jsa"));
        useJavaHome(jdk("b", "Vendor Inc.", "25+1", "25"));
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("-XX:AOTCache=" + home.resolve("bin")
                + "/../lib/archive/Vendor Inc.-25+1/vmm.aot"));
        useJavaHome(jdk("c", "Vendor Inc.", "17.0.2+1", "17.0.2"));
        assertFalse(launch(home.resolve("bin/vmm")).out().toString().contains("archive"), "another update");
        useJavaHome(jdk("d", "N/A", "17.0.1+1", "17.0.1"));
        assertFalse(launch(home.resolve("bin/vmm")).out().toString().contains("archive"), "no file has that name");
    }

    @Test
    void firecrackersDoorHasAnArchiveOfItsOwn() throws Exception {
        archive("Vendor Inc.-17.0.1+1", "vmm.jsa");
        archive("Vendor Inc.-17.0.1+1", "firecracker.jsa");
        archive("Vendor Inc.-25+1", "vmm.aot");
        archive("Vendor Inc.-25+1", "firecracker.aot");
        Path firecracker = Files.createSymbolicLink(home.resolve("bin/firecracker"), Path.of("vmm"));
        String of17 = "-XX:SharedArchiveFile=" + home.resolve("bin") + "/../lib/archive/Vendor Inc.-17.0.1+1/";
        String of25 = "-XX:AOTCache=" + home.resolve("bin") + "/../lib/archive/Vendor Inc.-25+1/";
        useJavaHome(jdk("a", "Vendor Inc.", "17.0.1+1", "17.0.1"));
        assertTrue(launch(firecracker, "--no-api").hasOption(of17 + "firecracker.jsa"));
        assertTrue(launch(home.resolve("bin/vmm"), "firecracker").hasOption(of17 + "firecracker.jsa"));
        assertTrue(launch(home.resolve("bin/vmm"), "create", "firecracker").hasOption(of17 + "vmm.jsa"));
        useJavaHome(jdk("b", "Vendor Inc.", "25+1", "25"));
        assertTrue(launch(firecracker).hasOption(of25 + "firecracker.aot"));
        assertTrue(launch(home.resolve("bin/vmm")).hasOption(of25 + "vmm.aot"));
    }

    @Test
    void nativeAccessIsAllowedWhereJavaWouldWarn() throws Exception {
        useJavaHome(jdk("a", "Vendor", "17.0.1+1", "17.0.1"));
        assertFalse(launch(home.resolve("bin/vmm")).hasOption("--enable-native-access=ALL-UNNAMED"));
        useJavaHome(jdk("b", "Vendor", "24+1", "24"));
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("--enable-native-access=ALL-UNNAMED"));
    }

    @Test
    void javaOptionsOfTheUserComeAfterOurs() throws Exception {
        useJavaHome(jdk("jdk", "Vendor", "17.0.1+1", "17.0.1"));
        environment.put("VMM_JAVA_OPTS", "-Xmx1g -Dx=y");
        List<String> out = launch(home.resolve("bin/vmm")).out();
        assertTrue(out.indexOf("-Xmx1g") > out.indexOf("-XX:+UseSerialGC"), out::toString);
        assertEquals(out.indexOf("-Xmx1g") + 1, out.indexOf("-Dx=y"));
        assertTrue(out.indexOf("-Dx=y") < out.indexOf("io.vmm4j.cli.Main"));
    }

    @Test
    void fileNamesBeyondAsciiWorkInAnyLocale() throws Exception {
        useJavaHome(jdk("jdk", "Vendor", "17.0.1+1", "17.0.1"));
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("locale: C.UTF-8"));
        environment.put("LC_ALL", "C");
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("locale: C.UTF-8"));
        environment.put("LC_ALL", "xx_XX.UTF-8");
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("locale: C.UTF-8"), "whether that is installed is not known");
        environment.put("LC_ALL", "de_DE.ISO-8859-1");
        environment.put("PATH", programs("ISO-8859-1") + ":/usr/bin:/bin");
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("locale: de_DE.ISO-8859-1"), "file names are in that encoding");
        environment.put("PATH", programs("ANSI_X3.4-1968") + ":/usr/bin:/bin");
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("locale: C.UTF-8"), "it is not installed");
        environment.put("PATH", Files.createDirectories(directory.resolve("none")).toString());
        environment.put("LANG", "de_DE");
        environment.remove("LC_ALL");
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("locale: C.UTF-8"), "nobody knows");
    }

    @Test
    void anInstallDirectoryBeyondAsciiWorksInAnyLocale() throws Exception {
        useJavaHome(jdk("jdk", "Vendor", "17.0.1+1", "17.0.1"));
        environment.put("LC_ALL", "ja_JP.eucJP");
        environment.put("PATH", programs("EUC-JP") + ":/usr/bin:/bin");
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("locale: ja_JP.eucJP"), "file names are in that encoding");
        Path beyond = directory.resolve("K\u00fcche");
        Files.createDirectories(beyond.resolve("vmm/bin"));
        Path launcher = Files.copy(SCRIPT, beyond.resolve("vmm/bin/vmm"));
        makeExecutable(launcher);
        assertTrue(launch(launcher).hasOption("locale: C.UTF-8"), "that of this directory is not");
    }

    @Test
    void aDirectoryThatWasDeletedIsOneClearLine() throws Exception {
        useJavaHome(jdk("jdk", "Vendor", "17.0.1+1", "17.0.1"));
        Run run = run(List.of("sh", "-c", "mkdir gone && cd gone && rmdir ../gone && exec '" + home.resolve("bin/vmm") + "' --version"));
        assertEquals(1, run.status(), run::toString);
        // The shell itself may have a word about it before.
        assertEquals("vmm: the current directory does not exist any more: go to one that does", run.err().get(run.err().size() - 1));
        assertEquals(List.of(), run.out());
        Run moved = run(List.of("sh", "-c", "mkdir one && cd one && mv ../one ../two && mkdir ../one && exec '" + home.resolve("bin/vmm") + "'"));
        assertEquals(0, moved.status(), moved::toString);
    }

    @Test
    void signalsThatMeanNothingAreIgnoredFromTheStart() throws Exception {
        Path jdk = jdk("jdk", "Vendor", "17.0.1+1", "17.0.1");
        Files.writeString(jdk.resolve("bin/java"), "#!/bin/sh\nsed -n 's/^SigIgn:.//p' /proc/$$/status\necho \"its own: $_JAVA_SR_SIGNUM\"\n");
        useJavaHome(jdk);
        Run run = launch(home.resolve("bin/vmm"));
        long ignored = Long.parseUnsignedLong(run.out().get(0), 16);
        // nohup has its children ignore some.
        long inherited = Long.parseUnsignedLong(run(List.of("sed", "-n", "s/^SigIgn:.//p", "/proc/self/status")).out().get(0), 16);
        for (int signal : new int[] {10, 12, 14, 16, 25, 26, 27, 29, 30, 34, 64}) {
            assertTrue((ignored >>> signal - 1 & 1) != 0, "signal " + signal);
        }
        for (int signal : new int[] {1, 2, 3, 6, 13, 15, 18, 20, 21, 22, 24}) {
            assertTrue(((ignored & ~inherited) >>> signal - 1 & 1) == 0, "signal " + signal);
        }
        assertTrue(run.hasOption("its own: 16"), run::toString);
        environment.put("_JAVA_SR_SIGNUM", "62");
        assertTrue(launch(home.resolve("bin/vmm")).hasOption("its own: 62"), "a user's choice stays");
    }

    /** A directory for PATH in which the present locale's encoding is {@code charmap}. */
    private Path programs(String charmap) throws IOException {
        Path programs = Files.createDirectories(directory.resolve("programs " + charmap));
        makeExecutable(Files.writeString(programs.resolve("locale"), "#!/bin/sh\necho " + charmap + "\n"));
        return programs;
    }

    @Test
    void standardDescriptorsThatAreClosedLeadNowhere() throws Exception {
        Path jdk = jdk("jdk", "Vendor", "17.0.1+1", "17.0.1");
        Path seen = directory.resolve("seen");
        Files.writeString(jdk.resolve("bin/java"), "#!/bin/sh\nseen=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)\n"
                + "printf '%s\\n' \"$seen\" >'" + seen + "'\n");
        useJavaHome(jdk);
        run(List.of("sh", "-c", "exec '" + home.resolve("bin/vmm") + "' <&- >&- 2>&-"));
        assertEquals(List.of("/dev/null", "/dev/null", "/dev/null"), lines(seen));
        launch(home.resolve("bin/vmm"));
        assertEquals(List.of(directory.resolve("out").toString(), directory.resolve("err").toString()), lines(seen).subList(1, 3));
    }

    @Test
    void whatReadsJsonHasAnArchiveOfItsOwn() throws Exception {
        archive("Vendor Inc.-17.0.1+1", "vmm.jsa");
        archive("Vendor Inc.-17.0.1+1", "json.jsa");
        archive("Vendor Inc.-17.0.1+1", "restore.jsa");
        useJavaHome(jdk("a", "Vendor Inc.", "17.0.1+1", "17.0.1"));
        String option = "-XX:SharedArchiveFile=" + home.resolve("bin") + "/../lib/archive/Vendor Inc.-17.0.1+1/";
        assertTrue(launch(home.resolve("bin/vmm"), "run", "vm.json").hasOption(option + "json.jsa"));
        assertTrue(launch(home.resolve("bin/vmm"), "--kernel-path", "a", "--virblks=[]").hasOption(option + "json.jsa"));
        assertTrue(launch(home.resolve("bin/vmm"), "-k", "a", "--virnets", "[]").hasOption(option + "json.jsa"));
        assertTrue(launch(home.resolve("bin/vmm"), "restore", "warm").hasOption(option + "restore.jsa"));
        assertTrue(launch(home.resolve("bin/vmm"), "--kernel-path", "run").hasOption(option + "vmm.jsa"));
    }

    @Test
    @Timeout(60)
    void aJavaThatHasComeSinceGetsItsArchivesOnce() throws Exception {
        Path made = directory.resolve("made");
        Path make = Files.writeString(home.resolve("lib/archive/make"), "#!/bin/sh\nprintf '%s\\n' \"$1\" >>'" + made + "'\n");
        makeExecutable(make);
        Path jdk = jdk("a", "Vendor Inc.", "17.0.1+1", "17.0.1");
        useJavaHome(jdk);
        for (int i = 0; i < 2; i++) {
            Run run = launch(home.resolve("bin/vmm"), "-k", "a");
            assertTrue(run.hasOption("io.vmm4j.cli.Main"), "it starts without");
            assertFalse(run.out().toString().contains("archive"), run::toString);
            assertEquals(List.of(), run.err());
        }
        while (Files.notExists(made) || Files.size(made) == 0) {
            Thread.onSpinWait();
        }
        assertEquals(List.of(jdk.toString()), Files.readAllLines(made), "once");
    }

    @Test
    void aJavaWhoseArchivesAreThereOrCannotBeMadeStartsNothingElse() throws Exception {
        Path made = directory.resolve("made");
        Path make = Files.writeString(home.resolve("lib/archive/make"), "#!/bin/sh\necho >'" + made + "'\n");
        makeExecutable(make);
        Files.createDirectories(home.resolve("lib/archive/Vendor Inc.-17.0.1+1"));
        useJavaHome(jdk("a", "Vendor Inc.", "17.0.1+1", "17.0.1"));
        launch(home.resolve("bin/vmm"));
        useJavaHome(jdk("b", "N/A", "17.0.1+1", "17.0.1"));
        launch(home.resolve("bin/vmm"));
        environment.put("VMM_MAIN", "Training");
        useJavaHome(jdk("c", "Vendor", "25+1", "25"));
        launch(home.resolve("bin/vmm"));
        assertTrue(Files.notExists(home.resolve("lib/archive/Vendor-25+1")), "training is how they are made");
        assertTrue(Files.notExists(made));
    }

    private Path nativeDirectory(Run run) {
        String prefix = "-Djna.boot.library.path=";
        String option = run.out().stream().filter(line -> line.startsWith(prefix)).findFirst().orElseThrow();
        return workingDirectory.resolve(option.substring(prefix.length())).normalize();
    }

    private void useJavaHome(Path jdk) {
        environment.put("JAVA_HOME", jdk.toString());
    }

    private Path jdk(String name, String vendor, String build, String version) throws IOException {
        Path jdk = directory.resolve("jdks of mine").resolve(name);
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(jdk.resolve("release"), "IMPLEMENTOR=\"" + vendor + "\"\nJAVA_RUNTIME_VERSION=\"" + build
                + "\"\nJAVA_VERSION=\"" + version + "\"\nMODULES=\"java.base java.compiler\"\n");
        Files.writeString(jdk.resolve("bin/java"), "#!/bin/sh\n[ \"$1\" != --version ] || { echo openjdk " + version
                + " 2026-01-01; exit; }\nprintf '%s\\n' 'from " + name + "' \"locale: $LC_ALL\" \"$@\"\n");
        makeExecutable(jdk.resolve("bin/java"));
        return jdk;
    }

    private void archive(String key, String file) throws IOException {
        Path archive = Files.createDirectories(home.resolve("lib/archive").resolve(key));
        Files.createFile(archive.resolve(file));
    }

    private static void makeExecutable(Path file) {
        assertTrue(file.toFile().setExecutable(true), file.toString());
    }

    private Run launch(Path launcher, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(Arrays.asList(arguments));
        return run(command);
    }

    private Run run(List<String> command) throws IOException, InterruptedException {
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command).directory(workingDirectory.toFile())
                .redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        int status = builder.start().waitFor();
        return new Run(status, lines(out), lines(err));
    }

    private static List<String> lines(Path file) throws IOException {
        return Files.readAllLines(file, StandardCharsets.UTF_8);
    }
}
