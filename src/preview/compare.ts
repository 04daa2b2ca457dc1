// Compares mapped records with the published ones, version by version, and writes nothing.
import { ALIVE, type CollectionStorage, quoteName } from '../store/schema.ts'
import type { CollectionChanges, StoredRecord } from '../store/snapshot-writer.ts'
import type { Sql } from '../store/sql.ts'

export interface Texts {
  readonly body: string
  readonly bodyV1p2: string | null
}

export interface CompareOptions {
  readonly collections: readonly CollectionStorage[]
  /** Told of each record whose content differs. */
  readonly onChange: (collection: string, sourcedId: string, before: Texts, after: Texts) => void
  readonly samples: number
}

export interface Comparison {
  see(collection: string, record: StoredRecord): void
  /** After the last record: what was not seen would vanish. */
  finish(): void
  changes(): ReadonlyMap<string, CollectionChanges>
  samplesOf(collection: string): { readonly appear: readonly string[]; readonly vanish: readonly string[] }
}

interface State {
  readonly changes: CollectionChanges
  /** One bit for each published version that was mapped again. */
  readonly seen: Uint8Array
  readonly select: string
  readonly selectTexts: string
  readonly selectActive: string
  readonly appear: string[]
  readonly vanish: string[]
}

const BATCH = 5_000

/** What is prepared and not published is not looked at. */
export function compareWithSnapshot(sql: Sql, { collections, onChange, samples }: CompareOptions): Comparison {
  const states = new Map(collections.map(({ name }) => [name, openState(sql, name)]))
  const keep = (kept: string[], sourcedId: string) => {
    if (kept.length < samples) kept.push(sourcedId)
  }
  return {
    see(collection, { sourcedId, body, bodyV1p2 }) {
      const state = states.get(collection)
      if (state === undefined) return
      const { changes, seen } = state
      changes.active += 1
      const [found] = sql.all<{ seq: number; same: number }>(state.select, body, bodyV1p2, sourcedId)
      if (found === undefined) {
        changes.added += 1
        keep(state.appear, sourcedId)
        return
      }
      seen[found.seq >> 3] = (seen[found.seq >> 3] ?? 0) | (1 << (found.seq & 7))
      if (found.same === 1) return
      changes.changed += 1
      const [before] = sql.all<{ body: string; body_v1p2: string | null }>(state.selectTexts, found.seq)
      if (before) onChange(collection, sourcedId, { body: before.body, bodyV1p2: before.body_v1p2 }, { body, bodyV1p2 })
    },
    finish() {
      for (const { changes, seen, selectActive, vanish } of states.values()) {
        let after = ''
        for (;;) {
          const batch = sql.all<{ seq: number; sourcedId: string }>(selectActive, after, BATCH)
          const last = batch.at(-1)
          if (last === undefined) break
          after = last.sourcedId
          for (const { seq, sourcedId } of batch) {
            if (((seen[seq >> 3] ?? 0) & (1 << (seq & 7))) !== 0) continue
            changes.removed += 1
            keep(vanish, sourcedId)
          }
        }
      }
    },
    changes: () => new Map([...states].map(([name, { changes }]) => [name, { ...changes }])),
    samplesOf(collection) {
      const { appear = [], vanish = [] } = states.get(collection) ?? {}
      return { appear: [...appear], vanish: [...vanish] }
    },
  }
}

function openState(sql: Sql, collection: string): State {
  const records = quoteName(`records_${collection}`)
  const [newest] = sql.all<{ seq: number | null }>(`select max(seq) as seq from ${records}`)
  const [published] = sql.all<{ number: number | null }>(`select max(number) as number from generations`)
  // A pending version is alive from a generation on that nobody reads; what it replaces is still the published one.
  const generation = published?.number ?? 0
  const isShown = `born <= ${generation} and (died = ${ALIVE} or died > ${generation}) and status = 'active'`
  return {
    changes: { active: 0, added: 0, changed: 0, removed: 0 },
    seen: new Uint8Array(((newest?.seq ?? 0) >> 3) + 1),
    select: `select seq, body = ? and body_v1p2 is ? as same from ${records} where sourcedId = ? and ${isShown}`,
    selectTexts: `select body, body_v1p2 from ${records} where seq = ?`,
    selectActive: `select seq, sourcedId from ${records} where sourcedId > ? and ${isShown} order by sourcedId limit ?`,
    appear: [],
    vanish: [],
  }
}
