package io.vmm4j.core.boot;

import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A kernel command line, read as the kernel reads it: parameters are separated by blanks, a double quote keeps blanks
 * together, and what follows a lone {@code --} is for init. Parameters are added before that. Immutable.
 */
public final class CommandLine {

    /** The limit of x86 kernels, in bytes with the end mark. */
    public static final int COMMAND_LINE_SIZE = 2048;

    private static final char FIRST_PRINTABLE = ' ';
    private static final char LAST_PRINTABLE = '~';
    private static final String END_OF_PARAMETERS = "--";
    private static final long KIB = 1024;

    private final String text;
    /** Names of the parameters for the kernel, as the kernel compares them. */
    private final List<String> names = new ArrayList<>();
    /** Where the part for init begins; the end of the text when there is none. */
    private final int kernelEnd;

    private CommandLine(String text) {
        this.text = text;
        this.kernelEnd = scan();
    }

    /**
     * Reads a command line.
     *
     * @throws CommandLineException on a character outside printable ASCII, or a quote that is not closed
     */
    public static CommandLine parse(String text) throws CommandLineException {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < FIRST_PRINTABLE || c > LAST_PRINTABLE) {
                throw new CommandLineException(String.format("kernel command line has character U+%04X at position %d; only printable ASCII is possible",
                        text.codePointAt(i), i + 1));
            }
        }
        if (text.chars().filter(c -> c == '"').count() % 2 != 0) {
            throw new CommandLineException("kernel command line has a double quote that is not closed, at position " + (text.lastIndexOf('"') + 1));
        }
        return new CommandLine(text);
    }

    /** Collects the parameters' names and returns where those for the kernel end. */
    private int scan() {
        int at = 0;
        while (at < text.length()) {
            if (text.charAt(at) == ' ') {
                at++;
                continue;
            }
            int end = endOfParameter(at);
            String name = nameOf(text.substring(at, end));
            if (name.equals(END_OF_PARAMETERS)) {
                return at;
            }
            names.add(canonical(name));
            at = end;
        }
        return text.length();
    }

    private int endOfParameter(int start) {
        boolean quoted = false;
        int at = start;
        while (at < text.length() && (quoted || text.charAt(at) != ' ')) {
            if (text.charAt(at) == '"') {
                quoted = !quoted;
            }
            at++;
        }
        return at;
    }

    private static String nameOf(String parameter) {
        String unquoted = parameter;
        if (parameter.startsWith("\"")) {
            unquoted = parameter.substring(1, parameter.endsWith("\"") && parameter.length() > 1 ? parameter.length() - 1 : parameter.length());
        }
        int equals = unquoted.indexOf('=');
        return equals < 0 ? unquoted : unquoted.substring(0, equals);
    }

    /** The kernel takes dashes and underscores in names for the same. */
    private static String canonical(String name) {
        return name.replace('-', '_');
    }

    /** Whether a parameter of that name, with or without a value, is there for the kernel. */
    public boolean hasParameter(String name) {
        return names.contains(canonical(name));
    }

    /** This command line and a parameter, which comes last of those for the kernel. */
    public CommandLine with(String parameter) {
        String before = text.substring(0, kernelEnd).stripTrailing();
        String after = text.substring(kernelEnd);
        String joined = before.isEmpty() ? parameter : before + " " + parameter;
        return new CommandLine(after.isEmpty() ? joined : joined + " " + after);
    }

    /** Names the root file system's device, unless {@code root=} is there already. */
    public CommandLine withRoot(String device) {
        return hasParameter("root") ? this : with("root=" + device);
    }

    /** Says {@code ro} or {@code rw}, unless either is there already. */
    public CommandLine withRootMode(boolean readOnly) {
        return hasParameter("ro") || hasParameter("rw") ? this : with(readOnly ? "ro" : "rw");
    }

    /** Names a virtio device's window and interrupt, for kernels that do not read ACPI tables. */
    public CommandLine withVirtioMmio(VirtioMmioSlot slot) {
        return with("virtio_mmio.device=" + slot.size() / KIB + "K@0x" + Long.toHexString(slot.base()) + ":" + slot.gsi());
    }

    /** Bytes with the end mark. */
    public int size() {
        return text.length() + 1;
    }

    /**
     * Checks the length.
     *
     * @param limit bytes with the end mark, such as {@link KernelImage#commandLineLimit}
     * @throws CommandLineException when it is longer
     */
    public void requireFits(int limit) throws CommandLineException {
        if (size() > limit) {
            throw new CommandLineException("kernel command line takes " + size() + " bytes with its end mark, " + (size() - limit)
                    + " more than the kernel's limit of " + limit);
        }
    }

    /** Writes the text and its end mark to its place in the {@linkplain AddressMap#COMMAND_LINE address map}. */
    public void write(GuestMemory memory) throws GuestMemoryException {
        memory.write(AddressMap.COMMAND_LINE, ByteBuffer.wrap((text + '\0').getBytes(StandardCharsets.US_ASCII)));
    }

    /** The text. */
    @Override
    public String toString() {
        return text;
    }
}
