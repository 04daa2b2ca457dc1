// Runs the examples of a mapping: each is a small district of the rows that it gives.
import type { CheckedMapping } from '../check/check.ts'
import { coerceRow, type Row } from '../coerce.ts'
import { type MapNode, plainData, typedData } from '../files/tree.ts'
import type { MappedRecord, PublishedRecords } from '../ports.ts'
import type { ExampleTree, RuleTree, SourceTree } from '../schema/mapping-tree.ts'
import { shapeAt } from '../shape.ts'
import { ID } from './create-only.ts'
import { whyLeftOut } from './example-reason.ts'
import { memoryRows } from './memory-rows.ts'
import { type RowIdentity, startRun } from './run.ts'

export interface ExampleResult {
  /** `users.student` */
  readonly rule: string
  readonly it: string
  readonly file: string
  readonly line: number
  readonly column: number
  readonly ok: boolean
  /** `email: expected "ada.li@example.org", got nothing` */
  readonly differences: readonly string[]
}

/** An example that names neither runs on this day of this school year. */
const EXAMPLE_TODAY = '2026-10-01'
const EXAMPLE_SETTINGS = { start_year: 2026, term_years: [2026], first_term_year: 2026, last_term_year: 2026 }

export function runExamples(checked: CheckedMapping): readonly ExampleResult[] {
  return [...checked.tree.rules.values()].flatMap((rule) =>
    rule.examples.map((example) => runExample(rule, example, checked)),
  )
}

function runExample(rule: RuleTree, example: ExampleTree, checked: CheckedMapping): ExampleResult {
  const { rows, problems } = exampleRows(rule, example, checked)
  const today = example.today?.text ?? EXAMPLE_TODAY
  // A map node is an object of its entries.
  const own = example.settings && (typedData(example.settings) as Readonly<Record<string, unknown>>)
  const settings = { ...EXAMPLE_SETTINGS, ...own }
  const staged = rows.byOrdinal(rule.from.text, 1)
  const input = { rows, settings, today }
  const published =
    staged &&
    example.published &&
    publishedIn(example.published, rule, startRun(checked, input).identityOf(rule.id, staged))
  const run = startRun(checked, { ...input, ...(published && { published }) })
  const record = staged && run.recordOf(rule.id, staged)
  const why = () => (staged ? whyLeftOut(rule, staged, run.machine, run.report()) : '')
  const differences = [...problems, ...compare(example, record, why)]
  const { file, line, column } = example.place
  return { rule: rule.id, it: example.it, file, line, column, ok: differences.length === 0, differences }
}

/** The row under test is the first of its source. */
function exampleRows(rule: RuleTree, { row, given }: ExampleTree, { tree }: CheckedMapping) {
  const problems: string[] = []
  const typed = (source: SourceTree, raw: unknown): Row => {
    const coerced = coerceRow(source.shape, raw)
    for (const { path, found } of coerced.problems)
      problems.push(`${source.name}.${path}: ${found} does not fit the column`)
    return coerced.row
  }
  const rows = memoryRows(
    [...tree.sources.values()].map((source) => {
      const listed = given.get(source.name)
      const data = listed ? [plainData(listed.rows)].flat() : []
      const raw = source.name === rule.from.text ? [plainData(row), ...data] : data
      const key = shapeAt(source.shape, [source.key.text])
      const keySlot = key?.kind === 'scalar' ? key.slot : 0
      return { name: source.name, keySlot, rows: raw.map((item) => typed(source, item)) }
    }),
  )
  return { rows, problems }
}

/** Before, there was one record: that of the row under test, under the id that is given or else the one that it has now. */
function publishedIn(node: MapNode, rule: RuleTree, { sourcedId, rowKey }: RowIdentity): PublishedRecords {
  const texts = node.entries.flatMap(({ name, value }) =>
    value.kind === 'scalar' && value.value !== null ? [[name, value.text] as const] : [],
  )
  const { [ID]: givenId, ...record } = Object.fromEntries(texts)
  const id = givenId ?? sourcedId
  return {
    recordOf: (collection, asked) => (collection === rule.collection && asked === id ? record : undefined),
    idOf: (name, key) => (name === rule.id && key === rowKey ? givenId : undefined),
  }
}

function compare({ gives }: ExampleTree, record: MappedRecord | undefined, why: () => string): string[] {
  if (gives === 'nothing') return record ? [`expected nothing, got ${show({ sourcedId: record.sourcedId })}`] : []
  if (record === undefined) return [`expected a record, got nothing: ${why()}`]
  const { sourcedId, fields, metadata } = record
  const differences: string[] = []
  compareParts('', typedData(gives), { sourcedId, ...fields, ...(metadata && { metadata }) }, differences)
  return differences
}

/** Only what is listed is compared; null must be absent. Lists are compared whole. */
function compareParts(path: string, expected: unknown, got: unknown, differences: string[]): void {
  if (isMap(expected) && (isMap(got) || path === '')) {
    for (const [name, value] of Object.entries(expected)) {
      const part = isMap(got) && Object.hasOwn(got, name) ? got[name] : undefined
      compareParts(path === '' ? name : `${path}.${name}`, value, part, differences)
    }
  } else if (Array.isArray(expected) && Array.isArray(got) && expected.length === got.length) {
    for (const [index, value] of expected.entries()) compareParts(`${path}[${index}]`, value, got[index], differences)
  } else if (expected === null ? got !== undefined : expected !== got) {
    differences.push(`${path}: expected ${show(expected)}, got ${show(got)}${kindHint(expected, got)}`)
  }
}

/** Where the value is right and only its kind is not. */
function kindHint(expected: unknown, got: unknown): string {
  if (Array.isArray(got) && !Array.isArray(expected) && expected !== null) return ': the field is a list, `[ … ]`'
  const isQuoted = typeof got === 'string' && (typeof expected === 'number' || typeof expected === 'boolean')
  return isQuoted && (got === String(expected) || Number(got) === expected) ? `: quote it, ${show(got)}` : ''
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const show = (value: unknown) => (value === undefined || value === null ? 'nothing' : JSON.stringify(value))
