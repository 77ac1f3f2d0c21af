// A load process: subscribers or publishers, as the parent asks over IPC.
import { churn } from './churn.ts';
import { publish } from './publishing.ts';
import type { CallName, Calls, Reply, Request } from './messages.ts';
import { Subscribers } from './subscribers.ts';

const subscribers = new Subscribers({ silenceMs: 3_000 });

async function answer(request: Request): Promise<Calls[CallName]['result']> {
  switch (request.call) {
    case 'open':
      return subscribers.open(request.args);
    case 'reset':
      subscribers.reset(request.args.publishers);
      return null;
    case 'publish':
      return publish(request.args);
    case 'settle':
      return subscribers.settle(request.args);
    case 'stopReading':
      subscribers.stopReading(request.args.count);
      return null;
    case 'churn':
      return churn(request.args);
    case 'close':
      subscribers.close();
      return null;
    default:
      throw new Error(`unknown request ${JSON.stringify(request satisfies never)}`);
  }
}

function send(reply: Reply): void {
  // The parent may be gone by now; then `disconnect` below ends this process.
  process.send?.(reply, undefined, undefined, () => undefined);
}

process.on('message', (request: Request) => {
  answer(request).then(
    (result) => send({ id: request.id, result }),
    (error: unknown) => send({ id: request.id, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
// The parent decides what an interrupt ends, and ends this process with it.
process.on('SIGINT', () => undefined);
