// The readiness report as a table for spreadsheets: RFC 4180, one row a record of each finding.
import type { Finding, ReadinessReport } from './report.ts'

const HEADINGS = [
  'rule',
  'severity',
  'collection',
  'field',
  'mappingRule',
  'sourcedId',
  'what',
  'remedy',
  'mappingLines',
  'columns',
]

/**
 * UTF-8, lines end in CR LF. A cell that a spreadsheet would take for a formula begins with an apostrophe. A finding without
 * sourcedIds has one row; those that the report did not keep have none.
 */
export function readinessCsv({ findings }: ReadinessReport): string {
  const rows = [HEADINGS, ...findings.flatMap(rowsOf)]
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

function rowsOf(finding: Finding): string[][] {
  const { rule, severity, collection, field = '', mappingRule = '', keys, what, remedy, origins = [] } = finding
  const lines = origins.map(({ place }) => place).join(' ')
  const columns = [...new Set(origins.flatMap((origin) => origin.columns))].join(' ')
  const sourcedIds = keys.length === 0 ? [''] : keys
  return sourcedIds.map((sourcedId) => [
    ...[rule, severity, collection, field, mappingRule, sourcedId],
    ...[what, remedy, lines, columns],
  ])
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
