package io.vmm4j.core.block;

import java.io.IOException;

/** A disk image that somebody else has open in a way that excludes ours. The message says who, where that can be seen. */
public final class ImageInUseException extends IOException {

    private static final long serialVersionUID = 1L;

    /** @param holder who has it, such as {@code process 1234 (java)} */
    ImageInUseException(String holder) {
        super("in use by " + holder);
    }
}
