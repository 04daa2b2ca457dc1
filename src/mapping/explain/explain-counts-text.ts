// Prints what became of the rows of a rule or a collection.
import type { RunDiagnostic } from '../ports.ts'
import type { CountedRule, ExplainedCounts } from './explain-counts.ts'
import { noteText, placeText } from './explain-text.ts'

/** Lines without a line break at the end. `isWhole`: a collection was asked for, and not one rule of it. */
export function countsText(
  { collection, rules, notes, records, recordCount }: ExplainedCounts,
  isWhole: boolean,
): string {
  const known = (records ?? []).map(({ sourcedId, name, identifier }) => [
    `  ${collection}/${sourcedId}`,
    name ?? '',
    identifier === undefined ? '' : `identifier ${identifier}`,
  ])
  const width = (at: number) => Math.max(0, ...known.map((cells) => cells[at]?.length ?? 0))
  const listed = known.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(width(at)))
      .join('  ')
      .trimEnd(),
  )
  const ids = rules.map(({ rule, idText }) => `  by ${rule}, ${idText}`)
  const head = [
    `${collection}: ${recordCount} ${recordCount === 1 ? 'record' : 'records, each'} named ${collection}/ID. How the ID is made:`,
    ...ids,
    ...listed,
    '',
  ]
  const example = rules.find(({ leftOut }) => leftOut.length > 0) ?? rules.find(({ read }) => read > 0)
  const key = example?.leftOut[0]?.keys[0]
  return [
    ...(isWhole ? head : []),
    ...rules.flatMap(ruleLines),
    ...notes.map(noteText),
    ...(example ? [`More about one row: mapping explain ${example.rule}/${key ?? 'KEY'}`] : []),
    ...(isWhole && example ? [`Which conditions leave rows out: mapping explain ${example.rule}`] : []),
  ].join('\n')
}

function ruleLines(counted: CountedRule): string[] {
  const { rule, place, source, read, published, outOfScope, together, conditions = [], leftOut, blanked } = counted
  const away = leftOut.reduce((sum, { count }) => sum + count, 0)
  const line = (count: number, what: string, depth = 1) => `${'  '.repeat(depth)}${String(count).padStart(7)}  ${what}`
  const some = (count: number, what: string) => (count > 0 ? [line(count, what)] : [])
  return [
    `${rule} (${placeText(place)}): ${read === 1 ? '1 row' : `${read} rows`} of ${source} read`,
    line(published, 'published'),
    ...some(together, 'put together with another row (one_per)'),
    ...some(outOfScope, 'out of scope'),
    ...conditions.map((one) => line(one.count, `${one.text} does not hold   ${placeText(one.place)}`, 2)),
    ...some(away, 'left out'),
    ...leftOut.map((one) => line(one.count, diagnosticText(one, source), 2)),
    ...blanked.map((one) => line(one.count, `values that are not used, ${diagnosticText(one, source)}`)),
  ]
}

function diagnosticText({ code, field, keys, count }: RunDiagnostic, source: string): string {
  const more = count > keys.length ? ', …' : ''
  return `${code}${field === undefined ? '' : ` ${field}`}: ${source} ${keys.join(', ')}${more}`
}
