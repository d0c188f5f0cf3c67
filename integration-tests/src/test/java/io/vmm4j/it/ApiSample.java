package io.vmm4j.it;

import java.io.IOException;

/** Something of each kind, for the test of {@link TypeSignature}. */
public abstract class ApiSample<T extends Comparable<T>> implements AutoCloseable {

    public Kind kind;
    int hidden;

    protected ApiSample(int number) throws IOException {
        hidden = number;
    }

    /** An enumeration. */
    public enum Kind { ONE }

    static class Inner {
        public void unseen() {
        }
    }

    protected abstract T inherited();

    @Override
    public void close() {
        own();
    }

    private void own() {
        hidden++;
    }
}
