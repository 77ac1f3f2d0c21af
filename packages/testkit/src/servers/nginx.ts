import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { APP } from '../app-fixture.ts';
import { freePort } from '../free-port.ts';
import { TLS_FIXTURE } from '../tls-fixture.ts';
import { ServerProcess } from './server-process.ts';

const SHIPPED = fileURLToPath(new URL('../../../../config/nginx', import.meta.url));
const NODES = 'sluice/nodes.conf';
const FIRST_NODE = 'sluice-1:6001';
/** Debian has it where only root's path leads. */
const COMMAND = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx';
const IS_ROOT = process.getuid?.() === 0;

const WEBSOCKET_PATH = `/app/${APP.key}?protocol=7&client=test&version=1.0`;

/** Where Nginx would write without being told: folders of its package, which a test may not touch. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path tmp_${kind};`);

export type Changes = Readonly<Record<string, string>>;

export interface NginxServerOptions {
  /** Ports of the nodes. */
  readonly nodes: readonly number[];
  /** In `sluice/site.conf`, beside what every test has to change: what stands there, and what is to stand there instead. */
  readonly site?: Changes;
  /** Whether the example of TLS there is uncommented, with the certificate of the fixture. */
  readonly tls?: boolean;
}

/** A real nginx with the configuration that is shipped, of which only addresses, ports, paths and figures of the site are others. */
export class NginxServer extends ServerProcess {
  readonly #tlsPort: number;
  readonly #site: string;

  private constructor({
    port,
    tlsPort,
    site,
  }: {
    readonly port: number;
    readonly tlsPort: number;
    readonly site: string;
  }) {
    super({
      command: COMMAND,
      debian: 'nginx-light',
      port,
      args: () => argumentsFor(site),
      // Killed, it would leave its processes behind.
      stopSignal: 'SIGTERM',
    });
    this.#tlsPort = tlsPort;
    this.#site = site;
  }

  static async start({ nodes, site = {}, tls = false }: NginxServerOptions): Promise<NginxServer> {
    const [port, tlsPort] = [await freePort(), await freePort()];
    const folder = mkdtempSync(join(tmpdir(), 'sluice-nginx-'));
    cpSync(SHIPPED, folder, { recursive: true });
    changeFile(join(folder, 'sluice/site.conf'), {
      'listen 80 ': `${TEMPORARY.join(' ')}\nlisten 127.0.0.1:${port} `,
      '/var/log/nginx': folder,
      'listen 443 ': `listen 127.0.0.1:${tlsPort} `,
      '/etc/nginx/tls/fullchain.pem': TLS_FIXTURE.certFile,
      '/etc/nginx/tls/privkey.pem': TLS_FIXTURE.keyFile,
      ...(tls ? { '#tls ': '' } : {}),
      ...site,
    });
    const server = new NginxServer({ port, tlsPort, site: folder });
    server.setNodes(nodes);
    await server.start().catch(async (error: unknown) => {
      await server[Symbol.asyncDispose]();
      throw error;
    });
    return server;
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.port}${WEBSOCKET_PATH}`;
  }

  get wssUrl(): string {
    return `wss://127.0.0.1:${this.#tlsPort}${WEBSOCKET_PATH}`;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** What its own check of the configuration takes. */
  get checkCommand(): readonly [string, ...string[]] {
    return [COMMAND, '-t', ...argumentsFor(this.#site)];
  }

  get accessLog(): string {
    return readFileSync(join(this.#site, 'access.log'), 'utf8');
  }

  /** For the next start or reload. Only the addresses are the test's: what is said of the nodes is as it is shipped. */
  setNodes(ports: readonly number[]): void {
    const lines = readFileSync(join(SHIPPED, NODES), 'utf8').split('\n');
    const forAll = lines.flatMap((line) => {
      if (!line.trimStart().startsWith('server ')) return [line];
      return line.includes(FIRST_NODE) ? ports.map((port) => line.replace(FIRST_NODE, `127.0.0.1:${port}`)) : [];
    });
    writeFileSync(join(this.#site, NODES), forAll.join('\n'));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    rmSync(this.#site, { recursive: true, force: true });
  }
}

function argumentsFor(site: string): string[] {
  const main = [
    'daemon off',
    `pid ${join(site, 'nginx.pid')}`,
    'error_log stderr notice',
    ...(IS_ROOT ? ['user root'] : []),
  ];
  return ['-p', site, '-c', join(site, 'nginx.conf'), '-g', `${main.join('; ')};`];
}

function changeFile(file: string, changes: Changes): void {
  let text = readFileSync(file, 'utf8');
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`${file} has no '${from}' any more`);
    text = text.replaceAll(from, to);
  }
  writeFileSync(file, text);
}
