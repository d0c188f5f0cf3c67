package io.vmm4j.kvm.libc;

/** A process that takes SIGQUIT and ignores stray signals; prints a line when that is done, and one for each SIGQUIT. */
final class SignalProcess {

    static final String READY = "ready";
    static final String QUIT = "quit";

    private SignalProcess() {
    }

    public static void main(String[] args) throws Exception {
        StraySignals.ignore();
        QuitSignal quit = QuitSignal.take(() -> System.out.println(QUIT));
        System.out.println(READY);
        quit.run();
    }
}
