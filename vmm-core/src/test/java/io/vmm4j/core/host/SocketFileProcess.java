package io.vmm4j.core.host;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process that tries to get as many of the sockets r0, r1 ... as it can, and keeps them until it is killed. */
final class SocketFileProcess {

    private SocketFileProcess() {
    }

    /** @param args the directory, which may be empty for the current one; how many sockets */
    public static void main(String[] args) throws Exception {
        List<SocketFile<?>> won = new ArrayList<>();
        System.out.print("r");
        System.out.flush();
        System.in.read();
        for (int round = 0; round < Integer.parseInt(args[1]); round++) {
            try {
                won.add(SocketFile.listen(Path.of(args[0]).resolve("r" + round)));
            } catch (IOException e) {
                continue; // Another process has it.
            }
        }
        System.out.println(" " + won.size());
        System.out.flush();
        Thread.currentThread().join();
    }
}
