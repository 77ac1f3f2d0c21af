import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { runSluice } from '../process/support.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly volumes?: readonly string[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: unknown;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly configs?: Readonly<Record<string, { readonly content: string }>>;
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** The variables of a service as they are when those of the caller are not set. */
function defaultsOf({ environment = {} }: Service): Record<string, string> {
  const entries = Object.entries(environment);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, String(value).replace(/^\$\{\w+:-(.*)\}$/, '$1')] as const),
  );
}

/** No container is started here: what can be known without an engine is that the file fits what it refers to. */
for (const file of ['docker-compose.yml', 'docker-compose.cluster.yml']) {
  describe(file, () => {
    const { services, configs = {} } = parse(read(file)) as ComposeFile;

    it('mounts what there is, and depends on services that can be waited for', () => {
      for (const [name, { image, volumes = [], configs: used = [], depends_on = {} }] of Object.entries(services)) {
        assert.match(image, /^[a-z/-]+:[\w.-]+$/, `${name} has an image with a tag`);
        for (const volume of volumes) {
          const [source = '', target = ''] = volume.split(':');
          const isFile = /\.\w+$/.test(target);
          assert.equal(statSync(join(ROOT, source)).isFile(), isFile, `${name}: ${volume}`);
        }
        for (const { source } of used) assert.ok(configs[source], `${name}: ${source}`);
        for (const [other, { condition }] of Object.entries(depends_on)) {
          assert.ok(services[other], `${name}: ${other}`);
          assert.equal(condition === 'service_healthy', services[other].healthcheck !== undefined, `${name}: ${other}`);
        }
      }
    });

    it('sets variables that Sluice knows', async () => {
      const nodes = Object.entries(services).filter(([name]) => name.startsWith('sluice'));
      assert.ok(nodes.length > 0);
      for (const [name, service] of nodes) {
        // Whatever begins with SLUICE_ is checked at the start; the others are looked up in the reference.
        const { code, stderr } = await runSluice(['check-config'], { env: defaultsOf(service) });
        assert.equal(code, 0, `${name}: ${stderr}`);
        const reference = read('apps/docs/reference/configuration.md');
        for (const variable of Object.keys(service.environment ?? {})) {
          assert.ok(reference.includes(`\`${variable}\``), `${name}: ${variable}`);
        }
      }
    });
  });
}

describe('The cluster of docker-compose.cluster.yml', () => {
  const { services, configs } = parse(read('docker-compose.cluster.yml')) as ComposeFile;
  const nodes = Object.keys(services).filter((name) => name.startsWith('sluice'));

  it('has the nodes that Nginx and Prometheus ask', () => {
    const ofNginx = [...read('config/nginx/sluice/nodes.conf').matchAll(/^ *server (\S+):6001 /gm)].map(
      ([, name]) => name,
    );
    assert.deepEqual(ofNginx, [...nodes, ...nodes]);
    const { scrape_configs } = parse(read('config/prometheus/prometheus.yml')) as {
      readonly scrape_configs: readonly {
        readonly static_configs: readonly { readonly targets: readonly string[] }[];
      }[];
    };
    const targets = scrape_configs.flatMap(({ static_configs }) => static_configs.flatMap(({ targets }) => targets));
    assert.deepEqual(
      targets,
      nodes.map((name) => `${name}:9601`),
    );
  });

  it('gives Nginx every file that its configuration includes', () => {
    const { volumes = [], configs: used = [] } = services['nginx'] as Service;
    const targets = [...volumes.map((volume) => volume.split(':')[1]), ...used.map(({ target }) => target)];
    const pending = ['nginx.conf'];
    for (const file of pending) {
      assert.ok(targets.includes(`/etc/nginx/${file}`), file);
      const included = [...read(`config/nginx/${file}`).matchAll(/^ *include (\S+);/gm)].map(([, name]) => name ?? '');
      pending.push(...included.filter((name) => !pending.includes(name)));
    }
    assert.equal(new Set(pending).size, 5);
    assert.match(configs?.['backends']?.content ?? '', /^(?:allow [\d./]+;\n)+$/);
  });

  it('shows Grafana the dashboards where it looks for them', () => {
    const { providers } = parse(read('config/grafana/provisioning/dashboards/sluice.yml')) as {
      readonly providers: readonly { readonly options: { readonly path: string } }[];
    };
    const targets = (services['grafana'] as Service).volumes?.map((volume) => volume.split(':')[1]);
    for (const { options } of providers) assert.ok(targets?.includes(options.path), options.path);
    const { datasources } = parse(read('config/grafana/provisioning/datasources/prometheus.yml')) as {
      readonly datasources: readonly { readonly uid: string; readonly url: string }[];
    };
    assert.deepEqual(
      datasources.map(({ uid, url }) => [uid, new URL(url).hostname in services]),
      [['prometheus', true]],
    );
  });
});
