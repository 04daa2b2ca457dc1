// What a mapping would publish of the rows that are there, compared with the snapshot; nothing is written.
import { BridgeError } from '../errors.ts'
import type { MappedRecord, RunDiagnostic, RunReport } from '../mapping/ports.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import type { CollectionStorage } from '../store/schema.ts'
import type { CollectionChanges, StoredRecord } from '../store/snapshot-writer.ts'
import { activeTotals, currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import { listSyncs } from '../store/syncs.ts'
import { blankColumns } from '../sync/blank-columns.ts'
import { type GuardSettings, heldBeginning, heldRemovals, type Removal } from '../sync/guard.ts'
import { lastMapped } from '../sync/last-mapped.ts'
import { changedCollections } from '../sync/mapped.ts'
import type { StagedInput } from '../sync/staged-input.ts'
import type { Unread } from '../sync/unread.ts'
import { type Comparison, compareWithSnapshot } from './compare.ts'
import { createDifferences, type FieldDifference } from './differences.ts'
import { createMatching, type Identities, type MatchReport } from './matching.ts'

export interface PreviewOptions {
  readonly sql: Sql
  readonly mapping: Mapping
  readonly staged: StagedInput
  readonly collections: readonly CollectionStorage[]
  readonly present: (record: MappedRecord) => StoredRecord
  readonly guard: GuardSettings
  /** Records that are shown of each difference. */
  readonly samples: number
  /** Values as they are; otherwise letters and digits are masked. */
  readonly showsValues: boolean
  /** The accounts of a directory, to be matched with the users. */
  readonly identities?: Identities
}

export interface CollectionPreview extends CollectionChanges {
  /** False where the change of the mapping cannot touch it: what is published stays. */
  readonly isMapped: boolean
  /** The sourcedIds of the first that appear, and of the first that vanish. */
  readonly appear: readonly string[]
  readonly vanish: readonly string[]
}

export interface Preview {
  /** The snapshot that is compared with; undefined before the first. */
  readonly generation: number | undefined
  readonly publishedAt: string | undefined
  /** The day as of which rows are mapped: that of the snapshot. */
  readonly today: string
  /** When the crawl began whose rows these are. */
  readonly crawledAt: string
  /** What the mapping asks of PowerSchool and the rows do not hold: a sync reads it first. */
  readonly unread: Unread
  readonly collections: Readonly<Record<string, CollectionPreview>>
  readonly fields: readonly FieldDifference[]
  /** What the guard would hold a sync for. */
  readonly held: readonly Removal[]
  /** Of the collections that were mapped. */
  readonly rules: RunReport['rules']
  readonly diagnostics: readonly (RunDiagnostic & {
    /** In the report of the last sync that was published; undefined where there is none. */
    readonly before: number | undefined
  })[]
  readonly matches?: MatchReport
}

/** How an administrator's v1.2 role is told depends on the orgs that were presented before: those two go together. */
const TOGETHER = ['orgs', 'users']

/**
 * Maps the collections that the change of the mapping can touch, and no other: what decides a collection's records is known of
 * the snapshot. Call it in one transaction, so that a sync of another process changes nothing under it. Refuses with `rows-unfit`
 * without rows.
 */
export function previewMapping(options: PreviewOptions): Preview {
  const { sql, mapping, staged, collections, present, guard, identities } = options
  const { input, crawl, unread } = staged
  const snapshot = currentSnapshot(sql)
  const touched = new Set(changedCollections(snapshot && lastMapped(sql), mapping, input.settings))
  const mapped = new Set(touched)
  if (identities !== undefined || TOGETHER.some((name) => touched.has(name)))
    for (const name of TOGETHER) mapped.add(name)
  const run = mapping.startRun(input)
  const differences = createDifferences({ ...options, target: mapping.checked.target })
  const matching = identities && createMatching(identities, options)
  const comparison = compareWithSnapshot(sql, {
    collections: collections.filter(({ name }) => mapped.has(name)),
    onChange: differences.see,
    samples: options.samples,
  })
  for (const batch of run.records({ collections: mapped })) {
    for (const record of batch) {
      comparison.see(record.collection, present(record))
      if (record.collection === 'users') matching?.see(record)
    }
  }
  comparison.finish()
  const { rules, diagnostics } = run.report()
  const isMapped = (rule: string) => mapped.has(rule.slice(0, rule.indexOf('.')))
  const changes = comparison.changes()
  const totals = snapshot ? activeTotals(sql, snapshot.generation) : new Map<string, number>()
  return {
    generation: snapshot?.generation,
    publishedAt: snapshot?.time,
    today: input.today,
    crawledAt: new Date(crawl.startedMs).toISOString(),
    unread,
    collections: Object.fromEntries(
      collections.map(({ name }) => [name, collectionPreview(name, comparison, totals.get(name) ?? 0)]),
    ),
    fields: differences.report(),
    held: snapshot ? heldRemovals(changes, guard) : heldBeginning(changes),
    rules: Object.fromEntries(Object.entries(rules).filter(([rule]) => isMapped(rule))),
    diagnostics: withBefore([...blankIn(options), ...diagnostics], lastReport(sql)).filter(
      ({ code, rule }) => code === 'column-blank' || isMapped(rule),
    ),
    ...(matching && { matches: matching.report() }),
  }
}

function collectionPreview(name: string, comparison: Comparison, active: number): CollectionPreview {
  const changes = comparison.changes().get(name)
  if (changes === undefined) {
    return { isMapped: false, active, added: 0, changed: 0, removed: 0, appear: [], vanish: [] }
  }
  return { isMapped: true, ...changes, ...comparison.samplesOf(name) }
}

/** Of the columns that were read. */
function blankIn({ sql, mapping, staged: { template, input, unread } }: PreviewOptions): RunDiagnostic[] {
  const isSame = unread.columns.length + unread.sources.length + unread.readers.length === 0
  if (!isSame) return []
  const steps = blankColumns({ sql, mapping, template, count: input.rows.count })
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** Of the last sync that was published, or found nothing to publish. */
function lastReport(sql: Sql): Pick<RunReport, 'diagnostics'> | undefined {
  const last = listSyncs(sql).find(({ status, report }) => status === 'success' && report !== undefined)
  // Written by `syncReport` only.
  return last?.report as Pick<RunReport, 'diagnostics'> | undefined
}

/** Those that are gone come with a count of none. */
function withBefore(now: readonly RunDiagnostic[], last: Pick<RunReport, 'diagnostics'> | undefined) {
  const nameOf = ({ code, rule, field }: RunDiagnostic) => `${code} ${rule} ${field ?? ''}`
  const before = new Map(last?.diagnostics.map((found) => [nameOf(found), found]))
  const told = now.map((found) => ({ ...found, before: last && (before.get(nameOf(found))?.count ?? 0) }))
  const names = new Set(now.map(nameOf))
  const gone = [...before.values()].filter((found) => found.code !== 'row-type' && !names.has(nameOf(found)))
  return [...told, ...gone.map((found) => ({ ...found, count: 0, keys: [], before: found.count }))]
}

/** Refuses with `rows-unfit` where there is nothing to preview with. */
export function requireStaged(staged: StagedInput | undefined): StagedInput {
  if (staged !== undefined) return staged
  throw new BridgeError(
    'rows-unfit',
    'There are no rows to map: no crawl of PowerSchool is complete, or one is under way.',
    {
      remedy: 'Run a sync first, or wait until it has read PowerSchool.',
    },
  )
}
