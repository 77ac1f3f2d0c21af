// npm start: installs, builds and serves. Arguments go to the server: npm start -- --port 7001
import { join } from 'node:path';
import { become, build, install, productNode, ROOT } from './bootstrap.mjs';

install();
build();
const main = join(ROOT, 'apps', 'server', 'dist', 'main.js');
// Files in arguments are meant from where the command was given; npm itself goes to the root.
const cwd = process.env.INIT_CWD ?? process.cwd();
become(productNode(), [main, ...(process.argv.length > 2 ? process.argv.slice(2) : ['start'])], { cwd });
