// How far a sync has come in mapping, kept between two of its steps; and whether the next one may go on from there.
import { shortDigest } from '../digest.ts'
import type { RunReport, RunState } from '../mapping/ports.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import type { ReadinessState } from '../readiness/readiness.ts'
import type { ReadinessReport } from '../readiness/report.ts'
import type { Crawl } from '../store/crawls.ts'
import { pendingGeneration } from '../store/pending.ts'
import type { CollectionStorage } from '../store/schema.ts'
import type { WriterState } from '../store/snapshot-writer.ts'
import type { Sql } from '../store/sql.ts'
import { keepStageState, readStageState } from '../store/stage-state.ts'
import { VERSION } from '../version.ts'
import type { MappedBy } from './last-mapped.ts'
import type { TableChanges } from './narrow-stage.ts'

/** What was found in the rows, once all are mapped. */
export interface Found {
  readonly run: RunReport
  readonly readiness: ReadinessReport
}

/** By stage, in the order in which they follow each other. */
export type MapProgress =
  | {
      readonly stage: 'rows'
      readonly run: RunState
      readonly readiness: ReadinessState
      readonly writer: WriterState
      /** Records so far. */
      readonly done: number
    }
  | { readonly stage: 'removals' | 'placing'; readonly found: Found; readonly writer: WriterState }
  | {
      readonly stage: 'rosters'
      readonly found: Found
      readonly writer: WriterState
      /** Of the rosters that are done. */
      readonly narrowed: readonly TableChanges[]
    }

export interface MapWork {
  readonly sql: Sql
  /** The sync's id. */
  readonly id: string
  readonly crawl: Crawl
  readonly mapping: Mapping
  readonly collections: readonly CollectionStorage[]
}

interface Kept {
  /** Of the bridge: another one may keep, or mean, something else by it. */
  readonly version: string
  readonly sync: string
  readonly crawl: number
  readonly idPrefix: string
  readonly tables: string
  readonly mapped: MappedBy
  /** When everything had been read (ms since 1970). */
  readonly readMs: number
  readonly progress: MapProgress
}

export function keepProgress(work: MapWork, kept: Pick<Kept, 'mapped' | 'readMs' | 'progress'>): void {
  keepStageState(work.sql, { ...identityOf(work), ...kept })
}

/**
 * What an earlier step of this sync kept of this crawl's mapping; undefined when there is nothing, or when it is of another
 * mapping or version of the bridge, or no longer what is pending. Whoever goes on must map by the same `mapped`.
 */
export function keptProgress(work: MapWork): Pick<Kept, 'mapped' | 'readMs' | 'progress'> | undefined {
  const pending = pendingGeneration(work.sql)
  if (pending?.sync !== work.id) return undefined
  // Written by `keepProgress` only.
  const kept = readStageState(work.sql) as Kept | undefined
  const isOwn = Object.entries(identityOf(work)).every(([name, value]) => kept?.[name as keyof Identity] === value)
  return isOwn && kept?.progress.writer.generation === pending.generation ? kept : undefined
}

type Identity = Omit<Kept, 'mapped' | 'readMs' | 'progress'>

function identityOf({ id, crawl, mapping, collections }: MapWork): Identity {
  const { idPrefix = '' } = mapping.checked
  return { version: VERSION, sync: id, crawl: crawl.id, idPrefix, tables: shortDigest(JSON.stringify(collections)) }
}
