// What a sync leaves behind for people: counts by collection and rule, diagnostics by code, durations, and its error.
import { BridgeError } from '../errors.ts'
import type { RunReport } from '../mapping/ports.ts'
import type { ReadinessReport } from '../readiness/report.ts'
import type { Template } from '../store/crawls.ts'
import type { CollectionChanges } from '../store/snapshot-writer.ts'
import type { SyncRecord } from '../store/syncs.ts'
import type { Removal } from './guard.ts'
import type { MappedBy } from './last-mapped.ts'

export interface SyncProgress {
  readonly stage: 'crawl' | 'map' | 'merge' | 'publish'
  readonly done?: number
  readonly total?: number
  readonly unit?: string
  readonly [detail: string]: unknown
}

/** What the crawl asked for, and what came. */
export interface CrawlFacts {
  readonly template: Template
  /** When it began, ISO 8601. */
  readonly startedAt: string
  /** PowerSchool was not asked: the rows of that crawl were mapped anew. */
  readonly isReused: boolean
  /** False when short lists that stayed the same were read without their count (rest), or only what has changed (powerquery). */
  readonly isFull: boolean
  readonly requests: number
  /** Rows that stand in the store after it. */
  readonly rows: number
  /** Those of them that are new or differ, and those that are gone. */
  readonly changedRows: number
}

export interface HeldRemoval extends Removal {
  /** Of the first records that would go; never their names. */
  readonly sourcedIds: readonly string[]
}

export interface Durations {
  readonly crawlMs: number
  readonly mapMs: number
  /** For consumers to finish their run. */
  readonly waitMs: number
  readonly publishMs: number
}

/** What every sync tells, wherever its records come from. */
export interface PublishableReport {
  readonly generation: number | undefined
  readonly publishedAt: string | undefined
  /** False when nothing had changed, the guard holds it, or it waits for the consumers. */
  readonly isPublished: boolean
  /** By collection. */
  readonly counts: Readonly<Record<string, CollectionChanges & { readonly rejected: number }>>
  /** Of the narrowed rosters, by what the guard calls their tables. */
  readonly rosters: Readonly<Record<string, CollectionChanges>>
  /** What the guard holds the sync for. */
  readonly held: readonly HeldRemoval[]
  readonly durations: Durations
}

export interface SyncReport extends PublishableReport {
  readonly schoolYear: string | undefined
  readonly crawl: CrawlFacts
  readonly mapping: MappedBy
  /** What School Data Sync would make of the records. */
  readonly readiness: ReadinessReport
  /** Rows read of each source. */
  readonly sources: Readonly<Record<string, number>>
  readonly rules: RunReport['rules']
  /** What the mapping found, and before it, as `row-type`, what the crawl found; their rule is the source's name. */
  readonly diagnostics: RunReport['diagnostics']
  /** Columns that could not be read as the type the mapping declares. */
  readonly rowTypes: readonly { source: string; path: string; found: string; count: number; keys: readonly string[] }[]
}

/** A sync as the admin API and the command line show it. */
export function presentSync({ id, status, stage, startedMs, finishedMs, progress, report, error }: SyncRecord) {
  // Written by `syncReport` only.
  const { counts, diagnostics, ...more } = (report ?? {}) as Partial<SyncReport>
  return {
    id,
    status,
    stage,
    startedAt: new Date(startedMs).toISOString(),
    finishedAt: finishedMs === undefined ? undefined : new Date(finishedMs).toISOString(),
    progress,
    counts,
    diagnostics,
    error,
    report: report === undefined ? undefined : more,
  }
}

/** An error as the admin API and the log tell it: no internals, no personal data. */
export function errorReport(error: unknown): { code: string; message: string; remedy?: string } {
  if (error instanceof BridgeError) {
    return { code: error.code, message: error.message, ...(error.remedy === undefined ? {} : { remedy: error.remedy }) }
  }
  return {
    code: 'internal',
    message: 'An internal error ended the sync.',
    remedy: 'Report it with the log around this time.',
  }
}
