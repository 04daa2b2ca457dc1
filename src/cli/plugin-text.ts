// The plugin in words: what it asks for and why, and what the administrator does with it.
import { table } from './output.ts'
import type { AskedColumn, AskedQuery } from './plugin-request.ts'

const NO_USE = '(joins, narrows or orders)'
/** A key is used all over the mapping; `--json` has everything. */
const MOST_USES = 5

/** `STUDENTS.DOB  mappings/sources/people.yaml:31  demographics.student.birthDate`, a paragraph for each table. */
export function describeColumns(columns: readonly AskedColumn[]): string {
  const rows = columns.map(({ table, column, place, uses }) => [
    `${table}.${column}`,
    `${place.file}:${place.line}`,
    shortened(uses),
  ])
  // Aligned over all tables, and then parted.
  const lines = table(rows).split('\n')
  return lines
    .flatMap((line, at) => (at > 0 && columns[at]?.table !== columns[at - 1]?.table ? ['', line] : [line]))
    .join('\n')
}

function shortened(uses: readonly string[]): string {
  if (uses.length === 0) return NO_USE
  const more = uses.length > MOST_USES ? [`and ${uses.length - MOST_USES} more`] : []
  return [...uses.slice(0, MOST_USES), ...more].join(', ')
}

export function describeQueries(queries: readonly AskedQuery[]): string {
  return table(queries.map(({ name, reads, tables }) => [name, `${reads}: ${tables.join(', ')}`]))
}

/** The numbers in words, for example `83 columns of 14 tables`. */
export function countColumns(columns: readonly AskedColumn[]): string {
  const names = new Set(columns.map(({ table, column }) => `${table}.${column}`))
  const tables = new Set(columns.map(({ table }) => table))
  return `${names.size} columns of ${tables.size} tables`
}

interface StepFacts {
  readonly file: string
  readonly hasQueries: boolean
  /** Of the settings that the plugin was made with, those that the bridge needs too, as `NAME=value`. */
  readonly settings: readonly string[]
}

/** What the administrator does in PowerSchool, and with the bridge, in order. */
export function administratorSteps({ file, hasQueries, settings }: StepFacts): readonly string[] {
  const connection = 'POWERSCHOOL_URL, POWERSCHOOL_CLIENT_ID and POWERSCHOOL_CLIENT_SECRET'
  const more = settings.length === 0 ? '' : `, and as now ${settings.join(', ')}`
  return [
    `In PowerSchool open System > System Settings > Plugin Management Configuration > Install, and choose ${file}. A plugin of this name that is there already is replaced, and keeps its credentials.`,
    hasQueries
      ? 'Enable it: PowerSchool lists the columns above, to be read only; approve them.'
      : 'Enable it. It asks for no columns.',
    'Open its Data Provider Configuration: set Maximum Page Size to 1000, see that the v1 API access is READ, and copy the client id and secret.',
    `Give the bridge ${connection}${more}.`,
    'Run `npm run bridge -- check`; it names whatever is missing.',
    hasQueries
      ? 'Later, when the mapping or its settings change, run this again. If the version has risen, install the new file the same way and approve what is new.'
      : 'To read co-teachers, rooms, grading periods and contacts too, make the zip (without --rest-only) and install it the same way.',
  ]
}
