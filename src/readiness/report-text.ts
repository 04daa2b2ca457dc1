// The readiness report for a person to read.
import type { Finding, FindingOrigin, ReadinessReport } from './report.ts'

/** Lines without a line break at the end. */
export function readinessText({ records, findings, errors, warnings }: ReadinessReport): string {
  const seen = Object.values(records).reduce((sum, count) => sum + count, 0)
  const verdict =
    errors === 0
      ? 'Ready for School Data Sync: no errors.'
      : 'Not ready for School Data Sync: records with an error would be dropped.'
  const counts = `${plural(errors, 'error')} and ${plural(warnings, 'warning')} in ${plural(seen, 'record')}.`
  return [verdict, counts, ...findings.flatMap(describe)].join('\n')
}

function describe({ severity, rule, count, keys, what, remedy, origins = [], ...place }: Finding): string[] {
  const where = [place.mappingRule ?? place.collection, ...(place.field === undefined ? [] : [place.field])].join('.')
  return [
    '',
    `${severity}: ${rule} at ${where}, ${plural(count, 'record')}`,
    `    ${what}`,
    `    ${remedy}`,
    ...(keys.length === 0 ? [] : [`    ${keys.join(', ')}${count > keys.length ? ', …' : ''}`]),
    ...origins.map((origin) => `    ${describeOrigin(origin)}`),
  ]
}

/** Of a formula; the place tells where the rest is. */
const MOST_TEXT = 80

function describeOrigin({ target, place, text, columns }: FindingOrigin): string {
  const reads = columns.length === 0 ? '' : `, reads ${columns.join(', ')}`
  const shown = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text
  return `${place}: ${target}: ${shown}${reads}`
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
