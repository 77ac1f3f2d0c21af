import type { DomainEvent } from '@sluice/core';
import type { LinkBounds } from '../src/bus/link.ts';
import { FakeWorker } from './fake-worker.ts';
import { localHub } from './silent.ts';

const BOUNDS: LinkBounds = { watchAboveBytes: 64_000_000, stallMs: 50, maxQueuedBytes: 500_000_000 };

/** A node whose workers are here. */
export class Node {
  readonly prepared: number[] = [];
  readonly listening: number[] = [];
  readonly failed: string[] = [];
  readonly stuck: number[] = [];
  readonly emitted: DomainEvent[] = [];
  readonly hub = localHub({
    bounds: BOUNDS,
    onEvent: (event) => this.emitted.push(event),
    onPrepared: (owner) => this.prepared.push(owner),
    onListening: (owner) => this.listening.push(owner),
    onFailed: (owner, message) => this.failed.push(`${owner}: ${message}`),
    onStuck: (owner) => this.stuck.push(owner),
  });

  worker(owner: number): FakeWorker {
    return new FakeWorker(this.hub, owner);
  }

  three(): [FakeWorker, FakeWorker, FakeWorker] {
    return [this.worker(1), this.worker(2), this.worker(3)];
  }
}

/** Lets everything arrive that is on its way. */
export async function settle(...workers: readonly FakeWorker[]): Promise<void> {
  for (const worker of workers) await worker.settled();
  // A message for a worker is behind it on the way; another round lets it arrive.
  for (const worker of workers) await worker.settled();
}
