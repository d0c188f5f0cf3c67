package io.vmm4j.devices.i8042;

import io.vmm4j.devices.testing.RecordingLine;
import java.util.ArrayList;
import java.util.List;

/** A keyboard controller with its surroundings, and the guest's view of it. */
final class Controller {

    final RecordingLine line = new RecordingLine();
    private int resets;
    final I8042 device = new I8042(line, () -> resets++);

    int status() {
        return (int) device.commandPort().read(0, 1);
    }

    int data() {
        return (int) device.dataPort().read(0, 1);
    }

    void command(int command) {
        device.commandPort().write(0, 1, command);
    }

    void data(int value) {
        device.dataPort().write(0, 1, value);
    }

    boolean isFull() {
        return (status() & 0x01) != 0;
    }

    /** Sends a command and reads its one answer. */
    int ask(int command) {
        command(command);
        return data();
    }

    /** Sends a command with its data byte. */
    void tell(int command, int value) {
        command(command);
        data(value);
    }

    /** All bytes that wait, in hex, as in "fa ab 83". */
    String readAll() {
        List<String> bytes = new ArrayList<>();
        while (isFull()) {
            bytes.add(String.format("%02x", data()));
        }
        return String.join(" ", bytes);
    }

    /** Sends the keyboard bytes and reads all that it answers. */
    String keyboard(int... bytes) {
        for (int octet : bytes) {
            data(octet);
        }
        return readAll();
    }

    int resets() {
        return resets;
    }
}
