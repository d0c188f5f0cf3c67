/** Firecracker's door at the shell: its flags, log lines, metrics, signals and exit codes around {@link io.vmm4j.api.FirecrackerServer}. */
package io.vmm4j.cli.firecracker;
