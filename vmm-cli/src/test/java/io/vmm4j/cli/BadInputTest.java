package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong command lines: one line a problem, exit status 2, nothing changed on disk. */
class BadInputTest {

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    @AfterEach
    void leavesNoLogBehind() {
        assertTrue(Files.notExists(Path.of("dbs-cli.log")), "a wrong command line must not create a log file");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--vcpu 0|vmm: vcpu count 0 is not in 1..1024 (--vcpu)",
        "--vcpu -1|vmm: vcpu count -1 is not in 1..1024 (--vcpu)",
        "-C 3000|vmm: vcpu count 3000 is not in 1..1024 (--vcpu)",
        "--vcpu two|vmm: vcpu count \"two\" is not a whole number of 32 bits (--vcpu)",
        "--vcpu 99999999999|vmm: vcpu count \"99999999999\" is not a whole number of 32 bits (--vcpu)",
        "--vcpu 4 --max-vcpu 2|vmm: max vcpu count 2 is below the vcpu count 4 (--max-vcpu)",
        "--mem-size 0|vmm: memory size 0 MiB is not in 1..67108864 (--mem-size)",
        "--mem-size 65T|vmm: memory size 68157440 MiB is not in 1..67108864 (--mem-size)",
        "--is-root flase|vmm: \"flase\" is neither true nor false, did you mean false? (--is-root)",
        "--is-read-only maybe|vmm: \"maybe\" is neither true nor false (--is-read-only)",
        "--log-level loud|vmm: log level \"loud\" is not one of Off, Error, Warn, Info, Debug, Trace (--log-level)",
        "--cpu-pm perhaps|vmm: \"perhaps\" is not one of 0, 1, 2, on, off (--cpu-pm)",
        "--cpu-pm 3|vmm: vPMU level 3 is not in 0..2 (--cpu-pm)",
        "--vpmu-feature 3|vmm: vPMU level 3 is not in 0..2 (--vpmu-feature)",
        "--frobnicate 7|vmm: unknown option --frobnicate",
        "--vcpus=7|vmm: unknown option --vcpus, did you mean --vcpu?",
        "-z|vmm: unknown option -z",
        "--vcpu|vmm: a value is missing: N (--vcpu)",
        "--vcpu 1 --vcpu 1|vmm: the option is given more than once (--vcpu)",
        "stray|vmm: unexpected argument \"stray\"",
        "-- --vcpu|vmm: unexpected argument \"--vcpu\"",
        "-- --vcpu=2|vmm: unexpected argument \"--vcpu=2\"",
        "--serial-path=|vmm: the serial path is empty: give stdio or a socket path (--serial-path)",
        "--vsock=|vmm: the path of a socket to create is required (--vsock)",
        "--guest-cid 7|vmm: the path of a socket to create is required (--vsock)",
        "--vsock v --guest-cid 2|vmm: guest CID 2 is not within 3 to 4294967294 (--guest-cid)",
        "--vsock v --guest-cid 4294967295|vmm: guest CID 4294967295 is not within 3 to 4294967294 (--guest-cid)",
        "--vsock v --guest-cid ten|vmm: guest CID \"ten\" is not a whole number (--guest-cid)",
        "--cpu-config /no/file|vmm: file /no/file does not exist (--cpu-config)",
        "--mem-type anon --mem-file /d|vmm: memory file \"/d\" does not go with memory type anon, which has no file (--mem-file)",
        "--virnets []x|vmm: x is not JSON: a text stands in quotation marks, the rest are numbers, true, false and null at line 1 column 3 (--virnets)",
        "--mem-size 99999999999999999999M|vmm: memory size \"99999999999999999999M\" is above the limit of 67108864 MiB (--mem-size)",
        "--virblks [{'drive_id':'d'|vmm: the text ends too early at line 1 column 17 (--virblks[0])",
        "--virnets {}|vmm: the value is not a list at line 1 column 1 (--virnets)",
        "--virnets [{'mac':1}]|vmm: unknown key \"mac\", known are allow_duplicate_mac, backend, guest_mac, host_dev_name, host_loopback, iface_id, num_queues, publish, queue_size, rx_rate_limiter, stream, tap, tx_rate_limiter, use_generic_irq, use_shared_irq, user, vhost_user at line 1 column 11 (--virnets[0].mac)",
        "--disk /no/disk|vmm: disk image /no/disk does not exist (--disk)",
        "--disk /d,rw|vmm: \"rw\" is not one of ro, overlay, overlay=FILE, format=raw, format=qcow2, id=ID; a comma in a path is written twice (--disk)",
        "--net a/b|vmm: tap name \"a/b\" must be without slash, colon, percent sign and white space (--net)",
        "--net stream:/no/such|vmm: stream socket \"/no/such\" cannot be used: connect(/no/such): No such file or directory (ENOENT) (--net)",
        "--publish 80:80|vmm: a port is published by passt only: give --net user, too (--publish)",
        "--net user --publish 80|vmm: published port \"80\" is not [ADDRESS:]HOST:GUEST, behind which /tcp or /udp may stand (--publish)",
        "--net user --publish 80:65536|vmm: published port \"80:65536\": 65536 is not in 1..65535 (--publish)",
        "--virnets [{'iface_id':'e','user':true,'stream':'s'}]|vmm: user goes without the others: an interface is on one of host_dev_name, stream, user, tap and vhost_user (--virnets[0].user)",
        "--virnets [{'iface_id':'e','tap':true,'publish':['80:80']}]|vmm: publish goes with user: only passt publishes ports (--virnets[0].publish)",
        "--virnets [{'iface_id':'e','tap':true,'host_loopback':true}]|vmm: host_loopback goes with user: only passt leads there (--virnets[0].host_loopback)",
        "--virnets [{'iface_id':'e','user':true,'num_queues':4}]|vmm: 2 queue pairs are more than the 1 that goes with user (--virnets[0].num_queues)",
        "--virnets [{'num_queues':3,'backend':{'iface_id':'e','host_dev_name':'nonesuch/'}}]|vmm: 3 queues are no pairs of a receive and a transmit queue (--virnets[0].num_queues)",
        "--virnets [{'backend':{'type':'vhost','iface_id':'e','host_dev_name':'nonesuch/'}}]|vmm: backend type \"vhost\" is not supported: only virtio is (--virnets[0].backend.type)",
        "--virnets [{'num_queues':3,'iface_id':'e','host_dev_name':'nonesuch/'}]|vmm: 3 queues are no pairs of a receive and a transmit queue (--virnets[0].num_queues)",
        "--virnets [{'iface_id':'e','backend':{'iface_id':'e','host_dev_name':'nonesuch/'}}]|vmm: there is a backend, and keys of one beside it (--virnets[0].backend)",
        "--virblks [{'drive_id':'d','path_on_host':'/no/disk','num_queues':17}]|vmm: number of queues 17 is not in 1..16 (--virblks[0].num_queues)",
        "--virblks [{'drive_id':'d','path_on_host':'/no/disk','rate_limiter':{'ops':{'size':-1,'refill_time':1}}}]|vmm: operations limit size -1 is below 0 (--virblks[0].rate_limiter.ops.size)",
        "--virblks [{'drive_id':'d','path_on_host':'/no/disk','device_type':'Spool'}]|vmm: device type \"Spool\" is not supported: only RawBlock is (--virblks[0].device_type)",
        "--share /no/dir|vmm: folder \"/no/dir\" cannot be shared: open(/no/dir): No such file or directory (ENOENT) (--share)",
        "--share /:a,rw|vmm: \"rw\" is not one of ro, writeback, privileged, cache=POLICY, where POLICY is one of auto, always, never, metadata (--share)",
        "--share /:a,cache=never,writeback|vmm: writes cannot wait in the guest's memory when it may keep nothing, cache \"never\" (--share)",
        "--share /:|vmm: a tag is required, by which the guest mounts the share (--share)",
        "--share /:a --share /tmp:a|vmm: tag \"a\" is used twice (--share)",
        "--share :a|vmm: the path of a directory is required (--share)",
        "--fs [{'tag':'a'},{'tag':'a'}]|vmm: tag \"a\" is used twice (--fs[1].tag)",
        "--fs {'tag':'a','mode':'vhost'}|vmm: mode \"vhost\" is not one of virtio, vhostuser (--fs.mode)",
        "--fs {'tag':'a','mode':'vhostuser'}|vmm: mode vhostuser needs the socket of a back end (--fs.sock_path)",
        "--fs {'tag':'a','cache_policy':'some'}|vmm: cache policy \"some\" is not one of auto, always, never, metadata (--fs.cache_policy)",
        "--fs {'tag':'a','num_queues':17}|vmm: number of queues 17 is not within 1 to 16 (--fs.num_queues)",
        "--fs {'tag':'a','queue_size':100}|vmm: queue size 100 is not a power of two within 16 to 1024 (--fs.queue_size)",
        "--virblks [{'drive_id':[]}]|vmm: the value is not a string at line 1 column 14 (--virblks[0].drive_id)",
        "--balloon 129|vmm: balloon of 129 MiB is not in 0..128, the guest's memory (--balloon)",
        "--balloon much|vmm: balloon \"much\" is not a size: give MiB, or a number with M, G or T (--balloon)",
        "--console-path stdio --serial-path stdio|vmm: the serial port is on standard input and output too: give one of them a socket path, or the serial port \"none\" (--console-path)",
        "--serial-path s --api-sock-path s|vmm: socket s is the guest's too (--api-sock-path)",
        "--serial-path s --api-sock-path ./s|vmm: socket ./s is the guest's too (--api-sock-path)",
        "--serial-path s --vsock target/../s|vmm: socket target/../s is the serial port's or the console's too (--vsock)",
        "--serial-path s --console-path ./s|vmm: socket ./s is the serial port's too (--console-path)",
        "--serial-path s --vsock s|vmm: socket s is the serial port's or the console's too (--vsock)",
        "--log-file /sys/kernel/x|vmm: log file /sys/kernel/x is in a directory of the kernel's, where no file can be made (--log-file)",
        "--log-file=|vmm: the log file's path is empty (--log-file)",
        "--mem-type swap|vmm: memory type \"swap\" is not one of shmem, hugetlbfs, anon, hugeshmem, hugeanon (--mem-type)",
    })
    void aWrongOptionIsNamedWithItsValueAndItsBound(String words, String line) {
        assertEquals(List.of(line), linesOf(ExitCode.USAGE, ("-k nokernel -r nodisk " + words.replace('\'', '"')).split(" ")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "update --api-sock-path /no/such|vmm: what to change is required (--vcpu-resize, --virblks, --virnets, --remove-virblk, --remove-virnet or --patch-fs)",
        "update --api-sock-path /no/such --virblks [{'drive_id':'d','path_on_host':'/d','device_type':'Spool'}]|vmm: device type \"Spool\" is not supported: only RawBlock is (--virblks[0].device_type)",
        "update --api-sock-path /no/such --virnets [{'num_queues':3,'iface_id':'e','host_dev_name':'t'}]|vmm: 3 queues are no pairs of a receive and a transmit queue (--virnets[0].num_queues)",
        "-k k -r r --remove-virblk d|vmm: option --remove-virblk goes with the command update",
        "-k k -r r --patch-fs {}|vmm: option --patch-fs goes with the command update",
        "update --vcpu-resize 2|vmm: a machine is missing: update NAME, or --api-sock-path PATH",
        "--api-sock-path /no/such update --vcpu-resize two|vmm: vcpu count \"two\" is not a whole number of 32 bits (--vcpu-resize)",
        "--api-sock-path /no/such update --vcpu-resize|vmm: a value is missing: N (--vcpu-resize)",
        "--vcpu 2 --api-sock-path /no/such update --vcpu-resize 2|vmm: option --vcpu does not go with the command update",
        "-k k -r r --vcpu-resize 2|vmm: option --vcpu-resize goes with the command update",
        "--vcpu-resize 2 update|vmm: a machine is missing: update NAME, or --api-sock-path PATH",
        "--vcpu-resize 2 --api-sock-path /no/such update --vcpu-resize 3|vmm: the option is given more than once (--vcpu-resize)",
        "--vcpu-resize 2 doctor|vmm: option --vcpu-resize does not go with the command doctor",
        "update --api-sock-path /no/such --vcpu-resize 2 --vcpu 3|vmm: option --vcpu does not go with the command update",
        "update --api-sock-path /no/such --vcpu-resize 2 create|vmm: a machine is meant by its name or by its socket: give \"create\" or --api-sock-path",
        "update --api-sock-path /no/such --vcpu-resize 2 -- --vcpu|vmm: a machine is meant by its name or by its socket: give \"--vcpu\" or --api-sock-path",
        "run --vcpu 2 /no/such|vmm: option --vcpu does not go with the command run",
    })
    void aWrongUpdateIsRefused(String words, String line) {
        assertEquals(List.of(line), linesOf(ExitCode.USAGE, words.replace('\'', '"').split(" ")));
    }

    @Test
    void anUpdateOfAMachineThatIsNotThereSaysSo() {
        assertEquals(List.of("vmm: no machine answers at the socket /no/such: it does not exist (--api-sock-path)"),
                linesOf(ExitCode.HOST_ERROR, "--api-sock-path", "/no/such", "update", "--vcpu-resize", "2"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--threads-per-core", "--cores-per-die", "--dies-per-socket", "--sockets"})
    void aTopologyThatIsNotTheVcpusIsRefusedWithWhatWouldFit(String option) {
        List<String> lines = linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", option, "2");
        assertEquals(1, lines.size(), lines::toString);
        assertTrue(lines.get(0).contains("give a max vcpu count of 2") && lines.get(0).endsWith("(" + option + ")"), lines.get(0));
    }

    @Test
    void filesAndTapsOfDeviceListsAreNamedByTheirPlaceInTheOption() {
        runExpecting(ExitCode.USAGE, "-k", "k", "-r", "/no/root", "--is-root", "false", "--virblks",
                "[{\"drive_id\": \"a\", \"path_on_host\": \"/no/a\"}, {\"drive_id\": \"b\", \"path_on_host\": \"/no/b\", \"is_root_device\": true}]",
                "--virnets", "[{\"guest_mac\": \"03:00:00:00:00:00\", \"backend\": {\"iface_id\": \"e\", \"host_dev_name\": \"a/b\"}}]");
        for (String line : List.of("vmm: disk image /no/root does not exist (--rootfs)",
                "vmm: disk image /no/a does not exist (--virblks[0].path_on_host)",
                "vmm: disk image /no/b does not exist (--virblks[1].path_on_host)",
                "vmm: tap name \"a/b\" must be without slash, colon, percent sign and white space (--virnets[0].backend.host_dev_name)",
                "vmm: hardware address 03:00:00:00:00:00 is a multicast address: the lowest bit of its first field must be 0 "
                        + "(--virnets[0].guest_mac)")) {
            assertTrue(allLines().contains(line), line + " is not among " + allLines());
        }
    }

    @Test
    void mistakesAreNamedByTheElementAndTheFieldThatTheyAreIn() {
        runExpecting(ExitCode.USAGE, "-k", "k", "-r", "r", "--virnets", "[{\"guest_mac\": \"02:00:00:00:00:01\"}, {\"iface_id\": \"e\", \"host_dev_name\": \"a/b\"}, "
                + "{\"backend\": {\"iface_id\": \"f\", \"host_dev_name\": \"c/d\"}}]");
        for (String place : List.of("--virnets[0].backend", "--virnets[1].host_dev_name", "--virnets[2].backend.host_dev_name")) {
            assertTrue(allLines().stream().anyMatch(line -> line.endsWith("(" + place + ")")), place + " is not named in " + allLines());
        }
    }

    @Test
    void aMistakeInAListOfDisksHidesNoneOfTheRootFileSystem() {
        runExpecting(ExitCode.USAGE, "-k", "k", "-r", "/no/root", "--virblks", "[");
        assertTrue(allLines().contains("vmm: disk image /no/root does not exist (--rootfs)"), allLines()::toString);
    }

    @Test
    void socketsThatCannotBeMadeAreReportedTogetherUnderTheirOptions() throws IOException {
        Path plain = Files.createFile(directory.resolve("plain"));
        String tooLong = "x".repeat(108);
        runExpecting(ExitCode.USAGE, "-k", "k", "-r", "r", "--serial-path", "/no/such/serial", "--vsock", plain.toString(), "--console-path",
                directory.toString(), "--api-sock-path", tooLong);
        for (String line : List.of("vmm: cannot create the socket /no/such/serial: its directory does not exist (--serial-path)",
                "vmm: cannot create the socket " + plain + ": a file that is not a socket is there (--vsock)",
                "vmm: cannot create the socket " + directory + ": a file that is not a socket is there (--console-path)",
                "vmm: socket path \"" + tooLong + "\" of 108 bytes is not 1 to 107 bytes long (--api-sock-path)")) {
            assertTrue(allLines().contains(line), line + " is not among " + allLines());
        }
        assertEquals(List.of("vmm: socket path \"\" of 0 bytes is not 1 to 107 bytes long (--api-sock-path)"),
                linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", "--api-sock-path="));
        assertEquals(List.of("vmm: cannot create the socket " + plain + ": a file that is not a socket is there (--api-sock-path)"),
                linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", "--api-sock-path", plain.toString()));
    }

    @Test
    void anImageOfAnotherFormatIsRefusedWithTheOptionThatTakesItAsItIs() throws IOException {
        Path image = Files.write(directory.resolve("d.img"), Arrays.copyOf(new byte[] {'K', 'D', 'M', 'V'}, 4096));
        String refusal = "vmm: disk image " + image + " is a VMDK image, not a raw image: `qemu-img convert -f vmdk -O raw " + image + " " + image
                + ".raw` makes one; with ";
        String list = "[{\"drive_id\": \"d\", \"path_on_host\": \"" + image + "\"}]";
        runExpecting(ExitCode.USAGE, "-k", "/no/kernel", "-r", image.toString());
        assertTrue(allLines().contains(refusal + "--rootfs-format raw it is taken as it is (--rootfs)"), allLines()::toString);
        runExpecting(ExitCode.USAGE, "-k", "/no/kernel", "-i", "/no/initrd", "--virblks", list);
        assertTrue(allLines().contains(refusal + "format \"raw\" it is taken as it is (--virblks[0].path_on_host)"), allLines()::toString);
        runExpecting(ExitCode.USAGE, "-k", "/no/kernel", "-r", image.toString(), "--rootfs-format", "raw");
        assertEquals(List.of("vmm: kernel image /no/kernel does not exist (--kernel-path)"), allLines());
        runExpecting(ExitCode.USAGE, "-k", "/no/kernel", "-i", "/no/initrd", "--virblks", list.replace("}", ", \"format\": \"raw\"}"));
        assertEquals(2, allLines().size(), allLines()::toString);
        assertEquals(List.of("vmm: format \"vmdk\" is not supported: only raw and qcow2 are (--rootfs-format)"),
                linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", "--rootfs-format", "vmdk"));
    }

    @Test
    void anImageThatBeginsAsAQcow2OneIsRefusedWithTheOptionsThatSayWhatItIs() throws IOException {
        Path image = Files.write(directory.resolve("d.img"), Arrays.copyOf(new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 4}, 4096));
        runExpecting(ExitCode.USAGE, "-k", "/no/kernel", "-r", image.toString());
        assertTrue(allLines().contains("vmm: disk image " + image + " begins as a qcow2 image does, which its guest may have written: with "
                + "--rootfs-format qcow2, or named .qcow2, it is one; with --rootfs-format raw it is taken as it is (--rootfs)"), allLines()::toString);
        runExpecting(ExitCode.USAGE, "-k", "/no/kernel", "-r", image.toString(), "--rootfs-format", "qcow2");
        assertTrue(allLines().contains("vmm: disk image " + image + " is a qcow image of version 4: only 2 and 3 are supported (--rootfs)"),
                allLines()::toString);
    }

    @Test
    void anOverlayThatCannotBeIsRefusedUnderItsOption() throws IOException {
        Path image = Files.write(directory.resolve("d.img"), new byte[4096]);
        runExpecting(ExitCode.USAGE, "-k", "/no/kernel", "-r", image.toString(), "--overlay", image.toString());
        assertTrue(allLines().contains("vmm: overlay " + image + " exists: to go on with it, give it as path_on_host, with format \"qcow2\" "
                + "(--overlay)"), allLines()::toString);
        runExpecting(ExitCode.USAGE, "-k", "/no/kernel", "-r", image.toString(), "--overlay", "memory", "--is-read-only", "true");
        assertTrue(allLines().contains("vmm: overlay \"memory\" is for a drive that is written to, and this one is read-only (--overlay)"),
                allLines()::toString);
    }

    @Test
    void aLogFileThatWouldOverwriteAnImageIsRefused() throws IOException {
        Path disk = Files.write(directory.resolve("disk"), new byte[512]);
        Path link = Files.createSymbolicLink(directory.resolve("link"), disk);
        assertEquals(List.of("vmm: log file " + link + " is what the machine boots from too (--log-file)"),
                linesOf(ExitCode.USAGE, "-k", "k", "-r", disk.toString(), "--log-file", link.toString()));
    }

    @Test
    void tooManyDevicesAreReportedUnderTheOptionThatGivesMostOfThem() {
        String drives = list("{\"drive_id\": \"d%d\", \"path_on_host\": \"/no/disk\"}");
        String networks = list("{\"backend\": {\"iface_id\": \"e%1$d\", \"host_dev_name\": \"tap%1$d\"}}");
        assertLine("vmm: 301 virtio devices \\(301 drives, 0 network interfaces, 0 others\\) are above the limit of \\d+ \\(--virblks\\)",
                "--virblks", drives);
        assertLine("vmm: 302 virtio devices \\(1 drives, 300 network interfaces, 1 others\\) are above the limit of \\d+ \\(--virnets\\)",
                "--virnets", networks, "--vsock", "v");
    }

    private static String list(String element) {
        return IntStream.range(0, 300).mapToObj(element::formatted).collect(Collectors.joining(",", "[", "]"));
    }

    private void assertLine(String pattern, String... words) {
        List<String> lines = linesOf(ExitCode.USAGE, Stream.concat(Stream.of("-k", "k", "-r", "r"), Stream.of(words)).toArray(String[]::new));
        assertEquals(1, lines.size(), lines::toString);
        assertTrue(lines.get(0).matches(pattern), lines.get(0));
    }

    @Test
    void severalWrongOptionsAreReportedTogether() {
        assertEquals(List.of(
                "vmm: unknown option --kernl-path, did you mean --kernel-path?",
                "vmm: a value is missing: PATH (--rootfs)",
                "vmm: \"yes\" is neither true nor false (--is-root)",
                "vmm: memory size \"much\" is not a size: give MiB, or a number with M, G or T (--mem-size)",
                "vmm: vcpu count 3000 is not in 1..1024 (--vcpu)"),
                linesOf(ExitCode.USAGE, "--kernl-path", "bzImage", "--vcpu", "3000", "--is-root", "yes", "-m", "much",
                        "--rootfs"));
    }

    @Test
    void aMistakeBehindTheCommandHidesNothingThatFollowsIt() {
        assertEquals(List.of(
                "vmm: the option is given more than once (--vcpu)",
                "vmm: memory size \"much\" is not a size: give MiB, or a number with M, G or T (--mem-size)",
                "vmm: sockets 0 is not in 1..1024 (--sockets)"),
                linesOf(ExitCode.USAGE, "create", "-k", "k", "--vcpu", "1", "--vcpu", "2", "-r", "r", "-m", "much", "--sockets", "0"));
        assertEquals(List.of("vmm: a value is missing: N (--vcpu)"), linesOf(ExitCode.USAGE, "create", "-k", "k", "-r", "r", "--vcpu"));
        assertEquals(List.of("vmm: a value is missing: N (--vcpu)", "vmm: sockets 0 is not in 1..1024 (--sockets)"),
                linesOf(ExitCode.USAGE, "create", "-k", "k", "-r", "r", "--vcpu", "--sockets", "0"));
        assertEquals(List.of("vmm: a value is missing: N (--vcpu)"),
                linesOf(ExitCode.USAGE, "--vcpu", "-k", "k", "--rootfs=r"), "what follows is not the value");
        assertEquals(List.of("vmm: a value is missing: PATH (--api-sock-path)"), linesOf(ExitCode.USAGE, "run", "f", "--api-sock-path"));
    }

    @Test
    void missingFilesAreReportedTogetherWithWrongOptions() {
        runExpecting(ExitCode.USAGE, "-k", "/no/kernel", "-r", "/no/disk", "-i", "/no/initrd", "--vcpu", "0",
                "--nonsense", "--log-file", "/no/such/log");
        for (String option : List.of("(--kernel-path)", "(--rootfs)", "(--initrd-path)", "(--vcpu)", "--nonsense",
                "(--log-file)")) {
            assertEquals(1, allLines().stream().filter(line -> line.endsWith(option)).count(), option + ": " + allLines());
        }
        assertEquals(6, allLines().size(), allLines()::toString);
    }

    @Test
    void aWrongMemorySizeHidesNoMissingKernel() {
        runExpecting(ExitCode.USAGE, "-k", "/no/kernel", "-r", "/no/disk", "-m", "0");
        assertEquals(List.of("vmm: memory size 0 MiB is not in 1..67108864 (--mem-size)",
                "vmm: kernel image /no/kernel does not exist (--kernel-path)",
                "vmm: disk image /no/disk does not exist (--rootfs)"), allLines());
    }

    @Test
    void moreMemoryThanTheHostHasIsReportedTogetherWithWrongOptions() {
        runExpecting(ExitCode.USAGE, "-k", "/no/kernel", "-i", "/no/initrd", "-m", "64T", "--vcpu", "0");
        assertTrue(allLines().stream().anyMatch(line -> line.startsWith("vmm: memory size 67108864 MiB is above the ") && line.endsWith("(--mem-size)")),
                allLines()::toString);
        assertEquals(4, allLines().size(), allLines()::toString);
    }

    @Test
    void aLogFileThatCannotBeIsReportedTogetherWithAWrongLevel() {
        assertEquals(List.of("vmm: log file /no/such/log is in a directory that does not exist (--log-file)",
                "vmm: log level \"loud\" is not one of Off, Error, Warn, Info, Debug, Trace (--log-level)"),
                linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", "--log-file", "/no/such/log", "--log-level", "loud"));
    }

    @Test
    void aMisspelledLogFileBesideOneThatCannotBeIsOneMistake() {
        assertEquals(List.of("vmm: unknown option --log-fil, did you mean --log-file?"),
                linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", "--log-fil", "l", "--log-file", "/no/such/log"));
    }

    @Test
    void kernelAndRootFileSystemAreRequired() {
        assertEquals(List.of("vmm: a kernel image is required (--kernel-path)",
                "vmm: a root file system is required unless an initrd is given (--rootfs)"),
                linesOf(ExitCode.USAGE, "create"));
        assertEquals("vmm: see vmm --help", linesOf(ExitCode.USAGE).get(2), "who types the bare name gets a pointer");
    }

    @Test
    void unknownCommandsAreNamed() {
        assertEquals(List.of("vmm: unknown command crate, did you mean create?"),
                linesOf(ExitCode.USAGE, "crate", "-k", "k", "-r", "r"));
        assertEquals(List.of("vmm: unknown command crate, did you mean create?"), linesOf(ExitCode.USAGE, "crate"));
        assertEquals(List.of("vmm: unknown command \"\", commands are create, run, shell, update, ps, info, stats, events, console, pause, resume, stop, kill, snapshot, restore, firecracker, doctor, help"), linesOf(ExitCode.USAGE, ""));
        assertEquals(List.of("vmm: option --version goes without a command"), linesOf(ExitCode.USAGE, "create", "-k", "k", "-r", "r", "--version"));
        assertEquals(List.of("vmm: unknown command fly, commands are create, run, shell, update, ps, info, stats, events, console, pause, resume, stop, kill, snapshot, restore, firecracker, doctor, help"),
                linesOf(ExitCode.USAGE, "help", "fly"));
    }

    @Test
    void bootOptionsDoNotGoWithOtherCommands() {
        assertEquals(List.of("vmm: option --vcpu does not go with the command doctor"),
                linesOf(ExitCode.USAGE, "doctor", "--vcpu", "2"));
    }

    @Test
    void aLogFileThatCannotBeIsRefusedBeforeAnythingElseHappens() throws IOException {
        Path file = Files.createFile(directory.resolve("plain"));
        assertEquals(List.of("vmm: log file /no/such/log is in a directory that does not exist (--log-file)"),
                linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", "--log-file", "/no/such/log"));
        assertEquals(List.of("vmm: log file " + directory + " is a directory (--log-file)"),
                linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", "--log-file", directory.toString()));
        assertEquals(List.of("vmm: log file " + file + "/log is in " + file + ", which is not a directory (--log-file)"),
                linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", "--log-file", file + "/log"));
    }

    @Test
    void aConfigurationFileIsNamedWithWhatIsWrong() throws IOException {
        Path missing = directory.resolve("missing.json");
        assertEquals(List.of("vmm: configuration file " + missing + " does not exist"),
                linesOf(ExitCode.USAGE, "run", missing.toString()));
        assertEquals(List.of("vmm: configuration file " + directory + " is a directory"),
                linesOf(ExitCode.USAGE, "run", directory.toString()));
        assertEquals(List.of("vmm: a configuration file is missing: run FILE"), linesOf(ExitCode.USAGE, "run"));
        Path binary = Files.write(directory.resolve("binary"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertEquals(List.of("vmm: configuration file " + binary + " is not UTF-8 text"),
                linesOf(ExitCode.USAGE, "run", binary.toString()));
        assertEquals(List.of("vmm: a file of more than 1048576 bytes is no configuration (/dev/zero)"), linesOf(ExitCode.USAGE, "run", "/dev/zero"));
        Path wrong = Files.writeString(directory.resolve("wrong.json"),
                "{\"boot-source\": {\"kernel_image_path\": \"k\"}, \"machine-config\": {\"vcpu_count\": 3000}}");
        assertEquals(List.of(
                "vmm: vcpu count 3000 is not in 1..1024 (machine-config.vcpu_count) in " + wrong,
                "vmm: max vcpu count 3000 is above 1024 (machine-config.max_vcpu_count) in " + wrong),
                linesOf(ExitCode.USAGE, "run", wrong.toString()).stream().filter(line -> line.contains("vcpu")).toList());
    }

    @Test
    void aFileWithChangesToCpusIsNamedWithWhyItCannotBeRead() throws IOException {
        Path binary = Files.write(directory.resolve("binary"), new byte[] {(byte) 0xff});
        assertEquals(List.of("vmm: file " + binary + " is not UTF-8 text (--cpu-config)"),
                linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", "--cpu-config", binary.toString()));
        Path wrong = Files.writeString(directory.resolve("wrong"), "{\"msr_modifiers\": [{\"addr\": \"z\", \"bitmap\": \"0b1\"}]}");
        assertEquals(List.of("vmm: \"z\" is not a number of 32 bits (--cpu-config.msr_modifiers[0].addr)"),
                linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", "--cpu-config", wrong.toString()));
        assertEquals(List.of("vmm: file " + directory + " is a directory (--cpu-config)"),
                linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", "--cpu-config", directory.toString()));
    }

    @Test
    void whatATerminalWouldActOnIsWrittenOutAndMessagesStayOnOneLine() {
        assertEquals(List.of("vmm: unexpected argument \"\\u001b[2J\\u009b\""),
                linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", "--vcpu", "1", "\u001b[2J\u009b"));
        assertEquals(List.of("vmm: unexpected argument \"a\\n   b\""), linesOf(ExitCode.USAGE, "-k", "k", "-r", "r", "--vcpu", "1", "a\n   b"));
    }

    private List<String> linesOf(ExitCode expected, String... words) {
        runExpecting(expected, words);
        return allLines().stream().filter(line -> !isAboutFiles(line)).toList();
    }

    private void runExpecting(ExitCode expected, String... words) {
        err.reset();
        PrintStream out = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        ExitCode exit = new Cli("vmm", out, new PrintStream(err, true, StandardCharsets.UTF_8)).run(words);
        assertEquals(expected, exit, err::toString);
    }

    private List<String> allLines() {
        return err.toString(StandardCharsets.UTF_8).lines().toList();
    }

    /** The kernel and disk of these command lines do not exist, which is said too. */
    private static boolean isAboutFiles(String line) {
        return line.endsWith("(--kernel-path)") && !line.contains("required")
                || line.endsWith("(--rootfs)") && !line.contains("required") && !line.contains("missing:")
                || line.endsWith(".path_on_host)") || line.endsWith(".host_dev_name)")
                || line.contains("(boot-source.") || line.contains("(drives");
    }
}
