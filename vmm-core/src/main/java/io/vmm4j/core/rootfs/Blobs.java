package io.vmm4j.core.rootfs;

import java.io.IOException;
import java.io.InputStream;

/** The files of a container image as it was saved, by their names in it. */
interface Blobs extends AutoCloseable {

    /** Whether there is a regular file of that name. */
    boolean has(String name);

    /** Its bytes. @throws RootfsException when it is not there */
    InputStream open(String name) throws IOException;

    @Override
    void close() throws IOException;
}
