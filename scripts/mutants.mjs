// npm run mutants [-- --only NAME]: breaks the server in many ways and shows that the conformance suite notices each. See packages/conformance/README.md, or --help.
import { become, install, productNode } from './bootstrap.mjs';

install();
become(productNode(), [
  '--conditions=@sluice/source',
  'packages/conformance/mutants/main.ts',
  ...process.argv.slice(2),
]);
