package io.vmm4j.core.block;

import java.nio.file.Path;

/** A process that has an image open until its standard input ends. */
final class ImageHolder {

    private ImageHolder() {
    }

    /** @param args the image, and {@code ro} or {@code rw} */
    public static void main(String[] args) throws Exception {
        try (DiskFile file = DiskFile.open(Path.of(args[0]), args[1].equals("ro"), false)) {
            System.out.println("open " + file.size());
            while (System.in.read() >= 0) {
                continue;
            }
        }
    }
}
