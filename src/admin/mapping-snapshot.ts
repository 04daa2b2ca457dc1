// What the current snapshot has of a record that was explained, and where it differs from what the mapping makes now.
import type { ExplainedField, ExplainedRecord, Shown } from '../mapping/explain/explain-data.ts'
import { wholePending } from '../store/pending.ts'
import { versionsOf } from '../store/record-history.ts'
import type { Form } from '../store/records.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'

export interface SnapshotState {
  /** The current one; none before the first sync. */
  readonly generation?: number
  readonly publishedAt?: string
  readonly record: 'active' | 'deleted' | 'never'
  /** The snapshot in which this state of the record began. */
  readonly since?: { readonly generation: number; readonly publishedAt: string }
  /** Whether the snapshot says what the mapping makes of the rows now. */
  readonly agrees: boolean
  /** Fields that are published with another value. */
  readonly differing: readonly { readonly field: string; readonly published: Shown }[]
  /** The sync whose changes wait for a person, or for consumers to end their run. */
  readonly waiting?: string
}

/** With `field` that one alone is compared; else all that the mapping makes, and all that is published. */
export function snapshotState(sql: Sql, explained: ExplainedRecord, form: Form, field?: string): SnapshotState {
  const snapshot = currentSnapshot(sql)
  const pending = wholePending(sql)
  const waiting = pending ? { waiting: pending.sync } : {}
  if (snapshot === undefined) return { record: 'never', agrees: false, differing: [], ...waiting }
  const { generation, time: publishedAt } = snapshot
  const { collection, sourcedId, isMapped, record } = explained
  const [version] = sourcedId === undefined ? [] : versionsOf(sql, collection, sourcedId, form)
  const state =
    version === undefined ? 'never' : version.status === 'active' && version.isCurrent ? 'active' : 'deleted'
  // Written by the presenters: a text is one JSON object.
  const text = version?.isCurrent === true ? version.record : undefined
  const published = text === undefined ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>)
  const compared = record ? [...record.fields, ...unfilled(record.fields, published, field)] : []
  const differing = state === 'active' ? compared.flatMap((one) => differenceOf(one, published)) : []
  return {
    generation,
    publishedAt,
    record: state,
    ...(version && { since: { generation: version.generation, publishedAt: version.publishedAt } }),
    agrees: isMapped === (state === 'active') && differing.length === 0,
    differing,
    ...waiting,
  }
}

type Compared = Pick<ExplainedField, 'name' | 'value'>

/** What the mapping fills no more, for example because a layer took it away: it counts as blank. */
function unfilled(
  fields: readonly ExplainedField[],
  { metadata = {}, ...published }: Readonly<Record<string, unknown>>,
  only: string | undefined,
): Compared[] {
  const made = new Set([...OF_EVERY_RECORD, ...fields.map(({ name }) => name)])
  const names = [...Object.keys(published), ...Object.keys(metadata as object).map((name) => `metadata.${name}`)]
  return names
    .filter((name) => !made.has(name) && (only === undefined || name === only))
    .map((name) => ({ name, value: null }))
}

/** The mapping makes none of these. */
const OF_EVERY_RECORD = ['sourcedId', 'status', 'dateLastModified']

function differenceOf({ name, value }: Compared, published: Readonly<Record<string, unknown>>) {
  const metadata = (published.metadata ?? {}) as Readonly<Record<string, unknown>>
  const found = name.startsWith('metadata.') ? metadata[name.slice('metadata.'.length)] : published[name]
  const [mine, theirs] = [plain(value), plain(found)]
  return JSON.stringify(mine) === JSON.stringify(theirs) ? [] : [{ field: name, published: theirs }]
}

/** Values as OneRoster has them: texts, and references as their sourcedIds. */
function plain(value: unknown): Shown {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(plain)
  if (typeof value !== 'object') return String(value)
  if ('sourcedId' in value) return String(value.sourcedId)
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(pairs.map(([name, part]) => [name, plain(part)]))
}

export function snapshotText(state: SnapshotState, explained: ExplainedRecord): string {
  const waiting = state.waiting === undefined ? [] : [waitingText(state.waiting)]
  const line = explained.sourcedId === undefined ? [] : [snapshotLine(state, explained.isMapped)]
  return [...line, ...state.differing.map(differenceText), ...waiting].join('\n')
}

const differenceText = ({ field, published }: SnapshotState['differing'][number]) =>
  `  ${field} is published as ${published === null ? 'blank' : JSON.stringify(published)}`

const waitingText = (sync: string) =>
  `The changes of the sync ${sync} wait: for a person to release them (the guard), or for consumers to end their run.`

const LATER = 'It was made of earlier rows, or by another mapping; the next sync brings it in step.'

function snapshotLine({ generation, publishedAt, record, since, agrees }: SnapshotState, isMapped: boolean): string {
  if (generation === undefined) return 'Nothing is published yet.'
  const snapshot = `The current snapshot (generation ${generation}, ${publishedAt})`
  const when = since ? `since generation ${since.generation} (${since.publishedAt})` : ''
  if (record === 'active') {
    if (agrees) return `${snapshot} says the same, ${when}.`
    return isMapped ? `${snapshot} differs. ${LATER}` : `${snapshot} still has it, ${when}. ${LATER}`
  }
  const gone =
    record === 'deleted' ? `has it as deleted, ${when}.` : 'has no such record, and none before that is remembered.'
  return `${snapshot} ${gone}${isMapped ? ` ${LATER}` : ''}`
}
