package io.vmm4j.core.boot;

import io.vmm4j.core.format.FileFormat;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A kernel image, opened and found good. {@link #open} reads headers only and needs no guest memory; {@link #load}
 * streams the file into it. The file stays open between, so that what is loaded is what was checked.
 *
 * <p>Not synchronized.
 */
public final class KernelImage implements Closeable {

    private static final int START_BYTES = SetupHeader.MAX_END;
    private static final long MIB = 1 << 20;

    private final ImageFile file;
    private final LoadPlan plan;

    private KernelImage(ImageFile file, LoadPlan plan) {
        this.file = file;
        this.plan = plan;
    }

    /**
     * Opens a kernel image and checks all that can be checked of it.
     *
     * @param path        an ELF vmlinux or a bzImage
     * @param lowRamBytes end of the RAM that the kernel may use, below the hole
     * @throws KernelImageException when the file cannot be booted in that RAM; nothing stays open then
     */
    public static KernelImage open(Path path, long lowRamBytes) throws KernelImageException {
        return open(path, path, lowRamBytes);
    }

    /** As above, with what is at {@code place} for the image called {@code path}. */
    public static KernelImage open(Path path, Path place, long lowRamBytes) throws KernelImageException {
        ImageFile file = ImageFile.open("kernel image", path, place);
        try {
            return new KernelImage(file, plan(file, lowRamBytes));
        } catch (KernelImageException | RuntimeException e) {
            closeAfter(e, file);
            throw e;
        }
    }

    private static LoadPlan plan(ImageFile file, long lowRamBytes) throws KernelImageException {
        ByteBuffer start = file.header(0, (int) Math.min(file.size(), START_BYTES));
        if (ElfLoader.recognizes(start)) {
            return ElfLoader.plan(file, lowRamBytes);
        }
        if (BzImageLoader.recognizes(start)) {
            return BzImageLoader.plan(file, lowRamBytes);
        }
        // One without its boot flag is none.
        Optional<FileFormat> format = file.format().filter(found -> found != FileFormat.BZIMAGE);
        String command = format.filter(KernelImage::isPacked).flatMap(packed -> packed.command(file.path().toString()))
                .map(text -> ": `" + text + "` unpacks it").orElse("");
        throw file.refuse("is " + format.map(FileFormat::description).orElseGet(() -> describe(start))
                + "; an ELF vmlinux or a bzImage is needed" + command);
    }

    private static boolean isPacked(FileFormat format) {
        return format.kind() == FileFormat.Kind.COMPRESSED || format.kind() == FileFormat.Kind.ARCHIVE;
    }

    static void closeAfter(Exception failure, ImageFile file) {
        try {
            file.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    static KernelImageException tooLarge(ImageFile file, long end, long lowRamBytes) {
        return file.refuse("needs RAM up to 0x" + Long.toHexString(end) + " (" + Long.divideUnsigned(end + MIB - 1, MIB) + " MiB), the guest has "
                + lowRamBytes / MIB + " MiB there");
    }

    /** The file, as it was named. */
    public Path path() {
        return file.path();
    }

    /** How the kernel is entered. */
    public KernelFormat format() {
        return plan.format();
    }

    /** RIP of the boot vCPU, a guest-physical address. */
    public long entryPoint() {
        return plan.entryPoint();
    }

    /** The address behind the RAM that the kernel takes before it reads the memory map; an initrd must lie above. */
    public long endOfKernel() {
        return plan.end();
    }

    /** The setup header of a bzImage; empty for ELF. */
    public Optional<SetupHeader> setupHeader() {
        return Optional.ofNullable(plan.header());
    }

    /** The longest command line this kernel takes, in bytes with the end mark. */
    public int commandLineLimit() {
        return setupHeader().map(header -> (int) Math.min(CommandLine.COMMAND_LINE_SIZE, header.commandLineSize() + 1))
                .orElse(CommandLine.COMMAND_LINE_SIZE);
    }

    /**
     * Copies the kernel into RAM, which must be zero so far, as that of a new machine is: what the kernel expects to
     * find zero is not written.
     *
     * @throws IOException          when the file cannot be read, or has become shorter since it was opened
     * @throws GuestMemoryException when {@code memory} is smaller than what {@link #open} was told
     */
    public void load(GuestMemory memory) throws IOException, GuestMemoryException {
        for (LoadPlan.Segment segment : plan.segments()) {
            file.load(memory, segment.gpa(), segment.fileOffset(), segment.fileSize());
        }
    }

    /** Closes the file. A second call does nothing. */
    @Override
    public void close() throws IOException {
        file.close();
    }

    /** What is no known format, for the message that refuses it. */
    private static String describe(ByteBuffer start) {
        if (beginsWith(start, "#!")) {
            return "a script";
        }
        if (beginsWith(start, "MZ")) {
            return "an EFI or DOS program, not a Linux kernel";
        }
        return isText(start) ? "a text file" : "neither ELF nor bzImage";
    }

    private static boolean beginsWith(ByteBuffer start, String magic) {
        return start.limit() >= magic.length() && start.get(0) == magic.charAt(0) && start.get(1) == magic.charAt(1);
    }

    private static boolean isText(ByteBuffer start) {
        String text = StandardCharsets.US_ASCII.decode(start.duplicate()).toString();
        return text.chars().allMatch(c -> c >= ' ' && c <= '~' || c == '\n' || c == '\t' || c == '\r');
    }
}
