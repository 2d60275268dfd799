/** Whether this run may touch the kernel; says so loudly when it may not. */
export const isRoot = process.getuid?.() === 0

if (!isRoot) process.stderr.write('\n*** not root: tests that load programs are SKIPPED ***\n\n')
