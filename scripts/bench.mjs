// npm run bench -- [scenario…]: the benchmarks, against the server as built. See benchmarks/README.md, or --help.
import { become, build, install, productNode } from './bootstrap.mjs';

install();
build();
become(productNode(), ['--conditions=@sluice/source', 'benchmarks/src/main.ts', ...process.argv.slice(2)]);
