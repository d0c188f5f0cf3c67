package io.vmm4j.core.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.kvm.abi.LapicState;
import io.vmm4j.kvm.abi.MsrEntry;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BootStateTest {

    @Test
    void theFpuIsAsAfterFninit() {
        assertEquals(0x37F, BootState.fpu().fcw);
        assertEquals(0x1F80, BootState.fpu().mxcsr);
        assertEquals(0, BootState.fpu().ftwx);
    }

    @Test
    void localInputsChangeTheirDeliveryModeAlone() {
        LapicState lapic = new LapicState();
        lapic.setRegister(0x350, 0x10055);
        lapic.setRegister(0x360, 0x10755);
        lapic.setRegister(0x370, 0x10000);
        BootState.connectLocalInterrupts(lapic);
        assertEquals(0x10755, lapic.register(0x350), "LINT0: external interrupts");
        assertEquals(0x10455, lapic.register(0x360), "LINT1: NMI");
        assertEquals(0x10000, lapic.register(0x370));
    }

    @Test
    void modelSpecificRegistersStartAsFirmwareLeavesThem() {
        Map<Integer, Long> msrs = new HashMap<>();
        for (MsrEntry msr : MsrSetup.bootMsrs()) {
            msrs.put(msr.index(), msr.data());
        }
        Map<Integer, Long> expected = new HashMap<>(Map.of(0x10, 0L, 0x174, 0L, 0x175, 0L, 0x176, 0L, 0x1a0, 1L, 0x2ff, 0x806L));
        for (int zeroed : new int[] {0xC0000081, 0xC0000082, 0xC0000083, 0xC0000084, 0xC0000102}) {
            expected.put(zeroed, 0L);
        }
        assertEquals(expected, msrs);
    }
}
