package io.vmm4j.core.machine;

import io.vmm4j.core.config.MemoryType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether the host gives transparent huge pages to those who ask (Documentation/admin-guide/mm/transhuge.rst). */
final class TransparentHugePages {

    private static final Logger LOG = LoggerFactory.getLogger(TransparentHugePages.class);
    private static final Path SETTINGS = Path.of("/sys/kernel/mm/transparent_hugepage");

    private TransparentHugePages() {
    }

    /** Small pages do the same work, only slower: said, not refused. */
    static void warnIfOff(MemoryType type) {
        if (!type.isTransparentHuge()) {
            return;
        }
        Path setting = SETTINGS.resolve(type.isShared() ? "shmem_enabled" : "enabled");
        if (isOff(setting)) {
            LOG.warn("memory type {}: {} is off on this host, so guest memory has pages of 4 KiB", type.label(), setting);
        }
    }

    /** Whether private memory can have them and shared memory cannot, as is the default of Linux. */
    static boolean areForPrivateMemoryOnly() {
        return isOff(SETTINGS.resolve("shmem_enabled")) && !isOff(SETTINGS.resolve("enabled"));
    }

    private static boolean isOff(Path setting) {
        try {
            String choice = Files.readString(setting);
            return choice.contains("[never]") || choice.contains("[deny]");
        } catch (IOException e) {
            LOG.debug("{} cannot be read: {}", setting, e.toString());
            return true;
        }
    }
}
