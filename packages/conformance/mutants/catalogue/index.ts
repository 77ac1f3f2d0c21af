import type { Mutant } from '../mutant.ts';
import { CHANNELS } from './channels.ts';
import { CONNECTIONS } from './connections.ts';
import { CROSS_CUTTING } from './cross-cutting.ts';
import { FRAMES } from './frames.ts';
import { HTTP_API } from './http-api.ts';
import { NAMES_AND_CODES } from './names-and-codes.ts';
import { SIGNATURES } from './signatures.ts';
import { WEBHOOKS } from './webhooks.ts';

export const MUTANTS: readonly Mutant[] = [
  ...NAMES_AND_CODES,
  ...FRAMES,
  ...SIGNATURES,
  ...CHANNELS,
  ...HTTP_API,
  ...CONNECTIONS,
  ...WEBHOOKS,
  ...CROSS_CUTTING,
];
