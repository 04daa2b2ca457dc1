// Explains a record by the mapping, the rows of the last crawl and the snapshot together; for the admin API and the command line.
import type { CheckedMapping } from '../mapping/check/check.ts'
import { explainRecord, explainRow } from '../mapping/explain/explain.ts'
import { type ExplainedCounts, explainCounts } from '../mapping/explain/explain-counts.ts'
import { countsText } from '../mapping/explain/explain-counts-text.ts'
import type { ExplainedRecord } from '../mapping/explain/explain-data.ts'
import { maskValue, redactRecord } from '../mapping/explain/explain-redact.ts'
import { explainRows, rowsText } from '../mapping/explain/explain-rows.ts'
import type { RecordSubject, Subject } from '../mapping/explain/explain-subject.ts'
import { explanationText } from '../mapping/explain/explain-text.ts'
import type { Form } from '../store/records.ts'
import type { Sql } from '../store/sql.ts'
import type { StagedInput } from '../sync/staged-input.ts'
import { type SnapshotState, snapshotState, snapshotText } from './mapping-snapshot.ts'

export interface ExplainOptions {
  readonly sql: Sql
  readonly checked: CheckedMapping
  readonly staged: StagedInput
  readonly form: Form
  readonly field?: string | undefined
  /** Masks what belongs to a person. */
  readonly isRedacted: boolean
}

export interface Explanation extends ExplainedRecord {
  readonly snapshot: SnapshotState
  /** What the mapping asks for and the last crawl did not read: it counts as blank. */
  readonly unread: readonly string[]
  /** The day that the formulas go by. */
  readonly today: string
}

export function explainSubject(subject: RecordSubject, options: ExplainOptions): Explanation {
  const { sql, checked, staged, form, field, isRedacted } = options
  const { input, unread } = staged
  const crawl = { template: staged.template, unread: unread.sources }
  const more = { crawl, ...(field !== undefined && { field }) }
  const explained =
    subject.kind === 'record'
      ? explainRecord(checked, input, { ...subject, ...more })
      : explainRow(checked, input, { ...subject, ...more })
  const snapshot = snapshotState(sql, explained, form, field)
  const { today } = input
  const missing = [...unread.sources, ...unread.columns]
  if (!isRedacted) return { ...explained, snapshot, unread: missing, today }
  const differing = snapshot.differing.map(({ field: name, published }) => ({
    field: name,
    published: maskValue(published),
  }))
  return { ...redactRecord(explained), snapshot: { ...snapshot, differing }, unread: missing, today }
}

type ManySubject = Exclude<Subject, RecordSubject | { kind: 'column' }>

/** Of rows by a value, or of all rows of a rule or collection: what was found, as data and as text. */
export function explainMany(
  subject: ManySubject,
  { checked, staged, isRedacted }: Pick<ExplainOptions, 'checked' | 'staged' | 'isRedacted'>,
) {
  const { input, unread, template } = staged
  const crawl = { template, unread: unread.sources }
  const missing = [...unread.sources, ...unread.columns]
  const more = missing.length > 0 ? `\n${unreadText(missing)}` : ''
  const dated = { unread: missing, today: input.today }
  if (subject.kind === 'rows') {
    const found = explainRows(checked, input, { ...subject, crawl })
    return { data: { ...found, ...dated }, text: `${rowsText(found)}${more}` }
  }
  const counts = explainCounts(checked, input, { ...subject, crawl })
  const shown = isRedacted ? redactCounts(counts) : counts
  return { data: { ...shown, ...dated }, text: `${countsText(shown, subject.rule === undefined)}${more}` }
}

/** A class may be called by its teacher. */
const redactCounts = ({ records, ...counts }: ExplainedCounts): ExplainedCounts => ({
  ...counts,
  ...(records && { records: records.map(({ sourcedId }) => ({ sourcedId })) }),
})

export function explainText(explanation: Explanation, field?: string): string {
  const { snapshot, unread } = explanation
  const ofSnapshot = snapshotText(snapshot, explanation)
  return [
    explanationText(explanation, field),
    ...(ofSnapshot === '' ? [] : ['', ofSnapshot]),
    ...(unread.length > 0 ? [unreadText(unread)] : []),
  ].join('\n')
}

const unreadText = (unread: readonly string[]) =>
  `The last crawl did not read what the mapping asks for now, and it counts as blank: ${unread.join(', ')}. Sync to read it.`
