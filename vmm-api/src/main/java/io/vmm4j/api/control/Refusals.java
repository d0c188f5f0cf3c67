package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;

/** The refusals that have nothing to say of the request itself. */
final class Refusals {

    private Refusals() {
    }

    static ApiException beforeStart() {
        return new ApiException("The requested operation is not supported before starting the microVM.");
    }

    static ApiException afterStart() {
        return new ApiException("The requested operation is not supported after starting the microVM.");
    }

    /** What Firecracker has and this program has not. */
    static ApiException absent(String prefix, String what) {
        return new ApiException(prefix + " error: " + what + " not there in this version of vmm4j.");
    }
}
