package io.vmm4j.bench.report;

import java.util.Map;
import java.util.Optional;

/**
 * A measure, as it was taken in one place.
 *
 * @param place     where: here, or in the testbed
 * @param figures   by the side's id, in the order of the sides
 * @param reference the id of the side that the others are held against, where there is one
 */
record Row(String place, Measure measure, Map<String, Statistics> figures, Optional<String> reference) {

    /** A side's median by that of the reference; empty without either, and for a reference of 0. */
    Optional<Double> ratio(String side) {
        return medianOf(side).flatMap(own -> against().map(other -> own / other));
    }

    /** The same so that less is better. */
    Optional<Double> cost(String side) {
        return medianOf(side).filter(own -> own > 0).flatMap(own -> against().map(other -> measure.cost(own, other)));
    }

    private Optional<Double> medianOf(String side) {
        return Optional.ofNullable(figures.get(side)).map(Statistics::median);
    }

    private Optional<Double> against() {
        return reference.flatMap(this::medianOf).filter(value -> value > 0);
    }
}
