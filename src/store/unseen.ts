// What a sync did not map again: it gets a last version with status tobedeleted.
import { ALIVE, type CollectionStorage, quoteName } from './schema.ts'
import type { CollectionChanges } from './snapshot-writer.ts'
import type { Sql } from './sql.ts'

/** Records that are looked at in a step, and records that are given a tombstone in one. */
const REMOVAL_BATCH = 2_000
const TOMBSTONES = 50

interface Removing {
  readonly storage: CollectionStorage
  /** One bit for each version that is alive and was mapped again. */
  readonly seen: Uint8Array
  readonly changes: CollectionChanges
  /** The last sourcedId that was looked at; null when there are no more. */
  clearedTo: string | null
}

/** Whether the version was mapped again. */
export function isSeen(seen: Uint8Array, seq: number): boolean {
  return ((seen[seq >> 3] ?? 0) & (1 << (seq & 7))) !== 0
}

/** Each step is a short transaction, and comes further: `clearedTo` tells how far. */
export function* removeUnseenOf(sql: Sql, state: Removing, tombstoneOf: (body: string) => string): Generator<void> {
  const { storage, seen, changes } = state
  const records = quoteName(`records_${storage.name}`)
  const columns = storage.columns.map(({ name }) => `, ${quoteName(name)}`).join('')
  // The links of the last version stay with the tombstone, so that nested reads still tell of it.
  const insert = `
    insert into ${quoteName(`changed_${storage.name}`)} (replaces, links, sourcedId, status, body, body_v1p2${columns})
    select seq, (select json_group_array(json_array(l.field, l.target)) from ${quoteName(`links_${storage.name}`)} l where l.seq = r.seq),
           sourcedId, 'tobedeleted', ?, ?${columns} from ${records} r where seq = ?`
  while (state.clearedTo !== null) {
    const batch = sql.all<{ seq: number; sourcedId: string }>(
      `select seq, sourcedId from ${records}
       where sourcedId > ? and died = ${ALIVE} and status = 'active' order by sourcedId limit ?`,
      state.clearedTo,
      REMOVAL_BATCH,
    )
    const gone = batch.filter(({ seq }) => !isSeen(seen, seq))
    for (let from = 0; from < gone.length; from += TOMBSTONES) {
      const part = gone.slice(from, from + TOMBSTONES)
      bury(part)
      changes.removed += part.length
      changes.active -= part.length
      state.clearedTo = part.at(-1)?.sourcedId ?? state.clearedTo
      yield
    }
    state.clearedTo = batch.at(-1)?.sourcedId ?? null
    yield
  }

  function bury(gone: readonly { readonly seq: number }[]): void {
    sql.transaction(() => {
      for (const { seq } of gone) {
        const [version] = sql.all<{ body: string; body_v1p2: string | null }>(
          `select body, body_v1p2 from ${records} where seq = ?`,
          seq,
        )
        if (version === undefined) continue
        const { body, body_v1p2 } = version
        sql.run(insert, tombstoneOf(body), body_v1p2 === null ? null : tombstoneOf(body_v1p2), seq)
      }
    })
  }
}

/** The sourcedIds of the versions that are alive and wanted. */
export function* aliveIds(sql: Sql, name: string, isWanted: (seq: number) => boolean): Generator<string> {
  for (let after = ''; ; ) {
    const batch = sql.all<{ seq: number; sourcedId: string }>(
      `select seq, sourcedId from ${quoteName(`records_${name}`)} where sourcedId > ? and died = ${ALIVE} order by sourcedId limit ?`,
      after,
      REMOVAL_BATCH,
    )
    const last = batch.at(-1)
    if (last === undefined) return
    after = last.sourcedId
    for (const { seq, sourcedId } of batch) if (isWanted(seq)) yield sourcedId
  }
}
