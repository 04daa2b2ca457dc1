// The second stage of a sync: staged rows through the mapping into the next, still unseen generation.
import { BridgeError } from '../errors.ts'
import type { Mapping } from '../mapping/compile.ts'
import type { MappedRecord, RunReport } from '../mapping/ports.ts'
import type { Crawl } from '../store/crawls.ts'
import { inPending, stepsInPending } from '../store/pending.ts'
import type { SnapshotWriter, StoredRecord } from '../store/snapshot-writer.ts'
import type { Sql } from '../store/sql.ts'
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

/** Maps, compares and places everything; nothing of it is seen until it is published. */
export async function prepareSnapshot(options: MapStageOptions): Promise<RunReport> {
  const { sql, sync, mapping, crawl, today, writer, present, pause, signal, onProgress } = options
  const run = mapping.startRun({ rows: stagedRows(sql, crawl), settings: crawl.settings, today })
  let done = 0
  for (const batch of run.records()) {
    await step()
    for (const [collection, records] of byCollection(batch)) {
      for (let from = 0; from < records.length; from += COMPARED) {
        const compared = records.slice(from, from + COMPARED).map(present)
        inPending(sql, sync, () => writer.write(collection, compared))
        await step()
      }
    }
    done += batch.length
    onProgress(done)
  }
  for (const _ of stepsInPending(sql, sync, writer.removeUnseen())) await step()
  for (const _ of stepsInPending(sql, sync, writer.place())) await step()
  return run.report()

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
