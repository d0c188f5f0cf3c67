/** What a file is by its magic numbers, for those who boot from it and those who take it for a disk. Below both. */
package io.vmm4j.core.format;
