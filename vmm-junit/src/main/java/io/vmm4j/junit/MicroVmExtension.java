package io.vmm4j.junit;

import io.vmm4j.core.KvmHost;
import io.vmm4j.core.Vm;
import io.vmm4j.core.console.CapturedConsole;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.platform.commons.support.AnnotationSupport;
import org.opentest4j.IncompleteExecutionException;

/** Carries out what {@link MicroVm} says; comes with that. Its state is in JUnit's stores: tests may run in parallel. */
final class MicroVmExtension implements ExecutionCondition, BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback, ParameterResolver,
        TestExecutionExceptionHandler, LifecycleMethodExecutionExceptionHandler {

    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(MicroVmExtension.class);
    /** Keys of the guest of a class, and of that of a test. */
    private static final String SHARED = "shared";
    private static final String OWN = "own";

    /** Made by JUnit. */
    MicroVmExtension() {
        // Nothing is known yet.
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return judge(KvmHost.problem());
    }

    static ConditionEvaluationResult judge(Optional<String> problem) {
        return problem.map(why -> ConditionEvaluationResult.disabled("@MicroVm: no usable KVM: " + why))
                .orElseGet(() -> ConditionEvaluationResult.enabled("KVM can be used"));
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        Optional<MicroVm> wanted = AnnotationSupport.findAnnotation(context.getRequiredTestClass(), MicroVm.class);
        if (wanted.isPresent() && wanted.get().shared()) {
            context.getStore(NAMESPACE).put(SHARED, RunningGuest.start(wanted.get()));
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        Optional<MicroVm> wanted = wantedBy(context);
        if (wanted.isPresent() && !(wanted.get().shared() && running(context).isPresent())) {
            context.getStore(NAMESPACE).put(OWN, RunningGuest.start(wanted.get()));
        }
    }

    /** The method's, or else that of the nearest class around it. */
    private static Optional<MicroVm> wantedBy(ExtensionContext context) {
        Optional<MicroVm> methods = AnnotationSupport.findAnnotation(context.getRequiredTestMethod(), MicroVm.class);
        List<Class<?>> around = context.getEnclosingTestClasses();
        return methods.or(() -> AnnotationSupport.findAnnotation(context.getRequiredTestClass(), MicroVm.class, around));
    }

    private static Optional<RunningGuest> running(ExtensionContext context) {
        ExtensionContext.Store store = context.getStore(NAMESPACE);
        RunningGuest own = store.get(OWN, RunningGuest.class);
        return Optional.ofNullable(own != null ? own : store.get(SHARED, RunningGuest.class));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        end(context, OWN);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        end(context, SHARED);
    }

    /** What is in this context, and not in one around it. */
    private static void end(ExtensionContext context, String key) {
        RunningGuest guest = context.getStore(NAMESPACE).remove(key, RunningGuest.class);
        if (guest != null) {
            guest.close();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == Guest.class || type == Vm.class || type == CapturedConsole.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Guest guest = running(context).map(RunningGuest::guest).orElseThrow(() -> new ParameterResolutionException(
                "there is no machine here: in a constructor and in a static method there is one only with @MicroVm(shared = true) on the class"));
        Class<?> type = parameter.getParameter().getType();
        return type == Vm.class ? guest.vm() : type == CapturedConsole.class ? guest.console() : guest;
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        throw withConsole(context, thrown);
    }

    @Override
    public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        throw withConsole(context, thrown);
    }

    @Override
    public void handleAfterEachMethodExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        throw withConsole(context, thrown);
    }

    /** A test that is skipped from within has not failed. */
    private static Throwable withConsole(ExtensionContext context, Throwable thrown) {
        if (!(thrown instanceof IncompleteExecutionException)) {
            running(context).ifPresent(guest -> thrown.addSuppressed(ConsoleReport.of(guest.guest())));
        }
        return thrown;
    }
}
