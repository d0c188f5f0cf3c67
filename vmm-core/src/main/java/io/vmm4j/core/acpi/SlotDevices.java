package io.vmm4j.core.acpi;

import io.vmm4j.core.boot.TableBytes;
import java.util.Locale;

/**
 * The slots in the DSDT for devices that come and go while the guest runs, and the code that moves the news of them between
 * {@link SlotController} and the operating system.
 *
 * <pre>
 * Device (SLTS)            // a module
 *     OperationRegion, Field: SNXT SSEL SSRC SOST          // the controller's registers, in their order
 *     OperationRegion (T000)   // where the table of slot 0 is
 *     Method (SLAN, 3)     // answers: slot, news, status
 *     Method (SLTO, 2)     // reacts to a piece of news
 *     Method (SLSC)        // takes all news; the event device calls it
 *     Device (S000)        // a module: one slot
 *         Name (RTRN)      // times a device was let go of that the host has not been told of
 *         Method (GONE)
 *         Method (_OST, 3)
 * </pre>
 *
 * <p>A device comes by a table that is loaded, which has the operating system look for devices anew. It goes with its name: Linux
 * takes a platform device away when the name leaves the namespace and at no other time, so that ejecting the module around it
 * would leave the driver in place. The Unload that would undo Load is no more (ACPI 6.4). But whatever is declared under a
 * method goes when the method returns (section 5.5.2.3), and so the table declares its device under GONE.
 *
 * <p>The slot is notified on top: Linux does one notification after the other, in their order, and behind what is left to do
 * about names that went. So its _OST says that the device has been found, or has gone. GONE is called from there, because
 * Linux keeps all who look through the namespace for devices out meanwhile.
 */
final class SlotDevices {

    /** The method that takes all news. */
    static final String SCAN = "\\_SB.SLTS.SLSC";

    private static final int SLOT_MASK = 0xFFFF;
    private static final int REGISTER_BITS = 32;
    private static final String MODULE = "ACPI0004";
    /** Values of Notify, ACPI 6.5 table 5.185: look for devices; look whether the device is there. */
    private static final int BUS_CHECK = 0;
    private static final int DEVICE_CHECK = 1;

    private SlotDevices() {
    }

    /** The module with {@code count} slots. */
    static byte[] of(int count) {
        TableBytes slots = new TableBytes();
        for (int number = 0; number < count; number++) {
            slots.bytes(AmlCode.memory(table(number), SlotTable.address(number), SlotTable.SIZE_MAX)).bytes(slot(number));
        }
        return Aml.device("SLTS",
                Aml.name("_HID", Aml.string(MODULE)),
                Aml.name("_UID", Aml.integer(count)),
                AmlCode.ports("SREG", AcpiPorts.SLOTS, SlotController.LENGTH),
                AmlCode.registers("SREG", AmlCode.DWORD_ACCESS, REGISTER_BITS, "SNXT", "SSEL", "SSRC", "SOST"),
                AmlCode.mutex("SLCK"),
                // Whether a table was loaded, which nobody looks at: a device that was not found is not driven.
                Aml.name("SRES", Aml.integer(0)),
                answer(), slots.toByteArray(), react(count), scan());
    }

    private static byte[] answer() {
        return AmlCode.method("SLAN", 3,
                AmlCode.locked("SLCK",
                        AmlCode.store(AmlCode.ARG0, Aml.path("SSEL")),
                        AmlCode.store(AmlCode.ARG1, Aml.path("SSRC")),
                        AmlCode.store(AmlCode.ARG2, Aml.path("SOST"))));
    }

    private static byte[] react(int count) {
        TableBytes reactions = new TableBytes();
        for (int number = 0; number < count; number++) {
            reactions.bytes(AmlCode.when(AmlCode.equal(AmlCode.ARG0, Aml.integer(number)),
                    AmlCode.when(AmlCode.equal(AmlCode.ARG1, Aml.integer(SlotController.COME)),
                            AmlCode.load(table(number), "SRES"),
                            AmlCode.notify(name(number), Aml.integer(BUS_CHECK))),
                    AmlCode.when(AmlCode.equal(AmlCode.ARG1, Aml.integer(SlotController.GIVE_BACK)),
                            AmlCode.notify(name(number), Aml.integer(DEVICE_CHECK)))));
        }
        return AmlCode.method("SLTO", 2, reactions.toByteArray());
    }

    private static byte[] scan() {
        return AmlCode.method("SLSC", 0, AmlCode.loop(
                AmlCode.store(Aml.path("SNXT"), AmlCode.LOCAL0),
                AmlCode.shiftRight(AmlCode.LOCAL0, Short.SIZE, AmlCode.LOCAL1),
                AmlCode.when(AmlCode.equal(AmlCode.LOCAL1, Aml.integer(0)), AmlCode.leaveLoop()),
                AmlCode.call("SLTO", AmlCode.and(AmlCode.LOCAL0, SLOT_MASK), AmlCode.LOCAL1)));
    }

    private static byte[] slot(int number) {
        byte[] uid = Aml.integer(number);
        return Aml.device(name(number),
                Aml.name("_HID", Aml.string(MODULE)),
                Aml.name("_UID", uid),
                Aml.name("RTRN", Aml.integer(0)),
                AmlCode.method("GONE", 0),
                AmlCode.method("_OST", 3,
                        AmlCode.when(AmlCode.equal(AmlCode.ARG0, Aml.integer(DEVICE_CHECK)),
                                AmlCode.increment("RTRN"),
                                AmlCode.call("GONE"),
                                AmlCode.notify(name(number), Aml.integer(BUS_CHECK))),
                        AmlCode.when(AmlCode.equal(AmlCode.ARG0, Aml.integer(BUS_CHECK)),
                                AmlCode.when(Aml.path("RTRN"),
                                        AmlCode.decrement("RTRN"),
                                        AmlCode.call("SLAN", uid, Aml.integer(SlotController.GIVE_BACK), Aml.integer(0))),
                                AmlCode.otherwise(
                                        AmlCode.call("SLAN", uid, Aml.integer(SlotController.COME), AmlCode.ARG1)))));
    }

    /** The absolute name under which the device in slot {@code number} is declared. */
    static String deviceIn(int number) {
        return "\\_SB.SLTS." + name(number) + ".GONE.VDEV";
    }

    private static String name(int number) {
        return "S" + threeDigits(number);
    }

    private static String table(int number) {
        return "T" + threeDigits(number);
    }

    private static String threeDigits(int number) {
        String digits = "00" + Integer.toHexString(number).toUpperCase(Locale.ROOT);
        return digits.substring(digits.length() - 3);
    }
}
