// npm run conformance -- --url URL --app-id ID --app-key KEY --app-secret SECRET: judges any Pusher server. See packages/conformance/README.md, or --help.
// npm run conformance -- --peer soketi: judges Sluice and another server, side by side. See benchmarks/README.md.
import { become, build, install, productNode } from './bootstrap.mjs';

install();
build();
const args = process.argv.slice(2);
const hasPeer = args.some((arg) => arg.startsWith('--peer'));
const program = hasPeer ? 'benchmarks/src/conformance/main.ts' : 'packages/conformance/src/main.ts';
become(productNode(), ['--conditions=@sluice/source', program, ...args]);
