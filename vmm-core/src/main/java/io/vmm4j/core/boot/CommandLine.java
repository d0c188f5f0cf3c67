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
 * A kernel command line, read as the kernel reads it (parse_args, next_arg): parameters are separated by blanks, a double
 * quote keeps blanks together up to the next one or to the end of the line, and what follows a lone {@code --} is for init.
 * Parameters are added before that, and before one whose quote is not closed. Immutable.
 *
 * <p>The kernel reads bytes, so the text is read as the bytes of its UTF-8.
 */
public final class CommandLine {

    /** The limit of x86 kernels, in bytes with the end mark. */
    public static final int COMMAND_LINE_SIZE = 2048;

    private static final char UNKNOWN = '\uFFFD';
    private static final long KIB = 1024;

    /** A character a byte. */
    private final String octets;
    /** Those for the kernel. */
    private final List<KernelParameter> parameters = new ArrayList<>();
    /** Where parameters can be added. */
    private final int kernelEnd;

    private CommandLine(String octets) {
        this.octets = octets;
        this.kernelEnd = scan();
    }

    /**
     * Reads a command line. Whatever the kernel takes is taken.
     *
     * @throws CommandLineException on a character that cannot be in the kernel's memory: NUL, half of a surrogate pair, and
     *     U+FFFD, which stands for bytes that are lost
     */
    public static CommandLine parse(String text) throws CommandLineException {
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            String objection = objectionTo(text.codePointAt(i));
            if (objection != null) {
                throw new CommandLineException(String.format("kernel command line has character U+%04X at position %d, %s",
                        text.codePointAt(i), i + 1, objection));
            }
        }
        return new CommandLine(new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
    }

    private static String objectionTo(int codePoint) {
        if (codePoint == 0) {
            return "where it would end for the kernel";
        }
        if (Character.getType(codePoint) == Character.SURROGATE) {
            return "half of one, which has no encoding";
        }
        return codePoint == UNKNOWN ? "which stands for bytes that are no text in this locale" : null;
    }

    /** Collects the kernel's parameters and returns where more can follow. */
    private int scan() {
        int at = KernelParameter.skipBlanks(octets, 0);
        while (at < octets.length()) {
            KernelParameter parameter = KernelParameter.at(octets, at);
            if (parameter.isEndOfParameters()) {
                return at;
            }
            parameters.add(parameter);
            if (parameter.isOpen()) {
                return at;
            }
            at = KernelParameter.skipBlanks(octets, parameter.end());
        }
        return octets.length();
    }

    /** Whether a parameter of that name, with or without a value, is there for the kernel. */
    public boolean hasParameter(String name) {
        return parameters.stream().anyMatch(parameter -> parameter.isNamed(name));
    }

    private boolean hasParameter(String name, boolean withValue) {
        return parameters.stream().anyMatch(parameter -> parameter.isNamed(name) && parameter.hasValue() == withValue);
    }

    /** Whether {@code root=} is there, by which the user names the root file system. */
    public boolean hasRoot() {
        return hasParameter("root", true);
    }

    /** This command line and a parameter, which comes last of those for the kernel. */
    public CommandLine with(String parameter) {
        String before = KernelParameter.withoutTrailingBlanks(octets.substring(0, kernelEnd));
        String after = octets.substring(kernelEnd);
        String joined = before.isEmpty() ? parameter : before + " " + parameter;
        return new CommandLine(after.isEmpty() ? joined : joined + " " + after);
    }

    /** Names the root file system's device, unless {@code root=} is there already. */
    public CommandLine withRoot(String device) {
        return hasRoot() ? this : with("root=" + device);
    }

    /** Says {@code ro} or {@code rw}, unless either is there already. */
    public CommandLine withRootMode(boolean readOnly) {
        return hasParameter("ro", false) || hasParameter("rw", false) ? this : with(readOnly ? "ro" : "rw");
    }

    /** Names a virtio device's window and interrupt, for kernels that do not read ACPI tables. */
    public CommandLine withVirtioMmio(VirtioMmioSlot slot) {
        return with("virtio_mmio.device=" + slot.size() / KIB + "K@0x" + Long.toHexString(slot.base()) + ":" + slot.gsi());
    }

    /** Bytes with the end mark. */
    public int size() {
        return octets.length() + 1;
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
        memory.write(AddressMap.COMMAND_LINE, ByteBuffer.wrap((octets + '\0').getBytes(StandardCharsets.ISO_8859_1)));
    }

    /** The text. */
    @Override
    public String toString() {
        return new String(octets.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
