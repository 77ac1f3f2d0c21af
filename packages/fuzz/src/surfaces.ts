import { FRAMES } from './frames/surface.ts';
import { HTTP } from './http/surface.ts';
import type { Surface } from './surface.ts';
import { TEXT } from './text/surface.ts';

export const SURFACES: readonly Surface[] = [TEXT, FRAMES, HTTP];
