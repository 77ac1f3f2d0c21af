import type { Algorithm } from './codec.ts';
import { CacheSync } from './cache-sync.ts';
import { type CohortBase, cohortBases } from './cohort-bases.ts';
import type { DeltaCounters, FullReason, PlainReason } from './counters.ts';
import type { DeltaChannel, DeltaRules } from './delta-channel.ts';
import { deltaFormat, type DeltaForm } from './delta-format.ts';
import { Demand } from './demand.ts';
import type { Pace } from './lane.ts';
import { Codecs, type Patch, type PatchJob } from './patches.ts';
import type { PatchPool } from './pool.ts';
import { type Publication, wireKey } from './publication.ts';
import { fullReason, plainReason } from './reasons.ts';
import { Sequences } from './sequences.ts';
import type { Track, TrackMemory } from './track.ts';
import { TrackStore } from './track-store.ts';
import { Variants } from './variants.ts';
import type { DeltaParts, DeltaWire, FramePress } from './wire.ts';

export interface DeltaEngineOptions<Frame> {
  readonly wire: DeltaWire;
  readonly press: FramePress<Frame>;
  readonly clock: { now(): number; monotonic(): number };
  readonly counters: DeltaCounters;
  /** `undefined`: every patch is computed at once. */
  readonly pool: PatchPool | undefined;
  /** Bytes of a frame from which on its patches are computed in the pool. */
  readonly poolFromBytes: Readonly<Record<Algorithm, number>>;
  /** A delta frame is at most so many times as long as the text it makes; below 1. */
  readonly maxRatio: number;
  /** Sockets that have to share an older base to get a delta of their own. */
  readonly minCohort: number;
  /** What every client is told when deltas are turned on, if they need not name it again (`omit_delta_algorithm`). */
  readonly toldAlgorithm: Algorithm | undefined;
  /** Of all tracks together. */
  readonly maxTrackBytes: number;
}

/** A patch to compute, and the frame it is for. */
interface Task {
  readonly job: PatchJob;
  readonly cohort: CohortBase;
  readonly parts: DeltaParts;
  /** The longest patch that is worth it. */
  readonly maxBytes: Readonly<Record<DeltaForm, number>>;
}

/** One publication under way. */
interface Turn<Frame> {
  readonly variants: Variants<Frame>;
  readonly track: Track;
  readonly tasks: readonly Task[];
}

/** Turns publications into the frames of their subscribers: one full, and one delta for each base that enough of them hold. */
export class DeltaEngine<Frame> {
  readonly #options: DeltaEngineOptions<Frame>;
  readonly #codecs = new Codecs();
  readonly #encoder = new TextEncoder();
  readonly #sequences: Sequences;
  readonly #memory: TrackMemory;

  constructor(options: DeltaEngineOptions<Frame>) {
    this.#options = options;
    this.#sequences = new Sequences(() => options.clock.now());
    this.#memory = { maxBytes: options.maxTrackBytes, usedBytes: 0 };
  }

  get trackBytes(): number {
    return this.#memory.usedBytes;
  }

  /** Whoever opens a channel clears its `tracks` when the last subscriber that takes deltas has gone. */
  open(name: string, rules: DeltaRules): DeltaChannel<Frame> {
    const { wire, press } = this.#options;
    const { conflationKey, maxMessagesPerKey } = rules;
    const keyed = conflationKey !== undefined;
    const tracks = new TrackStore({ ...rules, keyed, sequences: this.#sequences, memory: this.#memory });
    const cacheSync = keyed
      ? new CacheSync({ channel: name, conflationKey, maxMessagesPerKey, tracks, wire, press })
      : undefined;
    return { name, rules, tracks, cacheSync };
  }

  /** Called in the channel's order (lane.ts): when the publication before it has been delivered. */
  variants(channel: DeltaChannel<Frame>, publication: Publication, pace: Pace): Variants<Frame> {
    const { wire, clock, press } = this.#options;
    const { text, mode } = publication;
    const bytes = this.#encoder.encode(text);
    const plain = wire.holdsDeltaMarks(text) ? 'marks' : plainReason(channel.rules, { mode, bytes: bytes.length });
    if (plain !== undefined) return this.#plain(text, plain);

    const { tracks, rules, name } = channel;
    const now = clock.monotonic();
    const wanted = wireKey(publication.key);
    const known = tracks.find(wanted)?.newest !== undefined;
    tracks.expire(now);
    const track = tracks.track(wanted, now);
    const bases = [...track.bases];
    const full = fullReason(rules, { mode, track, aged: known });
    const sequence = tracks.push(track, { bytes, sentAt: now, id: publication.id });
    if (sequence === 0) return this.#plain(text, 'memory');

    const marks = { sequence, key: tracks.keyed ? track.key : undefined };
    const variants = new Variants({
      kept: { track, sequence },
      full: () => press.ofText(wire.fullFrame(text, marks)),
    });
    if (full !== undefined) return this.#full({ variants, track, tasks: [] }, full);
    const demand = new Demand(bases.at(-1)?.sequence ?? 0);
    publication.count(demand, track);
    const cohorts = cohortBases(demand.cohorts, bases, this.#options.minCohort);
    const tasks = cohorts.map((cohort) => this.#task(cohort, bytes, { ...marks, channel: name, text }));
    this.#serve({ variants, track, tasks }, publication, pace);
    return variants;
  }

  #task(
    cohort: CohortBase,
    target: Uint8Array,
    frame: Omit<DeltaParts, 'algorithm' | 'isAlgorithmTold' | 'base'>,
  ): Task {
    const { wire, maxRatio, toldAlgorithm } = this.#options;
    const { algorithm, base, forms } = cohort;
    const parts = { ...frame, algorithm, isAlgorithmTold: algorithm === toldAlgorithm, base: base.sequence };
    const longest = Math.floor(target.length * maxRatio);
    // Four characters of base64 for every three bytes.
    const asJson = Math.max(0, Math.floor((longest - wire.deltaEnvelopeBytes(parts)) / 4) * 3);
    const asBinary = Math.max(0, longest - wire.binaryDeltaHeaderBytes(parts));
    const maxBytes = { json: asJson, binary: asBinary };
    const most = Math.max(...forms.map((form) => maxBytes[form]));
    return { job: { algorithm, base: base.bytes, target, maxBytes: most }, cohort, parts, maxBytes };
  }

  #serve(turn: Turn<Frame>, publication: Publication, pace: Pace): void {
    const { pool, counters } = this.#options;
    if (turn.tasks.length === 0) {
      this.#full(turn, 'nobody');
      return;
    }
    const missing = turn.tasks.filter((task) => !this.#reuse(turn.variants, task, publication));
    const jobs = missing.map(({ job }) => job);
    if (pool === undefined || !jobs.some((job) => this.#isLong(job))) {
      for (const { algorithm } of jobs) counters.computed[algorithm]++;
      this.#add(
        turn.variants,
        missing,
        jobs.map((job) => this.#codecs.patch(job)),
      );
      this.#close(turn, 'gain');
    } else if (pace === 'hurried') this.#close(turn, 'pool');
    else {
      for (const { algorithm } of jobs) counters.computed[algorithm]++;
      turn.variants.settled = pool.run(jobs).then((patches) => {
        const inTime = patches !== undefined && !turn.variants.taken;
        if (inTime) this.#add(turn.variants, missing, patches);
        this.#close(turn, inTime ? 'gain' : 'pool');
      });
    }
  }

  #isLong({ algorithm, base, target }: PatchJob): boolean {
    return Math.max(base.length, target.length) >= this.#options.poolFromBytes[algorithm];
  }

  /** Serves a cohort by a patch that came with the publication, if there is one for its base. */
  #reuse(variants: Variants<Frame>, task: Task, { patches }: Publication): boolean {
    const { algorithm, base } = task.cohort;
    const patch = patches.find((shared) => shared.algorithm === algorithm && shared.baseId === base.id)?.bytes;
    if (patch === undefined || patch.length > task.job.maxBytes) return false;
    this.#options.counters.reused[algorithm]++;
    this.#add(variants, [task], [patch]);
    return true;
  }

  #add(variants: Variants<Frame>, tasks: readonly Task[], patches: readonly Patch[]): void {
    for (const [i, task] of tasks.entries()) {
      const patch = patches[i];
      if (patch !== undefined) this.#addDeltas(variants, task, patch);
    }
  }

  #addDeltas(variants: Variants<Frame>, { cohort, parts, maxBytes }: Task, patch: Uint8Array): void {
    const { algorithm, base, forms } = cohort;
    if (base.id !== undefined) variants.patches.push({ algorithm, baseId: base.id, bytes: patch });
    for (const form of forms) {
      if (patch.length > maxBytes[form]) continue;
      const format = deltaFormat(algorithm, form);
      variants.addDelta({ format, base: base.sequence, frame: this.#frame(form, { ...parts, patch }) });
    }
  }

  #frame(form: DeltaForm, parts: DeltaParts & { readonly patch: Uint8Array }): Frame {
    const { wire, press } = this.#options;
    return form === 'json' ? press.ofText(wire.deltaFrame(parts)) : press.ofBytes(wire.binaryDelta(parts));
  }

  /** `reason`: why there is no delta, if there is none. */
  #close(turn: Turn<Frame>, reason: FullReason): void {
    if (turn.variants.deltas.length === 0) {
      this.#full(turn, reason);
      return;
    }
    this.#options.counters.deltas++;
    turn.track.deltas++;
  }

  #full({ variants, track }: Turn<Frame>, reason: FullReason): Variants<Frame> {
    this.#options.counters.fulls[reason]++;
    variants.endsInterval = reason === 'interval';
    track.deltas = 0;
    return variants;
  }

  #plain(text: string, reason: PlainReason): Variants<Frame> {
    this.#options.counters.plains[reason]++;
    return new Variants({ kept: undefined, full: () => this.#options.press.ofText(text) });
  }
}
