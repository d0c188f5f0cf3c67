package io.vmm4j.core.json;

/** The end of a value that has parts. */
final class Nesting {

    private Nesting() {
    }

    /**
     * Takes the end of a value with parts. When the parts are wrong that is tried too, as it moves the place that a mistake
     * without one is reported at.
     *
     * @param failure what is wrong with the parts, or {@code null}
     */
    static void end(Reading reading, boolean isMap, SerdeException failure) throws SerdeException {
        SerdeException first = failure;
        try {
            if (isMap) {
                reading.endObject();
            } else {
                reading.endSequence();
            }
        } catch (SerdeException e) {
            first = first == null ? e : first;
        }
        if (first != null) {
            throw reading.tokens().placed(first);
        }
    }
}
