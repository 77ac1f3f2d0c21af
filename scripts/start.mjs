// npm start: installs, builds and serves. Arguments go to the server: npm start -- --port 7001
import { become, build, install, productNode } from './bootstrap.mjs';

install();
build();
become(productNode(), ['apps/server/dist/main.js', ...(process.argv.length > 2 ? process.argv.slice(2) : ['start'])]);
