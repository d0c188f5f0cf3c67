package io.vmm4j.core.machine;

import io.vmm4j.core.config.MemoryType;
import io.vmm4j.core.memo.Recent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether the host gives transparent huge pages to those who ask (Documentation/admin-guide/mm/transhuge.rst). */
final class TransparentHugePages {

    private static final Logger LOG = LoggerFactory.getLogger(TransparentHugePages.class);
    private static final Path SETTINGS = Path.of("/sys/kernel/mm/transparent_hugepage");
    private static final long MOMENT_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final Recent<Boolean> OFF_FOR_SHARED = recentlyOff("shmem_enabled");
    private static final Recent<Boolean> OFF_FOR_PRIVATE = recentlyOff("enabled");

    private TransparentHugePages() {
    }

    /** Small pages do the same work, only slower: said, not refused. */
    static void warnIfOff(MemoryType type) {
        if (!type.isTransparentHuge()) {
            return;
        }
        if ((type.isShared() ? OFF_FOR_SHARED : OFF_FOR_PRIVATE).get()) {
            LOG.warn("memory type {}: {} is off on this host, so guest memory has pages of 4 KiB", type.label(),
                    SETTINGS.resolve(type.isShared() ? "shmem_enabled" : "enabled"));
        }
    }

    /** Whether private memory can have them and shared memory cannot, as is the default of Linux. */
    static boolean areForPrivateMemoryOnly() {
        return OFF_FOR_SHARED.get() && !OFF_FOR_PRIVATE.get();
    }

    private static Recent<Boolean> recentlyOff(String setting) {
        return new Recent<>(() -> isOff(SETTINGS.resolve(setting)), MOMENT_NANOS, System::nanoTime);
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
