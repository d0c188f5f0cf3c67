package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.kvm.KvmException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ExitCodeTest {

    @ParameterizedTest
    @CsvSource({"OK,0", "HOST_ERROR,1", "USAGE,2", "KVM_UNAVAILABLE,3", "TRIPLE_FAULT,4", "KVM_ERROR,5", "NO_JAVA,6",
        "BUG,7", "GUEST_PANIC,8", "NO_STATUS,125"})
    void theNumbersNeverChange(ExitCode code, int number) {
        assertEquals(number, code.code());
    }

    @Test
    void numbersAreDistinctAndLeaveRoomForSignals() {
        Set<Integer> numbers = new HashSet<>();
        for (ExitCode code : ExitCode.values()) {
            assertTrue(numbers.add(code.code()), code + " shares its number");
            assertTrue(code.code() < 126, "126 and up have meanings in a shell");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "open(/dev/kvm), 2, KVM_UNAVAILABLE", "open(/dev/kvm), 13, KVM_UNAVAILABLE", "ioctl(KVM_GET_API_VERSION), 25, KVM_UNAVAILABLE",
        "ioctl(KVM_CHECK_EXTENSION), 95, KVM_UNAVAILABLE", "ioctl(KVM_CREATE_VM), 16, KVM_UNAVAILABLE",
        "open(/dev/kvm), 24, HOST_ERROR", "ioctl(KVM_CREATE_VM), 12, HOST_ERROR", "ioctl(KVM_CREATE_VCPU), 24, HOST_ERROR",
        "ioctl(KVM_SET_USER_MEMORY_REGION), 22, HOST_ERROR"})
    void aCallThatFailsOnceKvmHasBeenFoundGoodOrForWantOfResourcesIsAHostError(String call, int errno, ExitCode code) {
        assertEquals(code, ExitCode.of(new KvmException(call, errno)), call + " " + errno);
    }

    @ParameterizedTest
    @EnumSource(VmExitReason.class)
    void onlyAnOrderlyEndIsZero(VmExitReason reason) {
        assertEquals(new VmExit(reason, "").isOrderly(), ExitCode.of(reason) == ExitCode.OK);
    }
}
