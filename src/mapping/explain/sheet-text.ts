// Writes the sheet as Markdown and as CSV.
import type { Place } from '../diagnostic.ts'
import type { Sheet, SheetRow, SheetTable } from './sheet.ts'

const HEADINGS = ['Target', 'Rule', 'What it is', 'Source columns', 'Formula', 'Where', 'Replaces'] as const

function cellsOf(row: SheetRow): string[] {
  const target = row.kind === 'scope' ? `${row.target} (which rows)` : row.target
  const replaces = row.replaces.map(({ formula, place }) => `${formula} (${placeText(place)})`).join('; ')
  return [target, row.rule, row.what, row.columns.join(', '), row.formula, placeText(row.place), replaces]
}

const placeText = ({ file, line }: Place) => `${file}:${line}`

/** A list of rules, one table each, then the settings and the code tables. */
export function sheetMarkdown({ rows, settings, tables }: Sheet): string {
  const rules = [...new Set(rows.map(({ rule }) => rule))]
  const [target, , ...more] = HEADINGS
  const parts = [
    '# Mapping',
    ...rules.flatMap((rule) => [
      `## ${rule}`,
      markdownTable(
        [target, ...more],
        rows.filter((row) => row.rule === rule).map((row) => cellsOf(row).filter((_, at) => at !== 1)),
        CODE_COLUMNS,
      ),
    ]),
    '## Settings',
    markdownTable(
      ['Setting', 'Value', 'Where'],
      settings.map(({ name, value, place }) => [name, JSON.stringify(value) ?? '', placeText(place)]),
      [1],
    ),
    ...tables.flatMap((table) => [`## Table ${table.name}`, tableMarkdown(table)]),
  ]
  return `${parts.join('\n\n')}\n`
}

/** Formula and what it replaces, among a rule's cells. */
const CODE_COLUMNS = [3, 5]

function tableMarkdown({ place, codes, otherwise }: SheetTable): string {
  const rows = codes.map(([code, value]) => [code, value])
  return `${markdownTable(['Code', 'Becomes'], [...rows, ['(any other)', otherwise]], [])}\n\n${placeText(place)}`
}

function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[], code: readonly number[]) {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const cell = (text: string, at: number) => (code.includes(at) && text !== '' ? codeText(text) : markdownText(text))
  return [line(headings), line(headings.map(() => '---')), ...rows.map((row) => line(row.map(cell)))].join('\n')
}

/** What Markdown would take for its own is escaped, which `_` inside a word is not; line breaks become blanks. */
const markdownText = (text: string) => oneLine(text).replace(/[\\|*`<>[\]]|(?<!\w)_|_(?!\w)/g, '\\$&')

/** In a code span only the pipe of the table counts; backquotes ask for a longer fence. */
function codeText(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length))
  const fence = '`'.repeat(longest + 1)
  const pad = longest > 0 ? ' ' : ''
  return `${fence}${pad}${oneLine(text).replaceAll('|', '\\|')}${pad}${fence}`
}

const oneLine = (text: string) => text.replace(/\s*[\r\n]+\s*/g, ' ')

/** RFC 4180: one heading line, fields, then settings and codes as rows of their own. A spreadsheet takes no cell for a formula. */
export function sheetCsv({ rows, settings, tables }: Sheet): string {
  const lines = [
    [...HEADINGS],
    ...rows.map(cellsOf),
    ...settings.map(({ name, value, place }) => csvRow(`setting ${name}`, JSON.stringify(value) ?? '', place)),
    ...tables.flatMap(({ name, codes, otherwise, place }) => [
      ...codes.map(([code, value]) => csvRow(`table ${name}: ${code}`, value, place)),
      csvRow(`table ${name}: any other`, otherwise, place),
    ]),
  ]
  return lines.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('')
}

const csvRow = (target: string, what: string, place: Place) => [target, '', what, '', '', placeText(place), '']

function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
