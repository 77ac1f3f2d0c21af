/** Structured logging. Fields never hold secrets, signatures or message data. */
export interface Log {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** Where work that nobody waits for reports a failure. `stage` names what was being done. */
export type OnError = (error: unknown, context: { readonly stage: string }) => void;
