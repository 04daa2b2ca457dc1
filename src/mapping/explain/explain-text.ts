// Prints an explanation for a person.
import type { Place } from '../diagnostic.ts'
import type {
  ExplainedField,
  ExplainedInput,
  ExplainedLookup,
  ExplainedRecord,
  ExplainedText,
  Reason,
  RowName,
  RuleNote,
  Shown,
  Verdict,
} from './explain-data.ts'
import { elsewhereText } from './explain-elsewhere.ts'
import type { RemovedField } from './history.ts'

/** Lines without a line break at the end. With `field` that one alone is told, in full. */
export function explanationText(explained: ExplainedRecord, field?: string): string {
  return explained.record
    ? recordLines(explained, explained.record, field).join('\n')
    : absentLines(explained).join('\n')
}

type MappedRow = NonNullable<ExplainedRecord['record']>

function recordLines(explained: ExplainedRecord, record: MappedRow, field: string | undefined): string[] {
  const name = nameOf(explained)
  if (field !== undefined) {
    const [found] = record.fields
    if (found) return fieldLines(found, name)
    const [removed] = record.removed
    if (removed) return [`${name} ${field} is ${removedText(removed)}.`]
    return [`${name} is of the rule ${record.rule}, which does not fill ${field}: it is blank.`]
  }
  const others = explained.rows.filter(({ isPublished }) => !isPublished)
  const width = Math.max(...[...record.fields, ...record.removed].map(({ name: { length } }) => length))
  return [
    `${name} is made by ${record.rule} of ${rowText(record.row)}.`,
    ...(record.where.length > 0 ? ['', 'It is in scope, for this holds:'] : []),
    ...record.where.flatMap((condition) => indented(textLines(condition))),
    '',
    ...record.fields.map((one) => shortField(one, width)),
    ...record.removed.map((one) => `  ${one.name.padEnd(width)}   ${removedText(one)}`),
    ...others.flatMap((verdict) => ['', ...verdictLines(verdict)]),
  ]
}

function fieldLines(field: ExplainedField, record: string): string[] {
  const kept = field.kept ? [keptText(field.kept)] : []
  return [`${record} ${field.name} = ${valueText(field.value)}`, ...kept, ...indented(textLines(field))]
}

const keptText = ({ place, now }: NonNullable<ExplainedField['kept']>) =>
  `  kept as first published (create_only, ${placeText(place)}); its formula gives ${valueText(now)} now`

function removedText({ place, before: [said] }: RemovedField): string {
  const before = said ? ` (before: ${placeText(said.places[0])} ${said.text})` : ''
  return `taken away in ${placeText(place)}${before}`
}

function shortField({ name, value, place, kept }: ExplainedField, width: number): string {
  const note = kept ? '  (kept, create_only)' : ''
  return `  ${name.padEnd(width)} = ${valueText(value)}   ${placeText(place)}${note}`
}

function absentLines(explained: ExplainedRecord): string[] {
  const { rows, rules, elsewhere = [] } = explained
  const head = `${nameOf(explained)} is not published: the mapping makes no such record of the rows of the last crawl.`
  return [
    head,
    ...rows.flatMap((verdict) => indented(verdictLines(verdict))),
    ...rules.map((note) => `  ${noteText(note)}`),
    ...elsewhere.map((one) => `  ${elsewhereText(one)}`),
  ]
}

const nameOf = ({ collection, sourcedId, asked }: ExplainedRecord) =>
  sourcedId === undefined ? (asked ?? collection) : `${collection}/${sourcedId}`

const NOTES: Readonly<ByName<RuleNote['state'], (note: RuleNote) => string>> = {
  'no-row': ({ source, rowCount, filter, reader }) => {
    const asked = filter === undefined ? '' : `, which asks for ${filter}`
    const where = reader ? ` (${placeText(reader)}${asked})` : ''
    return `none of the ${rowCount} rows of ${source} that were read is it${where}.`
  },
  'other-form': ({ text, place }) => `its ids are ${text}${place ? ` (${placeText(place)})` : ''}.`,
  'not-read': ({ source, when, needs }) => {
    if (when !== undefined) return `${source} is not read, for the setting ${when} is not true.`
    if (needs === undefined) return `${source} was not read by the last crawl: sync again.`
    return `${source} is read by PowerQuery alone, and the last crawl was by REST: install the bridge's plugin.`
  },
  off: ({ place }) => `the rule is switched off${place ? ` (${placeText(place)})` : ''}.`,
  removed: ({ place }) => `the rule is taken away by a layer${place ? ` (${placeText(place)})` : ''}.`,
}

type ByName<K extends string, T> = { readonly [name in K]: T }

export const noteText = (note: RuleNote) => `${note.rule}: ${NOTES[note.state](note)}`

function verdictLines(verdict: Verdict): string[] {
  const { rule, row, group, reason } = verdict
  const rows = group ? `${group.map(({ key }) => key).join(', ')} of ${row.source}, one record` : undefined
  const head = `${rule}: ${rows ?? rowText(row)}`
  if (reason === undefined) return [`${head} is published${verdict.sourcedId ? ` as ${verdict.sourcedId}` : ''}.`]
  const [first, ...more] = reasonLines(reason)
  return [`${head} is left out: ${first}`, ...indented(more)]
}

function reasonLines(reason: Reason): string[] {
  switch (reason.kind) {
    case 'where':
      return [`${failingText(reason.failing)} does not hold.`, ...textLines(reason.condition)]
    case 'lookup': {
      const { lookup } = reason
      const what = lookup.state === 'missing' ? 'found nothing' : 'found what is not published'
      return [`the lookup ${lookup.name} ${what}.`, ...lookupLines(lookup)]
    }
    case 'required': {
      const what = reason.field === 'id' || reason.field === 'one_per' ? reason.field : `the required ${reason.field}`
      return [`${what} is blank.`, ...textLines(reason.value)]
    }
    case 'repeated':
      return [`${reason.rule} has made this record of ${rowText(reason.row)} already.`]
    case 'ring':
      return ['it waits for what is told above.']
    default:
      return reason satisfies never
  }
}

/** On one line, without the values that it rests on. */
export function shortReason(reason: Reason): string {
  if (reason.kind !== 'where') return (reasonLines(reason)[0] ?? '').replace(/\.$/, '')
  const { condition, failing } = reason
  const [part = condition.text.replace(/^=\s*/, '')] = failing ?? []
  return `${part.length > MOST_SHOWN ? `${part.slice(0, MOST_SHOWN)}…` : part} does not hold (${placeText(condition.place)})`
}

const MOST_SHOWN = 100

function failingText(failing: readonly string[] | undefined): string {
  const [part, ...more] = failing ?? []
  if (part === undefined) return 'this condition'
  return `of this condition ${part}${more.length > 0 ? `, and ${more.length} more of it,` : ''}`
}

/** The place and the text, then what it inherits, then what it reads. */
function textLines(text: ExplainedText): string[] {
  return [
    `${placeText(text.place)}  ${text.text}`,
    ...(text.inherited ?? []).flatMap((lower) => indented(textLines(lower))),
    ...indented(text.inputs.flatMap(inputLines)),
  ]
}

function inputLines(input: ExplainedInput): string[] {
  switch (input.kind) {
    case 'column':
      return [`${input.path} = ${valueText(input.value)}${rowsText(input.rows, input.rowCount)}`]
    case 'setting':
      return [`${input.path} = ${valueText(input.value)}`]
    case 'today':
      return [`today() = ${valueText(input.value)}`]
    case 'table': {
      const where = input.place ? `   ${placeText(input.place)}` : ''
      const isListed = input.isListed || input.code === null ? '' : ', which is not listed'
      return [`code("${input.table}", ${valueText(input.code)}${isListed}) = ${valueText(input.value)}${where}`]
    }
    case 'lookup':
      return lookupLines(input)
    case 'reference': {
      const found = input.foundCount === 0 ? 'nothing that is published' : input.found.join(', ')
      const more = input.foundCount > input.found.length ? ` and ${input.foundCount - input.found.length} more` : ''
      return [`${input.target} → ${found}${more}`, ...input.because.flatMap((one) => indented(verdictLines(one)))]
    }
    case 'item':
      return [
        `${input.path} ${valueText(input.value)} → ${valueText(input.result)}`,
        ...(input.result === null ? indented(input.inputs.flatMap(inputLines)) : []),
      ]
    default:
      return input satisfies never
  }
}

const STATES: Readonly<ByName<ExplainedLookup['state'], string>> = {
  found: '',
  missing: 'nothing',
  'out-of-scope': 'a row that is not published',
  cut: 'nothing, as long as the scope is decided',
}

function lookupLines(lookup: ExplainedLookup): string[] {
  const { name, place, text, state, found, matched } = lookup
  const what = state === 'found' ? foundText(lookup) : STATES[state]
  const chosen = matched > found ? `, chosen of ${matched}` : ''
  return [`${name} → ${what}${chosen}   ${placeText(place)}  ${text}`, ...indented(lookupDetails(lookup))]
}

/** Why it found nothing; of a list of values, which is a name for what it reads, how they came about. */
function lookupDetails({ state, value, inputs, rejected, because }: ExplainedLookup): string[] {
  if (state === 'found') return value === undefined ? [] : inputs.flatMap(inputLines)
  const turnedAway = rejected.flatMap(({ row, condition }) => [
    `${row ? rowText(row) : 'a member of the list'} is not taken, for this does not hold:`,
    ...indented(textLines(condition)),
  ])
  return [...inputs.flatMap(inputLines), ...turnedAway, ...because.flatMap(verdictLines)]
}

function foundText({ found, rows, value }: ExplainedLookup): string {
  if (value !== undefined) return valueText(value)
  return `${found === 1 ? '1 row' : `${found} rows`}${rowsText(rows, found)}`
}

function rowsText(rows: readonly RowName[], all: number): string {
  const [first, ...more] = rows
  if (first === undefined) return ''
  const keys = [first, ...more].map(({ key }) => key).join(', ')
  return `   (${first.source} ${keys}${all > rows.length ? ', …' : ''})`
}

const rowText = ({ source, key }: RowName) => `${source} ${key}`

export const placeText = ({ file, line }: Place) => `${file}:${line}`

const SHOWN_MEMBERS = 12

/** A reference is written as people ask for it: `orgs/sch3`. */
function valueText(value: Shown): string {
  if (value === null) return 'blank'
  if (typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) {
    const more = value.length > SHOWN_MEMBERS ? [`… ${value.length} in all`] : []
    return `[${[...value.slice(0, SHOWN_MEMBERS).map(valueText), ...more].join(', ')}]`
  }
  const pairs = Object.entries(value)
  if ('sourcedId' in value && 'collection' in value && pairs.length === 2) {
    return `${value.collection}/${value.sourcedId}`
  }
  return `{ ${pairs.map(([name, part]) => `${name}: ${valueText(part)}`).join(', ')} }`
}

const isList = (value: object): value is readonly Shown[] => Array.isArray(value)

const indented = (lines: readonly string[]) => lines.map((line) => (line === '' ? '' : `  ${line}`))
