// Prometheus' text format, version 0.0.4.

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  /** After the family's name: `_bucket`, `_sum` and `_count` of a histogram. */
  readonly suffix?: string
  readonly labels?: Labels
  readonly value: number
}

export interface Family {
  /** Without the prefix that all share. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: readonly Sample[]
}

const PREFIX = 'oneroster_bridge_'

/** Families without samples are left out. */
export function formatMetrics(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(formatFamily)
    .join('')
}

function formatFamily({ name, help, type, samples }: Family): string {
  const whole = `${PREFIX}${name}`
  const lines = samples.map(({ suffix = '', labels = {}, value }) => {
    return `${whole}${suffix}${formatLabels(labels)} ${formatValue(value)}\n`
  })
  return `# HELP ${whole} ${escapeText(help)}\n# TYPE ${whole} ${type}\n${lines.join('')}`
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeText(value).replaceAll('"', '\\"')}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (Number.isFinite(value)) return String(value)
  return value > 0 ? '+Inf' : '-Inf'
}
