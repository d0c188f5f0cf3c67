package io.vmm4j.core.block.qcow2;

import java.io.IOException;

/** A file that is no qcow2 image, one that asks for what is not supported, or one whose tables contradict each other; the message says what. */
public final class Qcow2Exception extends IOException {

    private static final long serialVersionUID = 1L;

    /** @param message goes on from the name of the image: "is not a qcow2 image" */
    public Qcow2Exception(String message) {
        super(message);
    }
}
