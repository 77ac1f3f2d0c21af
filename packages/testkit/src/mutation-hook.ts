// Loaded by node itself, with --import, before the server and in each of its workers. See mutation.ts.
import { registerHooks } from 'node:module';
import { mutate, mutationIn, urlOfMutated } from './mutation.ts';

const mutation = mutationIn(import.meta.url);
const mutated = urlOfMutated(mutation);

registerHooks({
  load(url, context, nextLoad) {
    const module = nextLoad(url, context);
    if (url !== mutated || module.source === undefined || module.source === null) return module;
    const { source } = module;
    const text = typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString();
    return { ...module, source: mutate(text, mutation) };
  },
});
