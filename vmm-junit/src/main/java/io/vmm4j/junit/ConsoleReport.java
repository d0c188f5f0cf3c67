package io.vmm4j.junit;

import io.vmm4j.core.Vm;

/** What the guest's console said, for those who read of a test's failure. Has no stack: nothing was thrown here. */
final class ConsoleReport extends Exception {

    private static final long serialVersionUID = 1L;
    /** Characters of the console's: the end of them, which is nearest to the failure. */
    private static final int MOST = 16_000;

    private ConsoleReport(String message) {
        super(message, null, false, false);
    }

    static ConsoleReport of(Guest guest) {
        Vm vm = guest.vm();
        String state = vm.exit().isDone() ? "has ended, " + vm.exit().join().reason() + ": " + vm.exit().join().message() : "is " + vm.state();
        String text = guest.console().text().replace("\r\n", "\n");
        if (text.length() > MOST) {
            text = "...\n" + text.substring(text.length() - MOST);
        }
        return new ConsoleReport("the machine " + state + "; " + (text.isEmpty() ? "its console said nothing" : "its console said:\n" + text));
    }

    /** The type's name says nothing to a reader. */
    @Override
    public String toString() {
        return getMessage();
    }
}
