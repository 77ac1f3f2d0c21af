import { CommonBases } from '@sluice/delta';
import { type Filter, FilterIndex } from '@sluice/filter';
import type { Connection } from './connection.ts';
import type { DeltaSubscriber } from './delta-subscriber.ts';
import type { Message } from './message.ts';
import type { Subscription } from './subscription.ts';

/** Those of a cohort that take deltas, and what they hold in common. */
export class DeltaCohort {
  readonly subscribers = new Set<DeltaSubscriber>();
  readonly bases = new CommonBases();
}

/** Subscribers of a channel that get the same messages. */
export class Cohort {
  readonly plain = new Set<Connection>();
  /** Null where there are none. */
  deltas: DeltaCohort | null = null;

  get size(): number {
    return this.plain.size + (this.deltas?.subscribers.size ?? 0);
  }

  join(subscriber: DeltaSubscriber): void {
    this.deltas ??= new DeltaCohort();
    this.deltas.subscribers.add(subscriber);
    subscriber.join(this.deltas.bases);
  }

  leave(subscriber: DeltaSubscriber): void {
    this.deltas?.subscribers.delete(subscriber);
    if (this.deltas?.subscribers.size === 0) this.deltas = null;
  }
}

/** Who has an active subscription of a channel: in one cohort those without a filter, in one each those with the same. */
export class Audience {
  readonly #unfiltered = new Cohort();
  readonly #everybody: readonly Cohort[] = [this.#unfiltered];
  #filtered: FilterIndex<Cohort> | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(connection: Connection, subscription: Subscription): void {
    const cohort = this.#cohortFor(subscription.filter);
    if (subscription.delta === null) cohort.plain.add(connection);
    else cohort.join(subscription.delta);
    this.#size++;
  }

  /** Before `filter` or `delta` of the subscription change. */
  remove(connection: Connection, { filter, delta }: Subscription): void {
    const cohort = filter === null ? this.#unfiltered : this.#filtered?.get(filter);
    if (cohort === undefined) return;
    if (delta === null) cohort.plain.delete(connection);
    else cohort.leave(delta);
    this.#size--;
    if (filter === null || cohort.size > 0) return;
    this.#filtered?.remove(filter);
    if (this.#filtered?.size === 0) this.#filtered = null;
  }

  /** Those who get a message. HOT: once per message. */
  of(message: Message): readonly Cohort[] {
    if (this.#filtered === null) return this.#everybody;
    return [this.#unfiltered, ...this.#filtered.match(message.tags)];
  }

  /** All there are, for what is no message and has no tags. */
  all(): readonly Cohort[] {
    return this.#filtered === null ? this.#everybody : [this.#unfiltered, ...this.#filtered.all()];
  }

  #cohortFor(filter: Filter | null): Cohort {
    if (filter === null) return this.#unfiltered;
    this.#filtered ??= new FilterIndex();
    const known = this.#filtered.get(filter);
    if (known !== undefined) return known;
    const cohort = new Cohort();
    this.#filtered.add(filter, cohort);
    return cohort;
  }
}
