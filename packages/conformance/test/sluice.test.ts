import { ROWS } from '../src/index.ts';
import { judge } from './judge.ts';

await judge('Sluice', ROWS);
