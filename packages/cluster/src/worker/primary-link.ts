import { Socket } from 'node:net';
import type { Deliver, OnError, RegistryEvents } from '@sluice/core';
import { assertNever } from '@sluice/protocol';
import { messageOf } from '../bus/frames.ts';
import { Link, type LinkBounds } from '../bus/link.ts';
import type { PrimaryMessage, PrimaryQuestion, WorkerMessage, WorkerStart } from '../bus/messages.ts';
import { BusBackbone } from './bus-backbone.ts';
import { BusRegistry } from './bus-registry.ts';

/** The file descriptor of the local bus in a worker, behind the standard streams and the IPC channel. */
export const BUS_FD = 4;

/** Messages for other workers are dropped before (bus-backbone.ts); what else waits ends the worker. */
const BOUNDS: LinkBounds = { watchAboveBytes: 128 * 1024 ** 2, stallMs: 5000, maxQueuedBytes: 512 * 1024 ** 2 };

/** What a worker does when the primary says so. */
export interface WorkerDuties {
  /** Take connections. Rejects where that is not possible, with the reason. */
  listen(): Promise<void>;
  readonly deliver: Deliver;
  readonly events: RegistryEvents;
  /** Health checks say "not ready" from now on. */
  draining(): void;
  /** Whether the connection between the nodes is lost. */
  degraded(isDegraded: boolean): void;
  /** The configuration has changed. */
  reconfigure(settings: unknown): void;
  answer(question: PrimaryQuestion): Promise<unknown>;
}

export interface PrimaryLinkOptions {
  readonly onError: OnError;
  /** The primary has died, or does not read any more. The worker has to end: it would serve a world that has stopped. */
  readonly onGone: () => void;
}

/** A worker's side of the local bus. */
export interface PrimaryLink {
  readonly start: WorkerStart;
  readonly backbone: BusBackbone;
  readonly registry: BusRegistry;
  /** What the primary was told so far leaves now. */
  flush(): void;
  /** Takes up the duties; what came before waits until then. */
  serve(duties: WorkerDuties): void;
  /** The worker could listen. It is told when. */
  prepared(): void;
}

/** Connects this worker with its primary and waits for the configuration. */
export function connectToPrimary(options: PrimaryLinkOptions): Promise<PrimaryLink> {
  return new Promise((resolve) => {
    let duties: WorkerDuties | null = null;
    const early: Exclude<PrimaryMessage, { type: 'configure' }>[] = [];
    const link: Link<WorkerMessage, PrimaryMessage> = new Link<WorkerMessage, PrimaryMessage>({
      stream: new Socket({ fd: BUS_FD, readable: true, writable: true }),
      bounds: BOUNDS,
      handler: {
        onMessage: (message) => {
          if (message.type === 'configure') resolve(open(message));
          else if (duties === null) early.push(message);
          else perform(duties, link, message);
        },
        onTopicMessage: (frame) => duties?.deliver(messageOf(frame)),
        onClose: (error) => {
          if (error !== undefined) options.onError(error, { stage: 'local bus' });
          options.onGone();
        },
        onStuck: () => {
          options.onError(new Error('the primary does not read the local bus'), { stage: 'local bus' });
          options.onGone();
        },
      },
    });
    const open = (start: WorkerStart): PrimaryLink => ({
      start,
      backbone: new BusBackbone(link, { hasPeers: start.hasPeers, onError: options.onError }),
      registry: new BusRegistry(link),
      flush: () => link.flush(),
      serve: (given) => {
        duties = given;
        for (const message of early) perform(given, link, message);
      },
      prepared: () => link.tell({ type: 'prepared' }),
    });

    function perform(
      given: WorkerDuties,
      to: typeof link,
      message: Exclude<PrimaryMessage, { type: 'configure' }>,
    ): void {
      switch (message.type) {
        case 'ask':
          given.answer(message.question).then(
            (answer) => to.answer(message.id, answer),
            (error: unknown) => {
              options.onError(error, { stage: message.question.type });
              to.answer(message.id, null);
            },
          );
          return;
        case 'listen':
          given.listen().then(
            () => to.tell({ type: 'listening' }),
            (error: unknown) => {
              to.tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
            },
          );
          return;
        case 'draining':
          given.draining();
          return;
        case 'nodes_parted':
        case 'nodes_met':
          given.degraded(message.type === 'nodes_parted');
          return;
        case 'reconfigure':
          given.reconfigure(message.settings);
          return;
        case 'member_added':
          given.events.memberAdded(message);
          return;
        case 'member_removed':
          given.events.memberRemoved(message);
          return;
        case 'subscription_count':
          given.events.subscriptionCount(message);
          return;
        case 'user_online':
          given.events.userOnline(message);
          return;
        case 'user_offline':
          given.events.userOffline(message);
          return;
        case 'user_terminated':
          given.events.userTerminated(message);
          return;
        default:
          assertNever(message);
      }
    }
  });
}
