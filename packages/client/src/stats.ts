/** Counted over all connections since the last reset. */
export interface DeltaStats {
  /** Bytes of the text messages that came, as they came. */
  bytesReceived: number;
  /** Bytes of the text messages that the client library was given. What deltas saved is the difference. */
  bytesDelivered: number;
  /** Messages given to the client library. */
  messages: number;
  /** Of these: came as a delta; came whole, to be the base of deltas. */
  deltas: number;
  fulls: number;
  /** Deltas that could not be decoded. */
  failures: number;
  /** Times the server was asked to begin a channel anew. */
  resyncs: number;
  /** Repeated by the server after that although they had come; not given to the client library again. */
  duplicates: number;
}

export function noStats(): DeltaStats {
  return {
    bytesReceived: 0,
    bytesDelivered: 0,
    messages: 0,
    deltas: 0,
    fulls: 0,
    failures: 0,
    resyncs: 0,
    duplicates: 0,
  };
}
