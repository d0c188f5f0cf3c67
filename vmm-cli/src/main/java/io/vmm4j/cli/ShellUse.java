package io.vmm4j.cli;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.host.StandardOutput;
import io.vmm4j.core.host.StreamConsole;
import io.vmm4j.core.image.ShellRun;
import io.vmm4j.kvm.libc.Fd;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Consumer;

/**
 * The machine of {@code vmm shell}: who reads its output and gives it input, and what its end means. A terminal is the console's as of any
 * machine; else standard input, output and error are the command's, and all that it prints is waited for.
 */
final class ShellUse implements GuestUse {

    private static final String OUTPUT_GONE = "standard output cannot be written to";

    private final ShellRun run;
    private final GuestWords words;
    private final Fd image;
    private final Consumer<String> errors;
    private final SignalGuard guard;
    private volatile Vm vm;
    private volatile boolean isOutputLost;
    private volatile boolean isErrorOutputLost;
    private volatile boolean isCut;

    /**
     * @param image the initramfs of this run, which nobody needs once the machine is built
     * @param guard says whether a signal is ending the process
     */
    ShellUse(ShellRun run, GuestWords words, Fd image, Consumer<String> errors, SignalGuard guard) {
        this.run = run;
        this.words = words;
        this.image = image;
        this.errors = errors;
        this.guard = guard;
    }

    @Override
    public VmBuilder prepare(VmBuilder machine) {
        machine.guestLog(words);
        if (run.isTerminal()) {
            return machine;
        }
        StreamConsole console = StreamConsole.patient(new PieceInput(new FileInputStream(FileDescriptor.in), words.ready(), this::inputFailed),
                output(FileDescriptor.out, this::outputLost));
        if (run.errors() == null) {
            return machine.serial(console);
        }
        return machine.virtioConsole(console).serial(StreamConsole.patient(null, output(FileDescriptor.err, () -> isErrorOutputLost = true)));
    }

    private void inputFailed(String why) {
        isCut = true;
        errors.accept("standard input cannot be read from: " + why + "; for the command it has ended");
    }

    /** One of the command's; {@code lost} is run when it cannot be written to. */
    private OutputStream output(FileDescriptor descriptor, Runnable lost) {
        return new FilterOutputStream(new FileOutputStream(descriptor)) {
            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                try {
                    out.write(bytes, offset, length);
                } catch (IOException e) {
                    lost.run();
                    throw e;
                }
            }
        };
    }

    /** There is no use in going on. */
    private void outputLost() {
        isOutputLost = true;
        Vm machine = vm;
        if (machine != null) {
            machine.stop(OUTPUT_GONE);
        }
    }

    @Override
    public void built(Vm machine) {
        vm = machine;
        image.close();
    }

    /** Whether the command had less input than there was, or something that it printed is lost. Once the machine is closed, which writes the last. */
    boolean hasLost() {
        return isOutputLost || isErrorOutputLost || isCut;
    }

    /** Has the loss of standard output said where nobody has asked for it by going away. */
    void tellLoss() {
        if (isOutputLost) {
            LostOutput.say(errors);
        }
    }

    @Override
    public ExitCode exitCode(VmExit exit) {
        boolean isGuests = switch (exit.reason()) {
            case POWEROFF, RESET, STOPPED, TRIPLE_FAULT, GUEST_PANIC, KVM_ERROR -> true;
            case HOST_ERROR, DEVICE_FAULT, BUG -> false;
        };
        if (!isGuests) {
            return ExitCode.of(exit.reason());
        }
        if (words.status().isPresent()) {
            return ExitCode.OK;
        }
        if (words.trouble() != null) {
            errors.accept("the guest: " + words.trouble());
            return ExitCode.NO_STATUS;
        }
        boolean isOrderly = exit.reason() == VmExitReason.POWEROFF || exit.reason() == VmExitReason.RESET || exit.reason() == VmExitReason.STOPPED;
        boolean isStopped = exit.reason() == VmExitReason.STOPPED;
        boolean isEndOfShell = run.command().isEmpty() && (isStopped && run.isTerminal() || isOrderly && words.ready().getCount() == 0);
        if (isEndOfShell || isStopped && (guard.isShutDown() || guard.status() != 0)) {
            // A person has ended their guest, or a signal has, whose status counts then.
            return ExitCode.OK;
        }
        if (!isStopped || !StandardOutput.isReaderGone()) {
            tellWithoutStatus(exit);
        }
        return ExitCode.NO_STATUS;
    }

    private void tellWithoutStatus(VmExit exit) {
        if (exit.reason() != VmExitReason.STOPPED && words.ready().getCount() != 0) {
            words.lastLines().forEach(line -> errors.accept("the guest's kernel: " + line));
        }
        errors.accept("the guest ended without the status of its " + (run.command().isEmpty() ? "shell" : "command") + ": " + exit.message());
    }
}
