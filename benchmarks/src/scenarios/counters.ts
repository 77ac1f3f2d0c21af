import type { Server } from '../servers/server.ts';

/** What the server's own counters have grown by between the making and `grown`; `undefined` where it has no metrics. */
export class Counters {
  readonly #server: Server;
  readonly #before: string | undefined;

  private constructor(server: Server, before: string | undefined) {
    this.#server = server;
    this.#before = before;
  }

  static async start(server: Server): Promise<Counters> {
    return new Counters(server, await server.metrics?.());
  }

  /** Sums of all samples of a metric with these labels, written as in the exposition. */
  async grown<Name extends string>(names: Readonly<Record<Name, string>>): Promise<Record<Name, number> | undefined> {
    const after = await this.#server.metrics?.();
    const before = this.#before;
    if (after === undefined || before === undefined) return undefined;
    const growth = Object.entries<string>(names).map(([name, sample]) => [
      name,
      sum(after, sample) - sum(before, sample),
    ]);
    return Object.fromEntries(growth) as Record<Name, number>;
  }
}

/** `sample`: the name of a metric, and behind a blank the label that it has to have. */
function sum(exposition: string, sample: string): number {
  const [name = '', label = ''] = sample.split(' ');
  let total = 0;
  for (const line of exposition.split('\n')) {
    if (line.startsWith(`${name}{`) && line.includes(label)) total += Number(line.slice(line.lastIndexOf(' ')));
  }
  return total;
}
