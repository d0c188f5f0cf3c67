package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestNameTest {

    private static final List<String> NAMES = List.of("--kernel-path", "--rootfs", "--vcpu", "--max-vcpu", "true", "false");

    @ParameterizedTest
    @CsvSource({"--kernal-path,--kernel-path", "--rotofs,--rootfs", "--VCPU,--vcpu", "--vcpus,--vcpu",
        "--kernel,--kernel-path", "ture,true", "flase,false"})
    void slipsOfTheFingersFindTheirName(String typed, String meant) {
        assertEquals(meant, NearestName.of(typed, NAMES));
    }

    @Test
    void nothingIsGuessedFromAWordThatIsTooFarOff() {
        assertNull(NearestName.of("--frobnicate", NAMES));
        assertNull(NearestName.of("--x", NAMES));
        assertNull(NearestName.of("yes", NAMES));
    }

    @Test
    void swappedNeighboursCountOnce() {
        assertEquals(1, NearestName.distance("ab", "ba"));
        assertEquals(3, NearestName.distance("", "abc"));
        assertEquals(3, NearestName.distance("kitten", "sitting"));
    }
}
