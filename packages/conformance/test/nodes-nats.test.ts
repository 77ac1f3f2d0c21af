import { ROWS } from '../src/index.ts';
import { judge } from './judge.ts';

await judge('Two nodes of Sluice over NATS', ROWS, { joinedBy: 'nats' });
