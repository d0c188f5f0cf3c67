/** What the class archive is made with: a guest of a few bytes, and a run that goes the way of every start. */
package io.vmm4j.cli.training;
