// npm run conformance -- --url URL --app-id ID --app-key KEY --app-secret SECRET: judges any Pusher server. See packages/conformance/README.md, or --help.
import { become, build, install, productNode } from './bootstrap.mjs';

install();
build();
become(productNode(), ['--conditions=@sluice/source', 'packages/conformance/src/main.ts', ...process.argv.slice(2)]);
