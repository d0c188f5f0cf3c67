package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.DriveBody;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** {@code /drives}: the root drive, if there is one, is the first. Confined to one thread. */
final class Drives implements AutoCloseable {

    private final List<Drive> drives = new ArrayList<>();

    /** Puts a drive in, in place of one with its id. */
    void insert(DriveBody body) throws ApiException {
        int place = indexOf(body.driveId());
        boolean hasRoot = !drives.isEmpty() && drives.get(0).isRoot();
        if (body.isRootDevice() && hasRoot && place != 0) {
            throw new ApiException("Drive config error: A root block device already exists!");
        }
        Drive drive = Drive.open(body);
        if (place < 0) {
            drives.add(drive.isRoot() ? 0 : drives.size(), drive);
            return;
        }
        drives.set(place, drive).close();
        if (drive.isRoot() && place != 0) {
            Collections.swap(drives, 0, place);
        }
    }

    /** One more, of a machine that was loaded. */
    void put(Drive drive) {
        drives.add(drive);
    }

    private int indexOf(String id) {
        for (int i = 0; i < drives.size(); i++) {
            if (drives.get(i).id().equals(id)) {
                return i;
            }
        }
        return -1;
    }

    /** The drive called {@code id}, {@code null} when there is none. */
    Drive get(String id) {
        int place = indexOf(id);
        return place < 0 ? null : drives.get(place);
    }

    List<Drive> all() {
        return drives;
    }

    @Override
    public void close() {
        drives.forEach(Drive::close);
    }
}
