import { DELTA_DEFAULTS, MAX_CONFLATION_INTERVAL_MS, MAX_COUNT } from '@sluice/delta';
import { algorithm, memberPath } from './delta-formats.ts';
import { boolean, bytes, count, milliseconds, orNone, seconds } from './formats.ts';
import { setting } from './leaf.ts';

const UNLESS_RULED = 'Channels may say otherwise (`channel_delta_compression` of the app).';

/** Who gets deltas and of what kind, what counts as the same thing when messages are conflated, and what may be filtered. */
export const DELTA_SECTIONS = {
  delta_compression: {
    enabled: setting(boolean, {
      doc: 'Whether clients that ask for deltas get any. Conflation does not depend on it.',
      default: true,
      env: 'DELTA_COMPRESSION_ENABLED',
    }),
    algorithm: setting(algorithm, {
      doc: `How deltas are made for clients that can decode both. ${UNLESS_RULED}`,
      default: 'fossil',
      env: 'DELTA_COMPRESSION_ALGORITHM',
    }),
    full_message_interval: setting(count(1), {
      doc: 'Deltas in a row, for each channel and conflation key, after which everybody gets the full message.',
      default: 10,
      env: 'DELTA_COMPRESSION_FULL_MESSAGE_INTERVAL',
    }),
    min_message_size: setting(bytes(0), {
      doc: 'Messages of fewer bytes, as subscribers get them, are neither sent as deltas nor kept.',
      default: 100,
      env: 'DELTA_COMPRESSION_MIN_MESSAGE_SIZE',
    }),
    max_state_age_secs: setting(seconds(1), {
      doc: 'Seconds after which a message is too old for a delta to be made from it.',
      default: 300,
      env: 'DELTA_COMPRESSION_MAX_STATE_AGE_SECS',
    }),
    max_channel_states_per_socket: setting(count(1), {
      doc: 'Channels on which one connection gets deltas; on further ones it gets plain messages.',
      default: 100,
      env: 'DELTA_COMPRESSION_MAX_CHANNEL_STATES_PER_SOCKET',
    }),
    max_conflation_states_per_channel: setting(orNone(count(1, MAX_COUNT)), {
      doc: `Conflation keys of a channel that are kept apart; the one heard of longest ago is forgotten first. \`none\`: ${MAX_COUNT}. ${UNLESS_RULED}`,
      default: 100,
      env: 'DELTA_COMPRESSION_MAX_CONFLATION_STATES_PER_CHANNEL',
    }),
    conflation_key_path: setting(orNone(memberPath), {
      doc: `Member of the data of events that says what they are about, such as \`item.id\`. ${UNLESS_RULED}`,
      default: null,
      env: 'DELTA_COMPRESSION_CONFLATION_KEY_PATH',
    }),
    conflation_interval_ms: setting(milliseconds(0, MAX_CONFLATION_INTERVAL_MS), {
      doc: `Of each conflation key at most one message, the newest, is sent in so many milliseconds. 0: all are sent. ${UNLESS_RULED}`,
      default: 0,
      env: 'DELTA_COMPRESSION_CONFLATION_INTERVAL_MS',
    }),
    cluster_coordination: setting(boolean, {
      doc: 'Whether all workers and nodes send a full message when the one that published it does, since `full_message_interval` is over.',
      default: false,
      env: 'DELTA_COMPRESSION_CLUSTER_COORDINATION',
    }),
    omit_delta_algorithm: setting(boolean, {
      doc: 'Whether deltas of `delta_compression.algorithm` come without its name, which clients were told before.',
      default: false,
      env: 'DELTA_COMPRESSION_OMIT_DELTA_ALGORITHM',
    }),
    pool: {
      threads: setting(count(0, 64), {
        doc: 'Threads of each worker that make deltas of messages of 32 KB and more. 0: they are made in the worker itself, and everything else waits for it.',
        default: DELTA_DEFAULTS.pool.threads,
        env: 'DELTA_COMPRESSION_POOL_THREADS',
      }),
      max_queue: setting(count(1), {
        doc: 'Messages that may wait for a thread of their worker; one more goes out in full.',
        default: DELTA_DEFAULTS.pool.maxQueue,
        env: 'DELTA_COMPRESSION_POOL_MAX_QUEUE',
      }),
      deadline_ms: setting(milliseconds(1), {
        doc: 'Milliseconds that a message may wait for its delta; then it goes out in full.',
        default: DELTA_DEFAULTS.pool.deadlineMs,
        env: 'DELTA_COMPRESSION_POOL_DEADLINE_MS',
      }),
    },
  },
  tag_filtering: {
    enabled: setting(boolean, {
      doc: 'Whether subscribers may filter by tags. False refuses a subscription with a filter; without it, messages would come that it does not let through.',
      default: true,
      env: 'TAG_FILTERING_ENABLED',
    }),
    enable_tags: setting(boolean, {
      doc: `Whether subscribers get the tags of messages; filters see them in any case. ${UNLESS_RULED}`,
      default: true,
      env: 'TAG_FILTERING_ENABLE_TAGS',
    }),
  },
} as const;
