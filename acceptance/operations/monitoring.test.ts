import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parser } from '@prometheus-io/lezer-promql';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { useServer } from '../helpers/use-server.js';

const server = useServer();
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

let rules: Rule[];
let panels: Panel[];
let known: Set<string>;

beforeAll(async () => {
  const alerts = parse(await readFile(join(ROOT, 'deploy/prometheus/alerts.yaml'), 'utf8')) as {
    groups: { rules: Rule[] }[];
  };
  rules = alerts.groups.flatMap((group) => group.rules);
  const dashboard = JSON.parse(await readFile(join(ROOT, 'deploy/grafana/dashboard.json'), 'utf8')) as {
    panels: Panel[];
  };
  panels = dashboard.panels;
  const { text } = await server.anonymous.get('/metrics');
  known = new Set(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
});

/** Dashboards hold variables of Grafana, which are no PromQL. */
const asPromql = (expression: string): string => expression.replaceAll('$__rate_interval', '5m');

/** Names of metrics in an expression, and whether it is an expression at all. */
function metricsIn(expression: string): string[] {
  const names: string[] = [];
  parser.parse(asPromql(expression)).iterate({
    enter: (node) => {
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${expression}`);
      const parent = node.node.parent?.name;
      if (node.name === 'Identifier' && parent === 'VectorSelector')
        names.push(asPromql(expression).slice(node.from, node.to));
    },
  });
  return names;
}

/** `up` is made by Prometheus itself. */
const unknownIn = (expression: string): string[] =>
  metricsIn(expression).filter((name) => name !== 'up' && !known.has(name));

describe('alert rules', () => {
  it('are PromQL over metrics that exist, with all that a person needs who is woken', async () => {
    expect(rules.length).toBeGreaterThan(8);
    const guide = await readFile(join(ROOT, 'docs/guides/monitoring.md'), 'utf8');
    for (const { alert, expr, labels, annotations } of rules) {
      expect(metricsIn(expr), alert).not.toEqual([]);
      expect(unknownIn(expr), alert).toEqual([]);
      expect(['page', 'ticket'], alert).toContain(labels.severity);
      expect(annotations.summary, alert).toContain('$labels.instance');
      expect(annotations.description.length, alert).toBeGreaterThan(20);
      expect(annotations.runbook, alert).toBe(`docs/guides/monitoring.md#${alert.toLowerCase()}`);
      expect(guide, alert).toMatch(new RegExp(`^### ${alert}$`, 'm'));
    }
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});

describe('the dashboard', () => {
  it('draws PromQL over metrics that exist', () => {
    const drawn = panels.filter(({ type }) => type !== 'row');
    expect(drawn.length).toBeGreaterThan(25);
    for (const { title, targets = [] } of drawn) {
      expect(targets.length, title).toBeGreaterThan(0);
      for (const { expr } of targets) {
        expect(metricsIn(expr), title).not.toEqual([]);
        expect(unknownIn(expr), title).toEqual([]);
      }
    }
  });
});

it('everything in deploy/ is named in the guide', async () => {
  const guide = await readFile(join(ROOT, 'docs/guides/monitoring.md'), 'utf8');
  const files = (await readdir(join(ROOT, 'deploy'), { recursive: true })).filter((path) => /\.\w+$/.test(path));
  for (const path of files) expect(guide).toContain(path);
});
