package io.vmm4j.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

class PlaceholdersTest {

    private static String resolve(String text) {
        return Placeholders.resolve("kernel", text, Map.of("images", "/srv/$1")::get, Map.of("HOME", "/home/me")::get);
    }

    @Test
    void propertiesAndVariablesAreReplaced() {
        assertEquals("/srv/$1/vmlinux of /home/me", resolve("${images}/vmlinux of ${env.HOME}"));
        assertEquals("console=ttyS0 $x", resolve("console=ttyS0 $x"));
    }

    @Test
    void whatIsNotSetIsNamed() {
        assertEquals("@MicroVm(kernel = \"${image}/vmlinux\"): the system property image is not set",
                assertThrows(ExtensionConfigurationException.class, () -> resolve("${image}/vmlinux")).getMessage());
        assertEquals("@MicroVm(kernel = \"${env.images}\"): the environment variable images is not set",
                assertThrows(ExtensionConfigurationException.class, () -> resolve("${env.images}")).getMessage());
    }

    @Test
    void theReasonForSkippingIsThatOfTheHost() {
        ConditionEvaluationResult result = MicroVmExtension.judge(Optional.of("open(/dev/kvm): No such file or directory (ENOENT); load the module"));
        assertTrue(result.isDisabled());
        assertEquals("@MicroVm: no usable KVM: open(/dev/kvm): No such file or directory (ENOENT); load the module", result.getReason().orElseThrow());
        assertFalse(MicroVmExtension.judge(Optional.empty()).isDisabled());
    }
}
