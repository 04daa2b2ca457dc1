// Makes the report of a district's sync.
import type { RunDiagnostic, RunReport } from '../mapping/ports.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import type { ReadinessReport } from '../readiness/report.ts'
import { crawlProblems } from '../store/crawl-progress.ts'
import type { Crawl } from '../store/crawls.ts'
import { pendingGeneration } from '../store/pending.ts'
import { removedIds } from '../store/removed-records.ts'
import type { CollectionChanges } from '../store/snapshot-writer.ts'
import type { Snapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import type { Removal } from './guard.ts'
import type { MappedBy } from './last-mapped.ts'
import { nameForPeople, type TableChanges } from './narrow-stage.ts'
import type { CrawlFacts, Durations, HeldRemoval, SyncReport } from './report.ts'
import { stagedRows } from './staged.ts'

export interface ReportInput {
  readonly sql: Sql
  readonly crawl: Crawl
  readonly crawled: CrawlFacts
  readonly mapping: Mapping
  readonly mapped: MappedBy
  readonly run: RunReport
  readonly readiness: ReadinessReport
  readonly changes: ReadonlyMap<string, CollectionChanges>
  readonly narrowed: readonly TableChanges[]
  readonly held: readonly Removal[]
  readonly snapshot: Snapshot | undefined
  readonly durations: Durations
}

/** Codes of rows that are out because they are bad, not because they are out of scope. */
const REJECTING: ReadonlySet<string> = new Set(['lookup-missing', 'required-blank', 'id-repeated', 'code-unknown'])

/** Before a held generation is taken back, for it tells what would go. */
export function syncReport(input: ReportInput): SyncReport {
  const { sql, crawl, crawled, mapping, mapped, run, readiness, changes, narrowed, snapshot, durations } = input
  const rows = stagedRows(sql, crawl)
  const rowTypes = crawlProblems(sql, crawl)
  const startYear = crawl.settings.start_year
  return {
    generation: snapshot?.generation,
    publishedAt: snapshot?.time,
    isPublished: false,
    schoolYear: typeof startYear === 'number' ? String(startYear + 1) : undefined,
    counts: Object.fromEntries(
      [...changes].map(([name, counts]) => [name, { ...counts, rejected: rejectedOf(run, name) }]),
    ),
    rosters: Object.fromEntries(narrowed.map((table) => [nameForPeople(table), table.changes])),
    held: heldWithIds(input),
    crawl: crawled,
    mapping: mapped,
    readiness,
    sources: Object.fromEntries(mapping.sources.map(({ name }) => [name, rows.count(name)])),
    rules: run.rules,
    diagnostics: [...rowTypes.map(rowTypeDiagnostic), ...run.diagnostics],
    rowTypes,
    durations,
  }
}

const KEPT_IDS = 20

function heldWithIds({ sql, held, narrowed }: ReportInput): HeldRemoval[] {
  const generation = pendingGeneration(sql)?.generation
  return held.map((removal) => {
    const table = narrowed.find((roster) => nameForPeople(roster) === removal.collection)?.table ?? removal.collection
    return {
      ...removal,
      sourcedIds: generation === undefined ? [] : removedIds(sql, table, generation, KEPT_IDS),
    }
  })
}

function rowTypeDiagnostic({ source, path, count, keys }: SyncReport['rowTypes'][number]): RunDiagnostic {
  return { code: 'row-type', rule: source, field: path, count, keys }
}

function rejectedOf(run: RunReport, collection: string): number {
  return Object.entries(run.rules)
    .filter(([rule]) => rule.startsWith(`${collection}.`))
    .flatMap(([, { leftOut }]) => Object.entries(leftOut))
    .reduce((sum, [code, count]) => sum + (REJECTING.has(code) ? count : 0), 0)
}
