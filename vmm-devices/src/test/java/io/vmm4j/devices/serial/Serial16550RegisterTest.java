package io.vmm4j.devices.serial;

import static io.vmm4j.devices.serial.Uart.DLL;
import static io.vmm4j.devices.serial.Uart.DLM;
import static io.vmm4j.devices.serial.Uart.FCR;
import static io.vmm4j.devices.serial.Uart.IER;
import static io.vmm4j.devices.serial.Uart.IIR;
import static io.vmm4j.devices.serial.Uart.LCR;
import static io.vmm4j.devices.serial.Uart.LSR;
import static io.vmm4j.devices.serial.Uart.MCR;
import static io.vmm4j.devices.serial.Uart.MSR;
import static io.vmm4j.devices.serial.Uart.RBR;
import static io.vmm4j.devices.serial.Uart.SCR;
import static io.vmm4j.devices.serial.Uart.THR;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The registers against the tables of the PC16550D datasheet: reset values, widths, addresses, the divisor latch. */
class Serial16550RegisterTest {

    private final Uart uart = new Uart();

    @ParameterizedTest(name = "register {0} reads {1} after reset")
    @CsvSource({"0, 0x00", "1, 0x00", "2, 0x01", "3, 0x00", "4, 0x00", "5, 0x60", "6, 0xb0", "7, 0x00"})
    void registersHaveTheirResetValues(int register, String expected) {
        assertEquals(Integer.decode(expected), uart.in(register));
    }

    @ParameterizedTest(name = "register {0} keeps the bits {1}")
    @CsvSource({"1, 0x0f", "3, 0x7f", "4, 0x1f", "7, 0xff"})
    void writableRegistersKeepTheBitsThatExist(int register, String mask) {
        uart.out(register, 0xff & ~0x80 | (register == 7 ? 0x80 : 0));
        assertEquals(Integer.decode(mask), uart.in(register));
        uart.out(register, 0x00);
        assertEquals(0x00, uart.in(register));
    }

    @ParameterizedTest
    @ValueSource(ints = {LSR, MSR})
    void statusRegistersAreReadOnly(int register) {
        int before = uart.in(register);
        uart.out(register, before ^ 0xff);
        assertEquals(before, uart.in(register));
    }

    @Test
    void theDivisorLatchTakesThePlaceOfTheFirstTwoRegistersWhileDlabIsSet() {
        uart.out(IER, 0x05);
        uart.out(LCR, 0x83);
        assertEquals(0x0c, uart.in(DLL), "9600 baud at reset");
        assertEquals(0x00, uart.in(DLM));
        uart.out(DLL, 0x80);
        uart.out(DLM, 0x25);
        assertEquals(0x80, uart.in(DLL));
        assertEquals(0x25, uart.in(DLM));
        uart.out(LCR, 0x03);
        assertEquals(0x05, uart.in(IER), "IER is behind the latch and untouched");
        assertEquals("", uart.sink.text(), "the divisor was not sent");
    }

    @Test
    void theOtherRegistersDoNotDependOnDlab() {
        uart.out(LCR, 0x80);
        uart.out(FCR, 0x01);
        uart.out(SCR, 0x5a);
        uart.out(MCR, 0x03);
        assertEquals(0xc1, uart.in(IIR));
        assertEquals(0x5a, uart.in(SCR));
        assertEquals(0x03, uart.in(MCR));
        assertEquals(0x60, uart.in(LSR));
        assertEquals(0xb0, uart.in(MSR));
    }

    @Test
    void iirShowsWhetherTheFifosAreOn() {
        uart.out(FCR, 0x01);
        assertEquals(0xc1, uart.in(IIR));
        uart.out(FCR, 0x00);
        assertEquals(0x01, uart.in(IIR));
    }

    @Test
    void fcrBitsWithoutTheEnableBitAreNotProgrammed() {
        uart.out(FCR, 0xc6);
        assertEquals(0x01, uart.in(IIR), "the FIFO is off");
        uart.receive("x");
        uart.out(FCR, 0x02);
        assertEquals(0x61, uart.in(LSR), "the receiver is not cleared");
        uart.out(FCR, 0x01);
        uart.out(IER, 0x01);
        uart.receive("y");
        assertEquals(0xc4, uart.in(IIR), "the trigger level is still 1");
    }

    @Test
    void sixtyFourByteFifosAndAutomaticFlowControlDoNotExist() {
        uart.out(LCR, 0x80);
        uart.out(FCR, 0x21);
        assertEquals(0xc1, uart.in(IIR), "bit 5 would mean a 16750");
        uart.out(MCR, 0x20);
        assertEquals(0x00, uart.in(MCR), "bit 5 would mean AFE");
    }

    @Test
    void theReceiverReadsZeroWhenNothingWaits() {
        assertEquals(0x00, uart.in(RBR));
    }

    @Test
    void aWideAccessIsOneAccessAByteAtRisingOffsets() {
        uart.device.write(THR, 2, 0x0541);
        assertEquals("A", uart.sink.text());
        assertEquals(0x05, uart.in(IER));
        uart.device.write(MCR, 4, 0x5a00_0003L);
        assertEquals(0x03, uart.in(MCR));
        assertEquals(0x5a, uart.in(SCR));
        assertEquals(0x5ab0_6003L, uart.device.read(MCR, 4));
        assertEquals(0xffff_ffff_ffff_ff5aL, uart.device.read(SCR, 8), "past the end of the window");
        uart.device.write(SCR, 8, -1L);
        assertEquals(0xff, uart.in(SCR));
    }
}
