import { assertNever } from '@sluice/protocol';
import type { Caller } from './call.ts';
import { HttpCaller } from './http-caller.ts';
import { LambdaCaller } from './lambda-caller.ts';
import type { WebhookTarget } from './webhook.ts';

export function callerOf({ destination, headers }: WebhookTarget): Caller {
  switch (destination.kind) {
    case 'http':
      return new HttpCaller(destination, headers);
    case 'lambda':
      return new LambdaCaller(destination, headers);
    default:
      return assertNever(destination);
  }
}
