// What a sync has prepared and not published yet, kept so that another step, or a person, can publish it.

import { readMeta, writeMeta } from '../store/meta.ts'
import { pendingGeneration } from '../store/pending.ts'
import type { Sql } from '../store/sql.ts'
import type { MappedBy } from './last-mapped.ts'
import type { PublishableReport } from './report.ts'

export interface PreparedSync {
  /** The sync's id. */
  readonly sync: string
  readonly generation: number
  /** The crawl whose rows were mapped, by its id; none where the records do not come of one. */
  readonly crawl: number | undefined
  readonly mapped: MappedBy | undefined
  /** Active records by table, of those that the sync has prepared. */
  readonly active: readonly (readonly [table: string, active: number])[]
  /** Without what is known when it is published. */
  readonly report: PublishableReport
}

const META = 'prepared'

/** In the transaction of who decides that it waits. */
export function keepPrepared(sql: Sql, prepared: PreparedSync): void {
  writeMeta(sql, META, JSON.stringify(prepared))
}

/** Of this sync, while its generation is prepared and nobody has taken it back. */
export function preparedOf(sql: Sql, sync: string): PreparedSync | undefined {
  const text = readMeta(sql, META)
  // Written by `keepPrepared` only.
  const prepared = text === undefined ? undefined : (JSON.parse(text) as PreparedSync)
  const pending = pendingGeneration(sql)
  const isWhole = prepared?.sync === sync && pending?.sync === sync && pending.generation === prepared.generation
  return isWhole ? prepared : undefined
}

export function forgetPrepared(sql: Sql): void {
  sql.run(`delete from meta where name = ?`, META)
}
