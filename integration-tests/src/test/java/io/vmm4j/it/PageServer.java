package io.vmm4j.it;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.UnixSocket;
import io.vmm4j.kvm.libc.Userfault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A program that brings a machine's memory in from a file, by Firecracker's handover. Arguments: the socket to make, the memory file, and the offset of a
 * page that it does not bring in, or -1. It prints {@code ready}, the message that came with the memory, and {@code withheld} when that page is asked for.
 */
public final class PageServer {

    private static final Pattern REGION = Pattern.compile(
            "\\{\"base_host_virt_addr\":(\\d+),\"size\":(\\d+),\"offset\":(\\d+),\"page_size\":(\\d+),\"page_size_kib\":(\\d+)}");
    private static final int MESSAGE_MAX = 4096;

    private record Region(long address, long size, long offset, int pageSize) {
    }

    private final Mapping file;
    private final long withheld;
    private final List<Region> regions = new ArrayList<>();
    /** Pages of the file that were given back since. */
    private final BitSet removed = new BitSet();

    private PageServer(Mapping file, long withheld) {
        this.file = file;
        this.withheld = withheld;
    }

    public static void main(String[] arguments) throws IOException {
        Path memory = Path.of(arguments[1]);
        try (Fd fd = Fd.open(memory, Fd.O_RDONLY); Mapping file = Mapping.privateOf(fd.value(), 0, Files.size(memory));
                UnixSocket listening = UnixSocket.listen(arguments[0], 1)) {
            System.out.println("ready");
            listening.poll(Fd.POLLIN, -1);
            try (UnixSocket machine = listening.accept()) {
                new PageServer(file, Long.parseLong(arguments[2])).serve(machine);
            }
        }
    }

    private void serve(UnixSocket machine) throws IOException {
        machine.poll(Fd.POLLIN, -1);
        ByteBuffer bytes = ByteBuffer.allocateDirect(MESSAGE_MAX);
        Fd descriptor = machine.receiveWithDescriptor(bytes).descriptor().orElseThrow();
        String message = StandardCharsets.US_ASCII.decode(bytes.flip()).toString();
        System.out.println(message);
        Matcher region = REGION.matcher(message);
        while (region.find()) {
            regions.add(new Region(Long.parseLong(region.group(1)), Long.parseLong(region.group(2)), Long.parseLong(region.group(3)),
                    Integer.parseInt(region.group(4))));
        }
        try (Userfault userfault = Userfault.of(descriptor)) {
            while (true) {
                userfault.fd().poll(Fd.POLLIN, -1);
                for (Userfault.Event event = userfault.next(); event != null; event = userfault.next()) {
                    handle(userfault, event);
                }
            }
        }
    }

    private void handle(Userfault userfault, Userfault.Event event) throws IOException {
        Region region = regions.stream().filter(each -> event.address() >= each.address && event.address() - each.address < each.size).findFirst().orElseThrow();
        long offset = event.address() - region.address + region.offset & -region.pageSize;
        if (event.event() == Userfault.UFFD_EVENT_REMOVE) {
            removed.set((int) (offset / region.pageSize), (int) ((event.end() - region.address + region.offset) / region.pageSize));
        } else if (offset == withheld) {
            System.out.println("withheld");
        } else if (removed.get((int) (offset / region.pageSize))) {
            userfault.zero(region.address + offset - region.offset, region.pageSize);
        } else {
            userfault.copy(region.address + offset - region.offset, file.address() + offset, region.pageSize);
        }
    }
}
