import { type Duplex, duplexPair } from 'node:stream';
import { createSocketId } from '@sluice/protocol';
import { messageOf, topicOf } from '../src/bus/frames.ts';
import { Link, type LinkBounds } from '../src/bus/link.ts';
import type { PrimaryMessage, PrimaryQuestion, WorkerMessage } from '../src/bus/messages.ts';
import type { LocalHub } from '../src/primary/local-hub.ts';
import { BusBackbone } from '../src/worker/bus-backbone.ts';
import { BusRegistry } from '../src/worker/bus-registry.ts';

export const UNBOUNDED: LinkBounds = {
  watchAboveBytes: Number.POSITIVE_INFINITY,
  stallMs: 0,
  maxQueuedBytes: Number.POSITIVE_INFINITY,
};

/** A worker in this process: a real end of the local bus, and a note of all that comes over it, in order. */
export class FakeWorker {
  readonly owner: number;
  readonly stream: Duplex;
  readonly link: Link<WorkerMessage, PrimaryMessage>;
  readonly backbone: BusBackbone;
  readonly registry: BusRegistry;
  readonly log: string[] = [];
  readonly errors: unknown[] = [];
  /** `undefined`: no answer. */
  answer: (question: PrimaryQuestion) => unknown = () => null;
  /** Gets the way to answer later where there was no answer. */
  held: (answer: () => void) => void = () => {};

  constructor(hub: LocalHub, owner: number) {
    const [primaryEnd, workerEnd] = duplexPair();
    this.owner = owner;
    this.stream = workerEnd;
    this.link = new Link<WorkerMessage, PrimaryMessage>({
      stream: workerEnd,
      bounds: UNBOUNDED,
      handler: {
        onMessage: (message) => this.#receive(message),
        onTopicMessage: (frame) => {
          this.log.push(`${topicOf(frame)}=${messageOf(frame).toString()}`);
        },
        onClose: () => this.log.push('closed'),
        onStuck: () => this.log.push('stuck'),
      },
    });
    this.backbone = new BusBackbone(this.link, { hasPeers: true, onError: (error) => this.errors.push(error) });
    this.registry = new BusRegistry(this.link);
    hub.attach(owner, primaryEnd);
  }

  join(topic: string): Promise<void> {
    return new Promise((resolve) => this.backbone.join(topic, resolve));
  }

  /** Resolves with what the registry answered, noted in the log when it came. */
  joinPresence(channel: string, userId: string): Promise<unknown> {
    const member = { userId, info: 'null' };
    return new Promise((resolve) => {
      this.registry.join({ appId: '1', channel, socketId: createSocketId(), member, maxMembers: 100 }, (answer) => {
        this.log.push(answer === 'full' ? 'full' : `list ${answer.map((each) => each.userId).join()}`);
        resolve(answer);
      });
    });
  }

  /** Everything told before has been heard by the primary, and what it sent before has been heard here. */
  async settled(): Promise<void> {
    await this.registry.users('1', 'nothing');
  }

  #receive(message: PrimaryMessage): void {
    switch (message.type) {
      case 'member_added':
        this.log.push(`+${message.member.userId}`);
        return;
      case 'member_removed':
        this.log.push(`-${message.userId}`);
        return;
      case 'subscription_count':
        this.log.push(`${message.channel} has ${message.count}`);
        return;
      case 'user_online':
      case 'user_offline':
        this.log.push(`${message.type} ${message.userId}`);
        return;
      case 'user_terminated':
        this.log.push(`terminate ${message.userId}`);
        return;
      case 'ask': {
        const answer = this.answer(message.question);
        if (answer !== undefined) this.link.answer(message.id, answer);
        else this.held(() => this.link.answer(message.id, null));
        return;
      }
      case 'configure':
      case 'listen':
      case 'draining':
      case 'reconfigure':
      case 'nodes_parted':
      case 'nodes_met':
        this.log.push(message.type);
        return;
      default:
        message satisfies never;
    }
  }
}
