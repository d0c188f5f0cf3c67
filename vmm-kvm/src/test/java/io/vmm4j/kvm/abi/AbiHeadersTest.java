package io.vmm4j.kvm.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compares every layout and constant with the C headers of the machine that runs the test, through a small C program.
 * A layout class's {@code SIZE} is a sizeof, its constants with a kernel prefix are macros, the others are offsets of
 * the field of the same name. Macros that the installed headers are too old to have are left out.
 */
final class AbiHeadersTest {
    private static final String PROLOGUE = """
            #define _GNU_SOURCE
            #include <stddef.h>
            #include <stdio.h>
            #include <fcntl.h>
            #include <poll.h>
            #include <signal.h>
            #include <errno.h>
            #include <time.h>
            #include <sys/epoll.h>
            #include <sys/eventfd.h>
            #include <sys/timerfd.h>
            #include <sys/mman.h>
            #include <sys/stat.h>
            #include <sys/uio.h>
            #include <sys/ioctl.h>
            #include <sys/syscall.h>
            #include <linux/mman.h>
            #include <linux/memfd.h>
            #include <linux/falloc.h>
            #include <linux/fs.h>
            #include <linux/if.h>
            #include <linux/if_tun.h>
            #include <linux/rtnetlink.h>
            #include <sys/socket.h>
            #include <linux/io_uring.h>
            #include <linux/userfaultfd.h>
            #include <linux/kvm.h>
            #include <asm/termbits.h>
            #define VALUE(name, expr) printf("%s %lld\\n", name, (long long) (expr))
            int main(void) {
            """;

    @TempDir
    Path directory;

    private final StringBuilder program = new StringBuilder(PROLOGUE);
    private final Map<String, Long> ours = new LinkedHashMap<>();

    @Test
    void layoutsAgreeWithTheKernelHeaders() throws Exception {
        struct(CpuidEntry.class, "kvm_cpuid_entry2");
        struct(KvmClockData.class, "kvm_clock_data");
        struct(KvmClearDirtyLog.class, "kvm_clear_dirty_log");
        struct(KvmCoalescedMmioRing.class, "kvm_coalesced_mmio_ring", "ENTRY_", "kvm_coalesced_mmio");
        struct(KvmCoalescedMmioZone.class, "kvm_coalesced_mmio_zone", f -> f.equals("zone_size") ? "size" : f);
        struct(KvmCpuid2.class, "kvm_cpuid2");
        struct(KvmDebugregs.class, "kvm_debugregs");
        struct(KvmDirtyLog.class, "kvm_dirty_log");
        struct(KvmDtable.class, "kvm_dtable");
        struct(KvmEnableCap.class, "kvm_enable_cap");
        struct(KvmFpu.class, "kvm_fpu");
        struct(KvmIoeventfd.class, "kvm_ioeventfd");
        fields(KvmIrqchip.class, "kvm_irqchip", "SIZE", Map.of("CHIP_ID", "chip_id", "CHIP", "chip"));
        expect("KvmIrqchip.PIC_BYTES", "sizeof(struct kvm_pic_state)", KvmIrqchip.PIC_BYTES);
        expect("KvmIrqchip.IOAPIC_BYTES", "sizeof(struct kvm_ioapic_state)", KvmIrqchip.IOAPIC_BYTES);
        struct(KvmIrqLevel.class, "kvm_irq_level");
        struct(KvmIrqRouting.class, "kvm_irq_routing", "ENTRY_", "kvm_irq_routing_entry");
        struct(KvmPmuEventFilter.class, "kvm_pmu_event_filter");
        struct(KvmIrqfd.class, "kvm_irqfd");
        struct(KvmMpState.class, "kvm_mp_state");
        struct(KvmMsrList.class, "kvm_msr_list");
        struct(KvmMsrs.class, "kvm_msrs", "ENTRY_", "kvm_msr_entry");
        struct(KvmNestedState.class, "kvm_nested_state", f -> f.equals("length") ? "size" : f.startsWith("vm") ? "hdr.vmx." + f : f);
        struct(KvmPitConfig.class, "kvm_pit_config");
        struct(KvmPitState2.class, "kvm_pit_state2", "CHANNEL_", "kvm_pit_channel_state");
        struct(KvmRegs.class, "kvm_regs");
        struct(KvmRun.class, "kvm_run", AbiHeadersTest::runField);
        struct(KvmSegment.class, "kvm_segment");
        struct(KvmSignalMask.class, "kvm_signal_mask");
        struct(KvmSregs.class, "kvm_sregs");
        struct(KvmSregs2.class, "kvm_sregs2");
        struct(KvmUserspaceMemoryRegion.class, "kvm_userspace_memory_region");
        struct(KvmVcpuEvents.class, "kvm_vcpu_events");
        struct(KvmXcrs.class, "kvm_xcrs");
        struct(KvmXsave.class, "kvm_xsave");
        struct(LapicState.class, "kvm_lapic_state");
        compareWithHeaders(220);
    }

    @Test
    void kvmConstantsAgreeWithTheKernelHeaders() throws Exception {
        macros(KvmRequests.class, "KVM_");
        macros(KvmCap.class, "KVM_");
        macros(KvmExitReason.class, "KVM_");
        compareWithHeaders(150);
    }

    @Test
    void systemCallConstantsAgreeWithTheLibcHeaders() throws Exception {
        macros(libc("LibC"), "SYS_");
        macros(libc("Errno"), "E");
        macros(libc("Fd"), "O_", "POLL", "LOCK_", "F_", "FALLOC_", "BLK");
        macros(libc("FileName"), "AT_", "RENAME_");
        macros(libc("FileRanges"), "SYS_", "SEEK_");
        macros(libc("Userfault"), "SYS_", "UFFD_");
        macros(libc("UserfaultLayout"), "UFFD", "USERFAULTFD_");
        macros(libc("DescriptorMessage"), "SYS_", "SOL_", "SCM_");
        enumerated(libc("DescriptorMessage"), "MSG_NOSIGNAL", "MSG_CMSG_CLOEXEC");
        macros(libc("Mapping"), "PROT_", "MAP_", "MADV_", "MS_");
        macros(libc("MemFd"), "MFD_", "F_");
        macros(libc("EventFd"), "EFD_");
        macros(libc("TimerFd"), "TFD_", "CLOCK_");
        macros(libc("Epoll"), "EPOLL");
        macros(libc("OfdLock"), "F_");
        macros(libc("Tap"), "TUN", "IFF_", "IFNAMSIZ");
        macros(libc("NetInterface"), "IFF_", "IFNAMSIZ", "AF_", "NETLINK_", "NLM", "RTEXT_");
        enumerated(libc("NetInterface"), "IFLA_", "RTM_", "SOCK_");
        macros(libc("Termios"), "IGN", "BRK", "PARMRK", "ISTRIP", "INLCR", "ICRNL", "IXON", "OPOST", "CS", "PARENB",
                "ISIG", "ICANON", "ECHO", "IEXTEN", "VMIN", "VTIME", "TCGETS", "TCSETS", "TIOC");
        macros(libc("FileStat"), "S_IF");
        macros(libc("UringLayout"), "IORING_FEAT_", "IORING_ENTER_", "IORING_OFF_", "IORING_FSYNC_");
        enumerated(libc("UringLayout"), "IORING_OP_", "IORING_REGISTER_");
        compareWithHeaders(180);
    }

    @Test
    void systemCallLayoutsAgreeWithTheLibcHeaders() throws Exception {
        fields(libc("FileStat"), "stat", "SIZE", Map.of("ST_DEV", "st_dev", "ST_INO", "st_ino", "ST_MODE", "st_mode",
                "ST_UID", "st_uid", "ST_RDEV", "st_rdev", "ST_SIZE", "st_size", "ST_BLKSIZE", "st_blksize", "ST_BLOCKS", "st_blocks"));
        fields(libc("OfdLock"), "flock", "FLOCK_SIZE", Map.of("L_TYPE", "l_type", "L_PID", "l_pid"));
        fields(libc("Epoll"), "epoll_event", "EVENT_SIZE", Map.of("DATA", "data"));
        fields(libc("IoVec"), "iovec", "ENTRY_SIZE", Map.of("LENGTH", "iov_len"));
        fields(libc("UserfaultLayout"), "uffdio_api", "API_SIZE", Map.of("API_API", "api", "API_FEATURES", "features"));
        fields(libc("UserfaultLayout"), "uffdio_range", "RANGE_SIZE", Map.of("RANGE_START", "start", "RANGE_LEN", "len"));
        fields(libc("UserfaultLayout"), "uffdio_register", "REGISTER_SIZE", Map.of("REGISTER_MODE", "mode"));
        fields(libc("UserfaultLayout"), "uffdio_copy", "COPY_SIZE", Map.of("COPY_DST", "dst", "COPY_SRC", "src", "COPY_LEN", "len",
                "COPY_MODE", "mode", "COPY_COPY", "copy"));
        fields(libc("UserfaultLayout"), "uffdio_zeropage", "ZEROPAGE_SIZE", Map.of("ZEROPAGE_MODE", "mode", "ZEROPAGE_ZEROPAGE", "zeropage"));
        fields(libc("UserfaultLayout"), "uffd_msg", "MSG_SIZE", Map.of("MSG_EVENT", "event", "MSG_PAGEFAULT_FLAGS", "arg.pagefault.flags",
                "MSG_PAGEFAULT_ADDRESS", "arg.pagefault.address", "MSG_REMOVE_START", "arg.remove.start", "MSG_REMOVE_END", "arg.remove.end"));
        fields(libc("DescriptorMessage"), "msghdr", "MSGHDR_SIZE", Map.of("MSG_IOV", "msg_iov", "MSG_IOVLEN", "msg_iovlen",
                "MSG_CONTROL", "msg_control", "MSG_CONTROLLEN", "msg_controllen"));
        fields(libc("DescriptorMessage"), "cmsghdr", "CMSGHDR_SIZE", Map.of("CMSG_LEVEL", "cmsg_level", "CMSG_TYPE", "cmsg_type"));
        fields(libc("TimerFd"), "itimerspec", "ITIMERSPEC_SIZE",
                Map.of("IT_VALUE_SEC", "it_value.tv_sec", "IT_VALUE_NSEC", "it_value.tv_nsec"));
        fields(libc("Tap"), "ifreq", "IFREQ_SIZE", Map.of("IFR_FLAGS", "ifr_flags"));
        fields(libc("NetInterface"), "nlmsghdr", "NLMSGHDR_SIZE", Map.of("NLMSG_TYPE", "nlmsg_type", "NLMSG_FLAGS", "nlmsg_flags"));
        fields(libc("NetInterface"), "ifinfomsg", "IFINFOMSG_SIZE", Map.of("IFI_INDEX", "ifi_index", "IFI_FLAGS", "ifi_flags"));
        fields(libc("NetInterface"), "rtattr", "RTATTR_SIZE", Map.of());
        fields(libc("Termios"), "termios", "SIZE", Map.of("C_IFLAG", "c_iflag", "C_OFLAG", "c_oflag",
                "C_CFLAG", "c_cflag", "C_LFLAG", "c_lflag", "C_CC", "c_cc"));
        fields(libc("UringLayout"), "io_uring_params", "PARAMS_SIZE", Map.ofEntries(
                Map.entry("SQ_ENTRIES", "sq_entries"), Map.entry("CQ_ENTRIES", "cq_entries"), Map.entry("FEATURES", "features"),
                Map.entry("SQ_OFF_HEAD", "sq_off.head"), Map.entry("SQ_OFF_TAIL", "sq_off.tail"),
                Map.entry("SQ_OFF_RING_MASK", "sq_off.ring_mask"), Map.entry("SQ_OFF_ARRAY", "sq_off.array"),
                Map.entry("CQ_OFF_HEAD", "cq_off.head"), Map.entry("CQ_OFF_TAIL", "cq_off.tail"),
                Map.entry("CQ_OFF_RING_MASK", "cq_off.ring_mask"), Map.entry("CQ_OFF_CQES", "cq_off.cqes")));
        fields(libc("UringLayout"), "io_uring_sqe", "SQE_SIZE", Map.of("SQE_OPCODE", "opcode", "SQE_FD", "fd", "SQE_OFF", "off",
                "SQE_ADDR", "addr", "SQE_LEN", "len", "SQE_OP_FLAGS", "fsync_flags", "SQE_USER_DATA", "user_data"));
        fields(libc("UringLayout"), "io_uring_cqe", "CQE_SIZE", Map.of("CQE_USER_DATA", "user_data", "CQE_RES", "res"));
        fields(libc("ThreadSignal"), "sigaction", "SIGACTION_SIZE", Map.of("SA_HANDLER", "sa_handler"));
        expect("signal", "SIGURG", value(libc("ThreadSignal").getDeclaredField("SIGNAL")));
        compareWithHeaders(25);
    }

    private static Class<?> libc(String name) throws ClassNotFoundException {
        return Class.forName("io.vmm4j.kvm.libc." + name);
    }

    /** {@code io_data_offset} is {@code io.data_offset}: the first part is a member of the union where there is one. */
    private static String runField(String field) {
        for (String member : List.of("hw", "fail_entry", "ex", "io", "mmio", "hypercall", "internal", "system_event",
                "eoi", "msr", "memory_fault")) {
            if (field.startsWith(member + "_")) {
                return member + "." + field.substring(member.length() + 1);
            }
        }
        return field;
    }

    private void struct(Class<?> layout, String struct) throws IllegalAccessException {
        struct(layout, struct, UnaryOperator.identity());
    }

    private void struct(Class<?> layout, String struct, UnaryOperator<String> path) throws IllegalAccessException {
        struct(layout, struct, path, "no prefix", "");
    }

    private void struct(Class<?> layout, String struct, String prefix, String element) throws IllegalAccessException {
        struct(layout, struct, UnaryOperator.identity(), prefix, element);
    }

    private void struct(Class<?> layout, String struct, UnaryOperator<String> path, String prefix, String element)
            throws IllegalAccessException {
        for (Field field : constants(layout)) {
            String name = field.getName();
            String label = layout.getSimpleName() + "." + name;
            if (!Modifier.isPublic(field.getModifiers()) || name.endsWith("_COUNT") || name.equals("MAX_ENTRIES")) {
                continue;
            }
            if (name.startsWith("KVM_")) {
                macro(label, name, field);
            } else if (name.equals("SIZE")) {
                expect(label, "sizeof(struct " + struct + ")", value(field));
            } else if (name.equals(prefix + "SIZE")) {
                expect(label, "sizeof(struct " + element + ")", value(field));
            } else if (name.startsWith(prefix)) {
                expect(label, "offsetof(struct " + element + ", " + element(name.substring(prefix.length())) + ")",
                        value(field));
            } else {
                String member = path.apply(name.toLowerCase(Locale.ROOT));
                boolean recent = member.startsWith("memory_fault.");
                program.append(recent ? "#ifdef KVM_EXIT_MEMORY_FAULT\n" : "");
                expect(label, "offsetof(struct " + struct + ", " + member + ")", value(field));
                program.append(recent ? "#endif\n" : "");
            }
        }
    }

    private static String element(String name) {
        return name.toLowerCase(Locale.ROOT).replace("u_irqchip_", "u.irqchip.").replace("u_msi_", "u.msi.");
    }

    private void macros(Class<?> holder, String... prefixes) throws IllegalAccessException {
        for (Field field : constants(holder)) {
            for (String prefix : prefixes) {
                if (field.getName().startsWith(prefix) && !field.getName().equals("EVENT_SIZE")) {
                    String macro = field.getName().startsWith("SYS_")
                            ? field.getName().toLowerCase(Locale.ROOT).replace("sys_", "SYS_") : field.getName();
                    macro(holder.getSimpleName() + "." + field.getName(), macro, field);
                    break;
                }
            }
        }
    }

    /** Constants of enumerations, which every header that this program compiles with has. */
    private void enumerated(Class<?> holder, String... prefixes) throws IllegalAccessException {
        for (Field field : constants(holder)) {
            for (String prefix : prefixes) {
                if (field.getName().startsWith(prefix)) {
                    expect(holder.getSimpleName() + "." + field.getName(), field.getName(), value(field));
                }
            }
        }
    }

    private void fields(Class<?> holder, String struct, String size, Map<String, String> members) throws Exception {
        String owner = holder.getSimpleName() + ".";
        expect(owner + size, "sizeof(struct " + struct + ")", value(holder.getDeclaredField(size)));
        for (Map.Entry<String, String> member : new TreeMap<>(members).entrySet()) {
            expect(owner + member.getKey(), "offsetof(struct " + struct + ", " + member.getValue() + ")",
                    value(holder.getDeclaredField(member.getKey())));
        }
    }

    private void macro(String label, String macro, Field field) throws IllegalAccessException {
        program.append("#ifdef ").append(macro).append('\n');
        // Compared as the type we hold: EPOLLET is the sign bit of an int.
        expect(label, field.getType() == int.class ? "(int) (" + macro + ")" : macro, value(field));
        program.append("#endif\n");
    }

    private void expect(String label, String expression, long value) {
        program.append("VALUE(\"").append(label).append("\", ").append(expression).append(");\n");
        ours.put(label, value);
    }

    private static List<Field> constants(Class<?> holder) {
        List<Field> constants = new ArrayList<>();
        for (Field field : holder.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers())
                    && (field.getType() == int.class || field.getType() == long.class || field.getType() == short.class)) {
                constants.add(field);
            }
        }
        return constants;
    }

    private static long value(Field field) throws IllegalAccessException {
        field.setAccessible(true);
        return ((Number) field.get(null)).longValue();
    }

    private void compareWithHeaders(int atLeast) throws Exception {
        Map<String, Long> theirs = runProgram();
        List<String> wrong = new ArrayList<>();
        theirs.forEach((name, value) -> {
            if (!value.equals(ours.get(name))) {
                wrong.add(name + " is " + ours.get(name) + ", in the C headers " + value);
            }
        });
        assertEquals(List.of(), wrong);
        assertTrue(theirs.size() >= atLeast, "only " + theirs.size() + " values were compared");
    }

    private Map<String, Long> runProgram() throws IOException, InterruptedException {
        Path source = directory.resolve("abi.c");
        Path binary = directory.resolve("abi");
        Path output = directory.resolve("out");
        Files.writeString(source, program + "return 0; }\n");
        assumeTrue(run(output, "gcc", "--version") == 0, "no gcc on this machine: layouts are not compared with headers");
        assumeTrue(Files.exists(Path.of("/usr/include/linux/kvm.h")), "no linux/kvm.h: install linux-libc-dev");
        assertEquals(0, run(output, "gcc", "-w", "-o", binary.toString(), source.toString()), () -> read(output));
        assertEquals(0, run(output, binary.toString()), () -> read(output));
        Map<String, Long> values = new LinkedHashMap<>();
        for (String line : Files.readAllLines(output)) {
            String[] words = line.split(" ");
            values.put(words[0], Long.parseLong(words[1]));
        }
        return values;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static int run(Path output, String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
            return process.waitFor(60, TimeUnit.SECONDS) ? process.exitValue() : -1;
        } catch (IOException e) {
            return -1;
        }
    }
}
