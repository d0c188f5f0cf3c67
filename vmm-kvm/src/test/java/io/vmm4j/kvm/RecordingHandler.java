package io.vmm4j.kvm;

import java.util.ArrayList;
import java.util.List;

/** Notes each access as a line, and answers reads with {@link #answer}. */
class RecordingHandler implements VcpuExitHandler {
    final List<String> accesses = new ArrayList<>();
    long answer;

    @Override
    public long ioIn(int port, int width) {
        accesses.add(String.format("in %x/%d", port, width));
        return answer;
    }

    @Override
    public void ioOut(int port, int width, long value) {
        accesses.add(String.format("out %x/%d=%x", port, width, value));
    }

    @Override
    public long mmioRead(long gpa, int width) {
        accesses.add(String.format("read %x/%d", gpa, width));
        return answer;
    }

    @Override
    public void mmioWrite(long gpa, int width, long value) {
        accesses.add(String.format("write %x/%d=%x", gpa, width, value));
    }
}
