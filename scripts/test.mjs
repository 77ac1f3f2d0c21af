// npm test: installs what the tests need, builds, and runs them all. Arguments are parts of file names: npm test -- clients hostile
import { become, build, install, productNode } from './bootstrap.mjs';
import { installTestServers } from './test-servers.mjs';

const HELP = `Usage: npm test [-- [--node FILE] [PART...]]

Runs the test files whose path contains one of the parts; without parts, all of them.
  --node FILE   Run the tests and the servers in them with this Node.
`;

const args = process.argv.slice(2);
if (args.includes('--help')) {
  process.stdout.write(HELP);
  process.exit(0);
}
const nodeAt = args.indexOf('--node');
const [, otherNode] = nodeAt === -1 ? [] : args.splice(nodeAt, 2);
if (nodeAt !== -1 && otherNode === undefined) {
  process.stderr.write('--node needs the file of a Node, such as --node /usr/bin/node\n');
  process.exit(2);
}
// CI reads the line that the tests close with; where it does not come to them, there has to be one too.
const sayNothingRan = (code) => {
  if (code !== 0) process.stdout.write('0 passed, 1 failed\n');
};
process.on('exit', sayNothingRan);
install();
build();
installTestServers();
const node = otherNode ?? productNode();
process.off('exit', sayNothingRan);
become(node, ['--conditions=@sluice/source', 'scripts/run-tests.mjs', ...args]);
