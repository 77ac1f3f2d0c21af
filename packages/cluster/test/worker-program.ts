// A worker of the programs here. What it does depends on what it inherited (program-side.ts).
import { connectToPrimary } from '../src/worker/primary-link.ts';

const mode = process.env['WORKER_MODE'] ?? 'stay';
if (mode === 'exit') process.exit(7);

let ended = false;
const link = await connectToPrimary({ onError: () => {}, onGone: () => process.exit(ended ? 0 : 1) });
link.serve({
  listen: () => (mode === 'fail' ? Promise.reject(new Error('listen EADDRINUSE')) : Promise.resolve()),
  deliver: () => {},
  events: {
    memberAdded: () => {},
    memberRemoved: () => {},
    subscriptionCount: () => {},
    userOnline: () => {},
    userOffline: () => {},
    userTerminated: () => {},
  },
  draining: () => {},
  reconfigure: () => {},
  degraded: () => {},
  answer: ({ type }) => {
    ended ||= type === 'close_clients';
    return Promise.resolve(`${type} of ${process.pid}`);
  },
});
link.prepared();
