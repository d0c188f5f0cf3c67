package io.vmm4j.devices.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeviceContractTest {

    private final VirtioDevice device = mock(VirtioDevice.class);

    @BeforeEach
    void nothingIsWrong() {
        when(device.type()).thenReturn(VirtioDeviceType.ENTROPY);
        when(device.configSpace()).thenReturn(new ByteConfigSpace(0));
        when(device.queueSizeMax()).thenReturn(new int[] {256});
    }

    private void assertProblem(String problem) {
        assertEquals(Optional.of(problem), DeviceContract.problemOf(device));
    }

    @Test
    void aDeviceWithATypeASpaceAndAQueueIsOne() {
        assertEquals(Optional.empty(), DeviceContract.problemOf(device));
        when(device.queueSizeMax()).thenReturn(new int[] {0, 1, 32768});
        when(device.deviceFeatures()).thenReturn(0xFFFF_FFFC_00FF_FFFFL & ~(0x3FFL << 40) & ~(0xFFL << 32));
        assertEquals(Optional.empty(), DeviceContract.problemOf(device), "bits 0 to 23 and 50 to 63");
    }

    @Test
    void whatIsMissingIsNamed() {
        when(device.type()).thenReturn(null);
        assertProblem("type() is null");
        when(device.type()).thenReturn(VirtioDeviceType.ENTROPY);
        when(device.configSpace()).thenReturn(null);
        assertProblem("configSpace() is null");
        when(device.configSpace()).thenReturn(new ByteConfigSpace(0));
        when(device.queueSizeMax()).thenReturn(null);
        assertProblem("queueSizeMax() is null");
        when(device.queueSizeMax()).thenReturn(new int[0]);
        assertProblem("queueSizeMax() names no queue that is larger than 0");
        when(device.queueSizeMax()).thenReturn(new int[] {0});
        assertProblem("queueSizeMax() names no queue that is larger than 0");
    }

    @Test
    void sizesThatNoQueueCanHaveAreNamed() {
        for (int size : new int[] {-1, 3, 7, 32767, 32769, 65536, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            when(device.queueSizeMax()).thenReturn(new int[] {16, size});
            assertProblem("queueSizeMax() is " + size + " for queue 1, which is neither a power of two up to 32768 nor 0 for no queue");
        }
    }

    @Test
    void theTransportsFeaturesAreNotADevices() {
        for (int bit = 0; bit < 64; bit++) {
            when(device.deviceFeatures()).thenReturn(1L << bit);
            assertEquals(bit >= 24 && bit <= 49, DeviceContract.problemOf(device).isPresent(), "bit " + bit);
        }
    }

    @Test
    void whatADeviceThrowsIsThrownOn() {
        when(device.queueSizeMax()).thenThrow(new IllegalStateException("not yet"));
        assertThrows(IllegalStateException.class, () -> DeviceContract.problemOf(device));
    }
}
