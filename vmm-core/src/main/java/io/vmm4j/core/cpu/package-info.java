/** What a vCPU says about itself and starts with: topology, CPUID, model-specific registers, local APIC, FPU. */
package io.vmm4j.core.cpu;
