package io.vmm4j.core.json;

/** A body that is not what was expected; {@link #getMessage} says it as serde_json does. */
public final class SerdeException extends Exception {

    private static final long serialVersionUID = 1;

    private final boolean positioned;

    private SerdeException(String message, boolean positioned) {
        super(message);
        this.positioned = positioned;
    }

    /** What is wrong with a value that was read whole, or with several values together. */
    public static SerdeException custom(String message) {
        return new SerdeException(message, false);
    }

    static SerdeException at(String what, int line, int column) {
        return new SerdeException(what + " at line " + line + " column " + column, true);
    }

    /** Whether the message says where. */
    boolean isPositioned() {
        return positioned;
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
