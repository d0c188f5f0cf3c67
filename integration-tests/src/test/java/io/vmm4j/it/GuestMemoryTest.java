package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory as a guest's map of it says. */
@Tag("kvm")
@Timeout(60)
class GuestMemoryTest {

    @Test
    void sixGibibytesLieAroundTheHoleAndAreThereToTheLastByte() throws Exception {
        AssembledGuest guest = AssembledGuest.run("memory-end", machine -> machine.memoryMib(6 * 1024));
        assertEquals(List.of(0x100000L, 0L), guest.all("from-low"));
        assertEquals(List.of(0L, 1L), guest.all("from-high"));
        assertEquals(List.of(0xC0000000L, 0xC0000000L), guest.all("to-low"), "3 GiB, and 3 GiB from 4 GiB on");
        assertEquals(List.of(0L, 1L), guest.all("to-high"));
        assertEquals(List.of(1L, 1L), guest.all("good"), "both ends of both keep what is written");
    }
}
