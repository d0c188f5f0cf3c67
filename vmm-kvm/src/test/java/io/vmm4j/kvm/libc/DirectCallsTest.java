package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class DirectCallsTest {

    @Test
    void integersOfBothWidthsAndBuffersReachTheFunction() {
        DirectCalls.register(Bound.class, NativeLibrary.getProcess());
        assertEquals(Integer.MAX_VALUE, Bound.abs(-Integer.MAX_VALUE));
        assertEquals(Long.MAX_VALUE, Bound.labs(-Long.MAX_VALUE));
        ByteBuffer buffer = ByteBuffer.allocateDirect(8);
        long address = Bound.memset(buffer, 0x5a, 3);
        assertEquals(0x5a5a5aL, buffer.order(ByteOrder.LITTLE_ENDIAN).getLong(0), "three bytes are set");
        assertEquals(address + 2, Bound.memset(buffer.position(2), 0, 0), "a buffer is passed by the address of its position");
    }

    @Test
    void theReasonOfAFailureIsKeptForTheThread() {
        DirectCalls.register(Failing.class, NativeLibrary.getProcess());
        Native.setLastError(0);
        assertEquals(-1, Failing.close(-1));
        assertEquals(Errno.EBADF, Native.getLastError());
    }

    @Test
    void aFunctionThatDoesNotExistIsALinkError() {
        assertThrows(UnsatisfiedLinkError.class, () -> DirectCalls.register(Unbound.class, NativeLibrary.getProcess()));
    }

    @Test
    void otherTypesAreBoundToo() {
        DirectCalls.register(Other.class, NativeLibrary.getProcess());
        assertEquals(1.5, Other.fabs(-1.5));
    }

    private static final class Bound {

        static native int abs(int value);

        static native long labs(long value);

        static native long memset(Buffer buffer, int value, long length);
    }

    private static final class Failing {

        static native int close(int fd);
    }

    private static final class Unbound {

        static native int thereIsNoSuchFunction(int value);
    }

    private static final class Other {

        static native double fabs(double value);
    }
}
