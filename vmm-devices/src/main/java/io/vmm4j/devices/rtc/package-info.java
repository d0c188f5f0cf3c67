/**
 * The PC's real-time clock and CMOS RAM (MC146818 datasheet).
 */
package io.vmm4j.devices.rtc;
