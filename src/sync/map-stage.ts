// The second stage of a sync: staged rows through the mapping into the next, still unseen generation.
import { fieldOrigins } from '../mapping/explain/origins.ts'
import type { MappedRecord, MappingRun } from '../mapping/ports.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import { withOrigins } from '../readiness/origins.ts'
import { openReadiness, type Readiness } from '../readiness/readiness.ts'
import { type Crawl, readMirror } from '../store/crawls.ts'
import { openKeptIds } from '../store/kept-ids.ts'
import { inPending, stepsInPending } from '../store/pending.ts'
import type { SnapshotWriter, StoredRecord } from '../store/snapshot-writer.ts'
import type { Sql } from '../store/sql.ts'
import { blankColumns } from './blank-columns.ts'
import type { Found, MapProgress } from './map-progress.ts'
import type { Pace } from './pace.ts'
import { publishedRecords } from './published-records.ts'
import { stagedRows } from './staged.ts'

export interface MapStageOptions {
  readonly sql: Sql
  /** Whose generation it is. */
  readonly sync: string
  readonly mapping: Mapping
  readonly crawl: Crawl
  readonly today: string
  /** As it was when `from` was kept. */
  readonly writer: SnapshotWriter
  /** Where an earlier step of the sync has ended. */
  readonly from: MapProgress | undefined
  readonly present: (record: MappedRecord) => StoredRecord
  readonly pace: Pace<MapProgress>
  readonly onProgress: (recordsDone: number) => void
}

/** Records that are compared in a step. */
const COMPARED = 100

/** Maps, compares and places everything; nothing of it is seen until it is published. */
export async function prepareSnapshot(options: MapStageOptions): Promise<Found> {
  const { sql, sync, writer, from, pace } = options
  const found = from === undefined || from.stage === 'rows' ? await mapRows(options, from) : from.found
  for (const stage of ['removals', 'placing'] as const) {
    if (isBehind(from, stage)) continue
    const progress = () => ({ stage, found, writer: writer.state() })
    // What is compared must never be compared with what this sync has placed.
    if (stage === 'placing') pace.mark(progress)
    const steps = stage === 'removals' ? writer.removeUnseen() : writer.place()
    for (const _ of stepsInPending(sql, sync, steps)) await pace.rest(progress)
  }
  return found
}

const STAGES: readonly MapProgress['stage'][] = ['rows', 'removals', 'placing', 'rosters']

function isBehind(from: MapProgress | undefined, stage: MapProgress['stage']): boolean {
  return from !== undefined && STAGES.indexOf(from.stage) > STAGES.indexOf(stage)
}

type FromRows = Extract<MapProgress, { readonly stage: 'rows' }>

async function mapRows(options: MapStageOptions, from: FromRows | undefined): Promise<Found> {
  const { sql, mapping, crawl, today, writer, pace, onProgress } = options
  const rows = stagedRows(sql, crawl)
  const published = publishedRecords(sql)
  const run = mapping.startRun({ rows, settings: crawl.settings, today, published }, from?.run)
  const readiness = openReadiness({}, from?.readiness)
  let done = from?.done ?? 0
  const begun = run.place
  const progress = () => ({
    stage: 'rows' as const,
    run: run.state(),
    readiness: readiness.state(),
    writer: writer.state(),
    done,
  })
  for (const batch of run.records({ given: (collection) => writer.writtenIds(collection) })) {
    await pace.rest()
    await writeBatch(options, { batch, readiness })
    done += batch.length
    onProgress(done)
    // A step that has not come further would be the last one's again.
    await pace.rest(run.place === begun ? undefined : progress)
  }
  return report(options, { run, readiness })
}

interface Writing {
  readonly batch: readonly MappedRecord[]
  readonly readiness: Readiness
}

async function writeBatch(options: MapStageOptions, { batch, readiness }: Writing): Promise<void> {
  const { sql, sync, writer, present, pace } = options
  const keptIds = openKeptIds(sql, writer.generation - 1)
  for (const [collection, records] of Map.groupBy(batch, (record) => record.collection)) {
    for (let from = 0; from < records.length; from += COMPARED) {
      if (from > 0) await pace.rest()
      const part = records.slice(from, from + COMPARED)
      for (const record of part) readiness.see(record)
      const compared = part.map(present)
      inPending(sql, sync, () => {
        writer.write(collection, compared)
        for (const { rule, rowKey, sourcedId } of part) {
          if (rowKey !== undefined) keptIds.keep(rule, rowKey, sourcedId, writer.generation)
        }
      })
    }
  }
}

interface Mapped {
  readonly run: MappingRun
  readonly readiness: Readiness
}

async function report(options: MapStageOptions, { run, readiness }: Mapped): Promise<Found> {
  const { sql, mapping, crawl, pace } = options
  const { rules, diagnostics } = run.report()
  const { count } = stagedRows(sql, crawl)
  const template = readMirror(sql)?.template ?? 'rest'
  const blank = await inSteps(blankColumns({ sql, mapping, template, count }), pace)
  const found = await inSteps(readiness.reportInSteps(), pace)
  return {
    run: { rules, diagnostics: [...blank, ...diagnostics] },
    readiness: withOrigins(found, fieldOrigins(mapping.checked)),
  }
}

async function inSteps<T>(steps: Generator<void, T>, pace: Pace<MapProgress>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    await pace.rest()
  }
}
