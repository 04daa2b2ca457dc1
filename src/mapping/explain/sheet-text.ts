// Writes the sheet as Markdown and as CSV.
import type { Place } from '../diagnostic.ts'
import type { Replaced, Sheet, SheetRow, SheetSetting } from './sheet.ts'
import type { SheetCode, SheetTable } from './sheet-tables.ts'

const HEADINGS = [
  'Target',
  'Rule',
  'What it is',
  'Source columns',
  'PowerSchool',
  'Formula',
  'Where',
  'Replaces',
] as const

const AFTER: Partial<Readonly<Record<SheetRow['kind'], string>>> = { scope: ' (which rows)', lookup: ' (a lookup)' }

function cellsOf(row: SheetRow): string[] {
  const { rule, what, columns, powerSchool, formula, places, replaces } = row
  const target = `${row.target}${AFTER[row.kind] ?? ''}`
  return [
    target,
    rule,
    what,
    columns.join(', '),
    powerSchool.join(', '),
    formula,
    placesText(places),
    beforeText(replaces),
  ]
}

const placeText = ({ file, line }: Place) => `${file}:${line}`

const placesText = (places: readonly Place[]) => places.map(placeText).join(', ')

const beforeText = (replaces: readonly Replaced[]) =>
  replaces.map(({ formula, place }) => `${formula} (${placeText(place)})`).join('; ')

const SETTING_HEADINGS = ['Setting', 'Value', 'Where', 'Replaces']

const settingCells = ({ name, value, place, isOfBridge, replaces }: SheetSetting) => [
  name,
  JSON.stringify(value) ?? '',
  isOfBridge ? "the bridge's settings" : placeText(place),
  beforeText(replaces),
]

/** A list of rules, one table each, then the settings and the code tables. */
export function sheetMarkdown({ rows, settings, tables }: Sheet): string {
  const rules = [...new Set(rows.map(({ rule }) => rule))]
  const [target, , ...more] = HEADINGS
  const parts = [
    '# Mapping',
    ...rules.flatMap((rule) => {
      const own = rows.filter((row) => row.rule === rule)
      const off = own[0]?.off
      return [
        `## ${rule}${off === undefined ? '' : ` (off)\n\nOff now, and nothing of it is published: ${markdownText(off)}.`}`,
        markdownTable(
          [target, ...more],
          own.map((row) => cellsOf(row).filter((_, at) => at !== 1)),
          CODE_COLUMNS,
        ),
      ]
    }),
    '## Settings',
    markdownTable(SETTING_HEADINGS, settings.map(settingCells), [1, 3]),
    ...tables.flatMap((table) => [`## Table ${table.name}`, tableMarkdown(table)]),
  ]
  return `${parts.join('\n\n')}\n`
}

/** Formula and what it replaces, among a rule's cells. */
const CODE_COLUMNS = [4, 6]

const codeCells = ({ code, value, place, replaces }: SheetCode) => [code, value, placeText(place), beforeText(replaces)]

function tableMarkdown({ places, codes, otherwise }: SheetTable): string {
  const rows = [...codes, { code: '(any other)', ...otherwise }].map(codeCells)
  return `${markdownTable(['Code', 'Becomes', 'Where', 'Replaces'], rows, [])}\n\n${placesText(places)}`
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
    ...rows.map((row) => cellsOf(row.off === undefined ? row : { ...row, what: offText(row.off, row.what) })),
    ...settings.map(settingCells).map(([name, ...more]) => csvRow(`setting ${name}`, more)),
    ...tables.flatMap(({ name, codes, otherwise }) => [
      ...codes.map(codeCells).map(([code, ...more]) => csvRow(`table ${name}: ${code}`, more)),
      csvRow(`table ${name}: any other`, codeCells({ code: '', ...otherwise }).slice(1)),
    ]),
  ]
  return lines.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('')
}

const offText = (off: string, what: string) => `off now (${off})${what === '' ? '' : `; ${what}`}`

const csvRow = (target: string, [what = '', where = '', replaces = '']: readonly string[]) => [
  target,
  '',
  what,
  '',
  '',
  '',
  where,
  replaces,
]

function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
