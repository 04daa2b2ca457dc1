// What every way of making the next generation has in common: what it is given, what it gives, and what surrounds it.
import { type Crawl, markCrawlMapped } from '../store/crawls.ts'
import { adoptPending, forgetPending } from '../store/kept-ids.ts'
import { inPending, stepsInPending } from '../store/pending.ts'
import { rosterStorages } from '../store/rosters.ts'
import type { CollectionStorage } from '../store/schema.ts'
import type { CollectionChanges } from '../store/snapshot-writer.ts'
import { expireTombstones, rollbackPending, type Snapshot } from '../store/snapshots.ts'
import { forgetStageState } from '../store/stage-state.ts'
import type { PublishContext, ShowProgress } from './context.ts'
import type { Removal } from './guard.ts'
import { keepMapped, type MappedBy } from './last-mapped.ts'
import type { TableChanges } from './narrow-stage.ts'
import type { Durations, PublishableReport } from './report.ts'
import type { CurrentStep } from './step-schedule.ts'

export interface PrepareWork {
  /** The sync's. */
  readonly id: string
  /** When the first step of the sync began (ms since 1970). */
  readonly startedMs: number
  /** Ends the work with `sync-stopped`. */
  readonly signal: AbortSignal
  /** Ends what can be gone on with, with `sync-stopped` too. */
  readonly step?: CurrentStep | undefined
  readonly showProgress: ShowProgress
}

export interface PreparedGeneration {
  readonly generation: number
  /** Whose rows were mapped, where they are a crawl's. */
  readonly crawl: Crawl | undefined
  readonly mapped: MappedBy | undefined
  /** By collection. */
  readonly changes: ReadonlyMap<string, CollectionChanges>
  readonly narrowed: readonly TableChanges[]
  /** What the guard holds it for, where the maker knows better than by `changes` and `narrowed`; of a first one, beside `nobody`. */
  readonly held?: readonly Removal[]
  /** When everything had been read (ms since 1970). */
  readonly readMs: number
  /** To be called while the generation is pending. */
  readonly report: (facts: ReportFacts) => PublishableReport
}

export interface ReportFacts {
  readonly held: readonly Removal[]
  /** The published one. */
  readonly snapshot: Snapshot | undefined
  readonly durations: Durations
}

/** The main tables and those of every narrowed roster. */
export function allTables({ sql, collections }: PublishContext): readonly CollectionStorage[] {
  return [...collections, ...rosterStorages(sql, collections)]
}

/** A prepared generation that is not published is taken back, piece by piece. */
export async function rollBack(context: PublishContext): Promise<void> {
  forgetPending(context.sql)
  forgetStageState(context.sql)
  for (const _ of rollbackPending(context.sql, allTables(context))) await context.pause()
}

/** Takes out of the prepared generation the tombstones whose time has come. */
export async function expire(
  context: PublishContext,
  { id, generation }: { readonly id: string; readonly generation: number },
): Promise<void> {
  const { sql, now, lifetimes, pause } = context
  const before = now() - lifetimes.tombstoneLifetimeMs
  const steps = expireTombstones(sql, allTables(context), { generation, before })
  for (const _ of stepsInPending(sql, id, steps)) await pause()
}

interface Unpublished {
  readonly id: string
  readonly made: PreparedGeneration
  readonly isHeld: boolean
}

/** A generation that will not be published now: its rows were mapped all the same, and what is published may be just this. */
export function adopt({ sql, now, alsoKeep }: PublishContext, { id, made, isHeld }: Unpublished): void {
  inPending(sql, id, () => {
    if (made.crawl !== undefined) markCrawlMapped(sql, made.crawl.id, now())
    if (isHeld) return
    // What is published is what this mapping makes, too.
    adoptPending(sql)
    alsoKeep?.()
    if (made.mapped !== undefined) keepMapped(sql, made.mapped)
  })
}
