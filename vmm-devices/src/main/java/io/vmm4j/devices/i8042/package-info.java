/**
 * The PC's keyboard controller and its keyboard (IBM PS/2 Hardware Interface Technical Reference), for Ctrl-Alt-Del and
 * for the reset line.
 */
package io.vmm4j.devices.i8042;
