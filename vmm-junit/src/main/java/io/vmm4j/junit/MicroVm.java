package io.vmm4j.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives a test a running virtual machine: on a method for that test, on a class for each of its tests, or one for all with
 * {@link #shared}. A method's goes before its class's. A test has it by a parameter of the type {@link Guest},
 * {@link io.vmm4j.core.Vm} or {@link io.vmm4j.core.console.CapturedConsole}; the machine is closed behind it.
 *
 * <p>Where the host has no usable KVM the test is skipped, and the reason says why. What the guest's console said is part of a
 * test's failure, as a suppressed exception, so that it stands below the stack.
 *
 * <p>In the paths and in {@link #bootArgs}, <code>${name}</code> stands for the system property of that name, and
 * <code>${env.NAME}</code> for the environment variable; one that is not set is an error of the test, and no reason to skip it.
 *
 * <pre>{@code
 * @MicroVm(kernel = "images/vmlinux", rootfs = "images/root.img", ready = "login: ")
 * class MyServiceTest {
 *     @Test
 *     void comesUp(Guest guest) throws Exception {
 *         guest.type("root\n");
 *         guest.expect("# ");
 *     }
 * }
 * }</pre>
 */
@Documented
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(MicroVmExtension.class)
@SuppressWarnings("exports") // JUnit makes the extension
public @interface MicroVm {

    /** The kernel image, ELF vmlinux or bzImage; may be left to {@link #setup}. */
    String kernel() default "";

    /** The initial RAM disk; empty for none. */
    String initrd() default "";

    /** The image of the root file system, which the guest cannot write: tests leave no traces there. Empty for none. */
    String rootfs() default "";

    /** The kernel's arguments; empty for those a machine has unless said otherwise. */
    String bootArgs() default "";

    /** vCPUs. */
    int vcpus() default 1;

    /** Guest RAM in MiB. */
    int memoryMib() default 128;

    /** The guest's context ID for sockets between guest and host, 3 or above, by {@link Guest#vsock}; 0 for no such device. */
    long vsockCid() default 0;

    /** What the guest prints on its console once the test may begin; empty when the test itself waits. */
    String ready() default "";

    /** How long, in seconds, the guest has for {@link #ready}, and for what {@link Guest#expect} waits for. */
    int patienceSeconds() default 60;

    /** On a class: one machine for all of its tests, and those of classes nested in it. They share what they have done to it. */
    boolean shared() default false;

    /** Does to the machine's builder what annotations cannot; with a constructor without parameters. */
    Class<? extends MicroVmSetup> setup() default MicroVmSetup.None.class;
}
