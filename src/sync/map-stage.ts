// The second stage of a sync: staged rows through the mapping into the next, still unseen generation.
import { BridgeError } from '../errors.ts'
import { fieldOrigins } from '../mapping/explain/origins.ts'
import type { MappedRecord, RunReport } from '../mapping/ports.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import { withOrigins } from '../readiness/origins.ts'
import { openReadiness } from '../readiness/readiness.ts'
import type { ReadinessReport } from '../readiness/report.ts'
import { type Crawl, readMirror } from '../store/crawls.ts'
import { openKeptIds } from '../store/kept-ids.ts'
import { inPending, stepsInPending } from '../store/pending.ts'
import type { SnapshotWriter, StoredRecord } from '../store/snapshot-writer.ts'
import type { Sql } from '../store/sql.ts'
import { blankColumns } from './blank-columns.ts'
import { publishedRecords } from './published-records.ts'
import { stagedRows } from './staged.ts'

export interface MapStageOptions {
  readonly sql: Sql
  /** Whose generation it is. */
  readonly sync: string
  readonly mapping: Mapping
  readonly crawl: Crawl
  readonly today: string
  readonly writer: SnapshotWriter
  readonly present: (record: MappedRecord) => StoredRecord
  /** Lets readers in between two pieces of work. */
  readonly pause: () => Promise<void>
  readonly signal: AbortSignal
  readonly onProgress: (recordsDone: number) => void
}

/** Records that are compared in a step. */
const COMPARED = 100

export interface Prepared {
  readonly run: RunReport
  readonly readiness: ReadinessReport
}

/** Maps, compares and places everything; nothing of it is seen until it is published. */
export async function prepareSnapshot(options: MapStageOptions): Promise<Prepared> {
  const { sql, sync, mapping, crawl, today, writer, present, pause, signal, onProgress } = options
  const published = publishedRecords(sql)
  const rows = stagedRows(sql, crawl)
  const run = mapping.startRun({ rows, settings: crawl.settings, today, published })
  const keptIds = openKeptIds(sql, writer.generation - 1)
  const readiness = openReadiness()
  let done = 0
  for (const batch of run.records()) {
    await step()
    for (const [collection, records] of byCollection(batch)) {
      for (let from = 0; from < records.length; from += COMPARED) {
        const part = records.slice(from, from + COMPARED)
        for (const record of part) readiness.see(record)
        const compared = part.map(present)
        inPending(sql, sync, () => {
          writer.write(collection, compared)
          for (const { rule, rowKey, sourcedId } of part) {
            if (rowKey !== undefined) keptIds.keep(rule, rowKey, sourcedId, writer.generation)
          }
        })
        await step()
      }
    }
    done += batch.length
    onProgress(done)
  }
  for (const _ of stepsInPending(sql, sync, writer.removeUnseen())) await step()
  for (const _ of stepsInPending(sql, sync, writer.place())) await step()
  const { rules, diagnostics } = run.report()
  const { count } = rows
  const blank = await inSteps(blankColumns({ sql, mapping, template: readMirror(sql)?.template ?? 'rest', count }))
  const report = await inSteps(readiness.reportInSteps())
  return {
    run: { rules, diagnostics: [...blank, ...diagnostics] },
    readiness: withOrigins(report, fieldOrigins(mapping.checked)),
  }

  async function inSteps<T>(steps: Generator<void, T>): Promise<T> {
    for (;;) {
      const { done, value } = steps.next()
      if (done === true) return value
      await step()
    }
  }

  async function step(): Promise<void> {
    await pause()
    if (signal.aborted) throw new BridgeError('sync-stopped', 'The sync was stopped while it was mapping.')
  }
}

function byCollection(batch: readonly MappedRecord[]): Map<string, MappedRecord[]> {
  const groups = new Map<string, MappedRecord[]>()
  for (const record of batch) {
    const group = groups.get(record.collection)
    if (group === undefined) groups.set(record.collection, [record])
    else group.push(record)
  }
  return groups
}
