package io.vmm4j.core.machine;

import io.vmm4j.core.block.DiskBackend;
import io.vmm4j.core.block.ImageVersion;
import io.vmm4j.core.block.SharedDisk;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.config.VmConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a machine goes on from where another stood still.
 *
 * @param from        that other; held by the caller meanwhile
 * @param whole       the configuration, with what had been added to the other since its start
 * @param isCopied    whether all of its memory is copied at once
 * @param isTracked   whether KVM takes note of what the guest writes from the start
 * @param movesClock  whether the guest's clock moves on by the time that has gone by since
 * @param ownImages   drives that write to their images, not to memory over them
 * @param otherImages drives on another image than then, which their user says is the same
 * @param handler     the socket of who brings the memory in, or {@code null}
 */
public record Restart(FrozenMachine from, VmConfig whole, boolean isCopied, boolean isTracked, boolean movesClock, Set<String> ownImages,
        Set<String> otherImages, Path handler) {

    private static final Logger LOG = LoggerFactory.getLogger(Restart.class);

    public Restart {
        ownImages = Set.copyOf(ownImages);
        otherImages = Set.copyOf(otherImages);
    }

    /** The configuration of the machine as it began, before anything was added. */
    public VmConfig atStart() {
        Predicate<String> wasAddedDrive = id -> from.state().added().stream().anyMatch(place -> place.isDrive() && place.id().equals(id));
        Predicate<String> wasAddedNetwork = id -> from.state().added().stream().anyMatch(place -> !place.isDrive() && place.id().equals(id));
        return whole.withDrives(whole.drives().stream().filter(drive -> !wasAddedDrive.test(drive.driveId())).toList())
                .withNetworkInterfaces(whole.networkInterfaces().stream().filter(network -> !wasAddedNetwork.test(network.ifaceId())).toList());
    }

    /**
     * Opens the image of a drive, and holds it against what it was: a disk that has been written since is another than the guest's memory knows.
     *
     * @param key      to name problems by
     * @param problems takes what is wrong
     * @return the image, or {@code null} after a problem was noted
     */
    DiskImage openDisk(DriveConfig drive, String key, Problems problems) throws IOException {
        String id = drive.driveId();
        Optional<SharedDisk> changes = from.disk(id);
        if (changes.isPresent() && ownImages.contains(id)) {
            problems.add(key + ".path_on_host", "drive " + id + " had its changes in memory, and cannot go on on its image " + drive.pathOnHost());
            return null;
        }
        if (drive.overlay() != null || drive.format() == DriveConfig.Format.QCOW2) {
            // Nothing that was saved has it: a file from elsewhere would name further files by it.
            problems.add(key + ".format", "drive " + id + " of a snapshot is a raw image without an overlay");
            return null;
        }
        DriveConfig raw = drive.withFormat(DriveConfig.Format.RAW);
        boolean isOver = changes.isPresent() || !drive.isReadOnly() && !ownImages.contains(id);
        DiskImage image = isOver ? DiskImage.openBase(raw, key, problems) : DiskImage.open(raw, key, problems);
        if (image == null || !isSame(image, key, problems)) {
            return null;
        }
        if (!isOver) {
            return image;
        }
        return image.over(changes.isPresent() ? changes.get().share() : new SharedDisk(new DiskBackend(image.file())));
    }

    private boolean isSame(DiskImage image, String key, Problems problems) throws IOException {
        String id = image.config().driveId();
        DriveState then = from.state().drives().get(id);
        ImageVersion now = image.file().openedAs();
        boolean isOther = otherImages.contains(id);
        if (then != null && (isOther ? now.size() == then.image().size() : now.equals(then.image()))) {
            if (!now.equals(then.image()) && isUnderTheSameName(image.config())) {
                LOG.warn("disk image {} was written last at another time than in the snapshot, and is taken as the same", image.config().pathOnHost());
            }
            return true;
        }
        String path = image.config().pathOnHost();
        problems.add(key + ".path_on_host", then == null ? "drive " + id + " is not in the snapshot"
                : now.size() != then.image().size() ? "disk image " + path + " has " + now.size() + " bytes, and had " + then.image().size() + " in the snapshot"
                : "disk image " + path + " has been written since the snapshot was taken, and the guest's memory does not know that");
        image.close();
        return false;
    }

    private boolean isUnderTheSameName(DriveConfig drive) {
        return from.state().config().drives().stream().anyMatch(then -> then.driveId().equals(drive.driveId()) && then.pathOnHost().equals(drive.pathOnHost()));
    }
}
