// The readiness report as samples for metrics: counts by rule and severity.
import type { ReadinessReport } from './report.ts'

export interface ReadinessSample {
  readonly labels: { readonly rule: string; readonly severity: string }
  readonly value: number
}

/** For `readiness_findings`: records by rule and severity, of rules that found any. Labels are from closed lists. */
export function readinessMetrics({ findings }: Pick<ReadinessReport, 'findings'>): readonly ReadinessSample[] {
  return [...Map.groupBy(findings, ({ rule }) => rule)].flatMap(([rule, group]) => {
    const [first] = group
    if (first === undefined) return []
    const value = group.reduce((sum, { count }) => sum + count, 0)
    return [{ labels: { rule, severity: first.severity }, value }]
  })
}
