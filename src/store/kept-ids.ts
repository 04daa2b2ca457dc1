// The ids under which rows were first published, and records as they were last published: what `create_only` keeps.
import { quoteName } from './schema.ts'
import { currentSnapshot } from './snapshots.ts'
import type { Sql } from './sql.ts'

export const KEPT_IDS_STEP: readonly string[] = [
  // `key` has no type, so that the text 7 and the number 7 are two keys.
  `create table kept_ids (
     rule text not null, key not null, sourcedId text not null, generation integer not null,
     primary key (rule, key)) without rowid`,
]

/** For who has an id today. */
export const KEPT_IDS_INDEX_STEP: readonly string[] = [`create index kept_ids_by_id on kept_ids(sourcedId)`]

export interface KeptIds {
  /**
   * The sourcedId that the row was first published under; undefined while it is only prepared, and when another row of the
   * collection has been published under it since: then that one has it.
   */
  idOf(rule: string, key: string | number): string | undefined
  /** Keeps the id of a row that the prepared `generation` holds. A row that has a published one keeps that. */
  keep(rule: string, key: string | number, sourcedId: string, generation: number): void
}

/** `generation`: the last one that is published, 0 before the first. */
export function openKeptIds(sql: Sql, generation: number): KeptIds {
  const idOf: KeptIds['idOf'] = (rule, key) =>
    sql.all<{ sourcedId: string }>(
      `select sourcedId from kept_ids k where rule = ? and key = ? and generation <= ? and not exists (
         select 1 from kept_ids o where o.sourcedId = k.sourcedId and o.generation > k.generation and o.generation <= ?
           and substr(o.rule, 1, instr(o.rule, '.')) = substr(k.rule, 1, instr(k.rule, '.')))`,
      rule,
      key,
      generation,
      generation,
    )[0]?.sourcedId
  return {
    idOf,
    keep: (rule, key, sourcedId, pending) => {
      if (idOf(rule, key) !== undefined) return
      sql.run(
        `insert into kept_ids (rule, key, sourcedId, generation) values (?, ?, ?, ?)
         on conflict (rule, key) do update set sourcedId = excluded.sourcedId, generation = excluded.generation`,
        rule,
        key,
        sourcedId,
        pending,
      )
    },
  }
}

/** Forgets the ids of a generation that was prepared and will not be published. */
export function forgetPending(sql: Sql): void {
  sql.run(`delete from kept_ids where generation > ?`, currentSnapshot(sql)?.generation ?? 0)
}

/** The ids of a prepared generation that has turned out to be the published one, record for record. */
export function adoptPending(sql: Sql): void {
  const published = currentSnapshot(sql)?.generation ?? 0
  sql.run(`update kept_ids set generation = ? where generation > ?`, published, published)
}

/** The record of an id as it was last published, a deleted one too; undefined when there is none. */
export type PublishedRecord = (sourcedId: string) => Readonly<Record<string, unknown>> | undefined

interface Texts {
  readonly body: string
  readonly body_v1p2: string | null
}

/** The v1.1 record, with what only v1.2 knows beside it (`pronouns`, a `sex` of `other`). What is prepared only is not seen. */
export function publishedRecord(sql: Sql, collection: string): PublishedRecord {
  const generation = currentSnapshot(sql)?.generation ?? 0
  const newest = `select body, body_v1p2 from ${quoteName(`records_${collection}`)}
    where sourcedId = ? and born <= ? order by born desc limit 1`
  return (sourcedId) => {
    const [version] = sql.all<Texts>(newest, sourcedId, generation)
    if (version === undefined) return undefined
    return { ...(version.body_v1p2 === null ? {} : parsed(version.body_v1p2)), ...parsed(version.body) }
  }
}

/** Bodies are JSON objects without their leading brace. */
function parsed(body: string): Readonly<Record<string, unknown>> {
  return JSON.parse(`{${body}`)
}
