// Finds the rows of a source by a value that a person knows, and tells in short what each rule makes of them.
import type { CheckedMapping } from '../check/check.ts'
import type { RunInput } from '../ports.ts'
import { allRows } from '../run/compile-selection.ts'
import type { RuleTree } from '../schema/mapping-tree.ts'
import type { Shape } from '../shape.ts'
import { type CrawlFacts, readingOf, startTelling, winnerOf } from './explain.ts'
import type { RowName, RuleNote } from './explain-data.ts'
import { type Explaining, rowName } from './explain-run.ts'
import { placeText, shortReason } from './explain-text.ts'
import { explainVerdict } from './explain-verdict.ts'

export interface RowsQuestion {
  readonly source: string
  /** `local_id`, `name.last_name`: a single column, also one in a list. */
  readonly column: string
  /** Compared without case, and without blanks around it; a number as it is written. */
  readonly value: string
  readonly crawl?: CrawlFacts
}

export interface ExplainedRows {
  /** `students.local_id` */
  readonly column: string
  readonly value: string
  /** How many rows were looked at, and how many have the value. */
  readonly rowCount: number
  readonly found: number
  /** The first of them. */
  readonly rows: readonly FoundRow[]
  /** Where none has it: how the source is read. */
  readonly reading?: Omit<RuleNote, 'rule'>
}

export interface FoundRow {
  readonly row: RowName
  readonly rules: readonly RowOutcome[]
}

/** What became of a row by one rule. */
export interface RowOutcome {
  readonly rule: string
  readonly sourcedId: string | undefined
  readonly isPublished: boolean
  /** Why it is not; no values of rows. */
  readonly why?: string
}

const SHOWN_ROWS = 20

/** Goes through all rows of the source once. */
export function explainRows(checked: CheckedMapping, input: RunInput, question: RowsQuestion): ExplainedRows {
  const { source: name, column, value, crawl } = question
  const explaining = startTelling(checked, input)
  const source = checked.tree.sources.get(name)
  if (source === undefined) throw new Error(`no source ${name}`)
  const rules = [...checked.tree.rules.values()].filter(({ from }) => from.text === name)
  const wanted = plain(value)
  const cells = cellsAt(source.shape, column.split('.'))
  const rows: FoundRow[] = []
  let [rowCount, found] = [0, 0]
  for (const staged of allRows(name, explaining.machine)) {
    rowCount++
    if (!cells(staged.row).some((cell) => plain(String(cell)) === wanted)) continue
    found++
    if (rows.length === SHOWN_ROWS) continue
    const outcome = (rule: RuleTree) => outcomeOf(rule, explaining.machine.rule(rule.id).frameOf(staged), explaining)
    rows.push({ row: rowName(source, staged), rules: rules.map(outcome) })
  }
  const reading = found > 0 ? {} : { reading: readingOf(source, crawl, explaining) }
  return { column: `${name}.${column}`, value, rowCount, found, rows, ...reading }
}

const plain = (text: string) => text.trim().normalize().toLowerCase()

function outcomeOf(rule: RuleTree, frame: Parameters<typeof explainVerdict>[1], explaining: Explaining): RowOutcome {
  const { sourcedId, isPublished, reason } = explainVerdict(rule, frame, explaining)
  const outcome = { rule: rule.id, sourcedId, isPublished }
  if (reason) return { ...outcome, why: shortReason(reason) }
  const winner = isPublished && sourcedId !== undefined && winnerOf(rule.collection, sourcedId, explaining)
  if (!winner || (winner.rule === rule && winner.frame.ordinal === frame.ordinal)) return outcome
  const source = explaining.checked.tree.sources.get(winner.rule.from.text)
  const row = source ? rowName(source, winner.frame) : { source: winner.rule.from.text, key: winner.frame.ordinal }
  return { ...outcome, isPublished: false, why: shortReason({ kind: 'repeated', rule: winner.rule.id, row }) }
}

/** The values of a single column in a row: several where it stands in a list. */
function cellsAt(shape: Shape, path: readonly string[]): (row: readonly unknown[]) => unknown[] {
  const [name, ...more] = path
  if (shape.kind === 'group' && name !== undefined) {
    const member = shape.members.get(name)
    return member ? cellsAt(member, more) : () => []
  }
  if (shape.kind === 'group') return () => []
  return (row) => [row[shape.slot]].flat().flatMap((member) => membersAt(member, path))
}

/** Objects stand inside lists only. */
function membersAt(value: unknown, [name, ...more]: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((member) => membersAt(member, [name ?? '', ...more]))
  if (value === null || value === undefined) return []
  if (name === undefined) return typeof value === 'object' ? [] : [value]
  return typeof value === 'object' ? membersAt((value as Record<string, unknown>)[name], more) : []
}

export function rowsText({ column, value, rowCount, found, rows, reading }: ExplainedRows): string {
  const source = column.slice(0, column.indexOf('.'))
  const head = `${column} = ${JSON.stringify(value)}: ${found} of ${rowCount} rows that were read`
  if (found === 0) return [head, ...noneLines(source, reading)].join('\n')
  const width = Math.max(0, ...rows.flatMap(({ rules }) => rules.map(({ rule }) => rule.length)))
  const lines = rows.flatMap(({ row, rules }) => [
    `  ${row.source} ${row.key}`,
    ...rules.map(({ rule, ...outcome }) => `    ${rule.padEnd(width)}  ${outcomeText(outcome)}`),
  ])
  const [first] = rows.flatMap(({ row, rules }) => rules.map(({ rule }) => `${rule}/${row.key}`))
  const more = found > rows.length ? [`  … and ${found - rows.length} more`] : []
  const hint = first === undefined ? `No rule makes records of ${source}.` : `All about one: mapping explain ${first}`
  return [head, ...lines, ...more, hint].join('\n')
}

const outcomeText = ({ sourcedId, isPublished, why }: Omit<RowOutcome, 'rule'>) =>
  isPublished ? `published as ${sourcedId}` : `not published: ${why ?? 'its group is not'}`

function noneLines(source: string, reading: ExplainedRows['reading']): string[] {
  if (reading?.state === 'not-read') return [`  ${source} was not read.`]
  const asked = reading?.filter === undefined ? '' : `, which asks for ${reading.filter}`
  return reading?.reader ? [`  ${source} is read by ${placeText(reading.reader)}${asked}`] : []
}
