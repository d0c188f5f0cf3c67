package io.vmm4j.core.rootfs;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A program of some hundred bytes that runs another one as a container has it: it goes into {@code /sysroot} and the working directory there, becomes
 * the user, and is then the first program there is of those that it could be, with the arguments and the environment that it was given: only the kernel
 * follows the image's links as the image means them. What a busybox has for it wants the user to be in the guest's passwd(5). An ELF program for x86-64
 * that needs nothing but the kernel; fails with a line and status 127 where there is no such program, else with 126.
 */
final class Launcher {

    private static final String ROOT = "/sysroot";
    private static final long BASE = 0x400000;
    private static final int HEADERS = 64 + 56;

    private static final int SYS_WRITE = 1;
    private static final int SYS_EXECVE = 59;
    private static final int SYS_EXIT = 60;
    private static final int SYS_CHDIR = 80;
    private static final int SYS_SETUID = 105;
    private static final int SYS_SETGID = 106;
    private static final int SYS_SETGROUPS = 116;
    private static final int SYS_CHROOT = 161;

    private static final int MOV_EAX = 0xB8;
    private static final int MOV_EDI = 0xBF;
    private static final int MOV_EDX = 0xBA;
    private static final int MOV_EBX = 0xBB;
    private static final int NONE = 127;
    private static final int CANNOT = 126;
    private static final int STANDARD_ERROR = 2;
    private static final byte[] LEA_RDI = {0x48, (byte) 0x8D, 0x3D};
    private static final byte[] LEA_RSI = {0x48, (byte) 0x8D, 0x35};
    private static final byte[] SYSCALL = {0x0F, 0x05};
    /** test eax, eax; jnz. */
    private static final byte[] UNLESS_ZERO = {(byte) 0x85, (byte) 0xC0, 0x0F, (byte) 0x85};
    /** lea rsi, [rsp+16]; mov rcx, [rsp]; lea rdx, [rsp+rcx*8+16]: the program's arguments, the environment. */
    private static final byte[] ARGUMENTS = {0x48, (byte) 0x8D, 0x74, 0x24, 16, 0x48, (byte) 0x8B, 0x0C, 0x24, 0x48, (byte) 0x8D, 0x54, (byte) 0xCC, 16};
    /** cmp eax, -ENOENT; je +19; cmp eax, -ENOTDIR; je +14; mov ebx, 126; cmp eax, -EACCES; jne: to the next, to the next, or not. */
    private static final byte[] UNLESS_ANOTHER = {(byte) 0x83, (byte) 0xF8, -2, 0x74, 19, (byte) 0x83, (byte) 0xF8, -20, 0x74, 14,
        (byte) MOV_EBX, CANNOT, 0, 0, 0, (byte) 0x83, (byte) 0xF8, -13, 0x0F, (byte) 0x85};
    /** cmp ebx, 127; jne. */
    private static final byte[] UNLESS_NONE = {(byte) 0x83, (byte) 0xFB, NONE, 0x0F, (byte) 0x85};

    private final ByteArrayOutputStream code = new ByteArrayOutputStream();
    /** Distances of 32 bits that are filled in at the end, by where they are. */
    private final Map<Integer, String> due = new HashMap<>();
    private final Map<String, Integer> labels = new HashMap<>();
    private final Map<String, String> texts = new TreeMap<>();

    private Launcher() {
    }

    /**
     * The program for {@code container}.
     *
     * @param name  the program's, for messages
     * @param files what it may be, in order, as the image has them
     */
    static byte[] of(Container container, String name, List<String> files) {
        Launcher launcher = new Launcher();
        launcher.onPath(SYS_CHROOT, "root", "user");
        launcher.onPath(SYS_CHDIR, "directory", "nowhere");
        List<Long> groups = new ArrayList<>(container.groups());
        launcher.number(MOV_EDI, groups.size());
        launcher.distance(LEA_RSI, "groups");
        launcher.call(SYS_SETGROUPS, "user");
        launcher.number(MOV_EDI, container.gid());
        launcher.call(SYS_SETGID, "user");
        launcher.number(MOV_EDI, container.uid());
        launcher.call(SYS_SETUID, "user");
        launcher.execute(files);
        launcher.end("none", name + ": there is no such program in the image, or its interpreter is not there", NONE);
        launcher.end("cannot", name + ": the program cannot be executed by user " + container.uid(), CANNOT);
        launcher.end("nowhere", container.directory() + ": the working directory cannot be entered", CANNOT);
        launcher.end("user", "the program cannot be run as user " + container.uid() + " in the image", CANNOT);
        launcher.label("groups");
        groups.forEach(launcher::word);
        for (int i = 0; i < files.size(); i++) {
            launcher.text("file " + i, files.get(i));
        }
        launcher.texts.forEach(launcher::text);
        launcher.text("root", ROOT);
        launcher.text("directory", container.directory());
        return launcher.program();
    }

    /** Becomes the first of {@code files} that there is; goes on behind it where there is none, and to {@code cannot} where one is that cannot be run. */
    private void execute(List<String> files) {
        number(MOV_EBX, NONE);
        for (int i = 0; i < files.size(); i++) {
            distance(LEA_RDI, "file " + i);
            code.writeBytes(ARGUMENTS);
            number(MOV_EAX, SYS_EXECVE);
            code.writeBytes(SYSCALL);
            distance(UNLESS_ANOTHER, "cannot");
        }
        distance(UNLESS_NONE, "cannot");
    }

    /** From {@code label} on it says {@code line} and ends. */
    private void end(String label, String line, int status) {
        label(label);
        texts.put(label + " line", line + "\n");
        number(MOV_EDI, STANDARD_ERROR);
        distance(LEA_RSI, label + " line");
        number(MOV_EDX, (line + "\n").getBytes(StandardCharsets.UTF_8).length);
        number(MOV_EAX, SYS_WRITE);
        code.writeBytes(SYSCALL);
        number(MOV_EDI, status);
        number(MOV_EAX, SYS_EXIT);
        code.writeBytes(SYSCALL);
    }

    private void label(String name) {
        labels.put(name, code.size());
    }

    private void text(String name, String text) {
        label(name);
        code.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        code.write(0);
    }

    private void word(long value) {
        code.writeBytes(ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt((int) value).array());
    }

    private void number(int operation, long value) {
        code.write(operation);
        word(value);
    }

    private void distance(byte[] operation, String to) {
        code.writeBytes(operation);
        due.put(code.size(), to);
        word(0);
    }

    private void onPath(int call, String path, String failed) {
        distance(LEA_RDI, path);
        call(call, failed);
    }

    /** Of which anything but 0 goes to {@code failed}. */
    private void call(int number, String failed) {
        number(MOV_EAX, number);
        code.writeBytes(SYSCALL);
        distance(UNLESS_ZERO, failed);
    }

    /**
     * ELF-64 Object File Format: Elf64_Ehdr and one Elf64_Phdr, PT_LOAD, readable and executable.
     */
    private byte[] program() {
        byte[] body = code.toByteArray();
        ByteBuffer elf = ByteBuffer.allocate(HEADERS + body.length).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        elf.putShort((short) 2).putShort((short) 62).putInt(1).putLong(BASE + HEADERS).putLong(64).putLong(0).putInt(0);
        elf.putShort((short) 64).putShort((short) 56).putShort((short) 1).putShort((short) 0).putShort((short) 0).putShort((short) 0);
        elf.putInt(1).putInt(5).putLong(0).putLong(BASE).putLong(BASE).putLong(elf.capacity()).putLong(elf.capacity()).putLong(0x1000);
        elf.put(body);
        due.forEach((at, to) -> elf.putInt(HEADERS + at, labels.get(to) - at - Integer.BYTES));
        return elf.array();
    }
}
