package io.vmm4j.kvm.libc;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * A process that takes SIGQUIT and ignores stray signals; prints a line when that is done, one for each SIGQUIT, and one when it
 * takes no more, at the end of its input.
 */
final class SignalProcess {

    static final String READY = "ready";
    static final String QUIT = "quit";
    static final String CLOSED = "closed";

    private SignalProcess() {
    }

    public static void main(String[] args) throws Exception {
        StraySignals.ignore();
        QuitSignal quit = QuitSignal.take(() -> System.out.println(QUIT));
        Thread input = new Thread(() -> {
            try {
                System.in.read();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                quit.close();
            }
        });
        input.start();
        System.out.println(READY);
        quit.run();
        System.out.println(CLOSED);
    }
}
