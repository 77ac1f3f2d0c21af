// npm run fuzz [-- --runs N]: random and mutated input against the server as built. See packages/fuzz/README.md, or --help.
import { become, build, install, productNode } from './bootstrap.mjs';

install();
build();
become(productNode(), ['--conditions=@sluice/source', 'packages/fuzz/src/main.ts', ...process.argv.slice(2)]);
