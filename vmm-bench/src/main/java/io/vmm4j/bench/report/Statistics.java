package io.vmm4j.bench.report;

import java.util.List;

/** Of the values of one measure, of one side. */
record Statistics(int count, double median, double least, double most) {

    /** @throws IllegalArgumentException without a value */
    static Statistics of(List<Double> values) {
        if (values.isEmpty()) {
            throw new IllegalArgumentException("no value to take a median of");
        }
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Statistics(sorted.length, median, sorted[0], sorted[sorted.length - 1]);
    }
}
