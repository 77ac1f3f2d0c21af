// Loaded by node itself, with --import, into each process of the server under test. See memory.ts.
process.on('SIGWINCH', () => {
  // The second takes what only finalizers of the first let go of.
  for (let i = 0; i < 2; i++) globalThis.gc?.({ execution: 'sync' });
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`{"level":"info","pid":${process.pid},"keptBytes":${heapUsed + external}}\n`);
});
