// What a stage of a sync holds in memory, kept while no step of it runs: numbers by the million beside what JSON can say.
import type { Sql } from './sql.ts'

export const STAGE_STATE_STEP: readonly string[] = [
  `create table stage_state (part integer primary key, bytes blob not null)`,
]

/** A platform's values are of 2 MB at most. */
const PART_BYTES = 1 << 20
/** Before the JSON, its length. */
const LENGTH_BYTES = 4

/** Replaces what was kept, all or nothing. `state`: JSON's values, and `Uint8Array` and `Uint32Array` among them. */
export function keepStageState(sql: Sql, state: unknown): void {
  const packed: Uint8Array[] = []
  const json = new TextEncoder().encode(JSON.stringify(withPlaces(state, packed)))
  const length = new Uint8Array(LENGTH_BYTES)
  new DataView(length.buffer).setUint32(0, json.length)
  sql.transaction(() => {
    forgetStageState(sql)
    let part = 0
    for (const bytes of inParts([length, json, ...packed])) {
      sql.run(`insert into stage_state (part, bytes) values (?, ?)`, part, bytes)
      part += 1
    }
  })
}

/** As it was kept; undefined when nothing is, or nothing that this version can read. */
export function readStageState(sql: Sql): unknown {
  const take = partsReader(sql)
  try {
    const length = take(LENGTH_BYTES)
    const json = take(new DataView(length.buffer).getUint32(0))
    return fromPlaces(JSON.parse(new TextDecoder().decode(json)), take)
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) return undefined
    throw error
  }
}

export function forgetStageState(sql: Sql): void {
  sql.run(`delete from stage_state`)
}

/** What stands for packed numbers in the JSON; they follow it in the order in which they stand there. */
type Place = { readonly bytes: number } | { readonly words: number }

function withPlaces(state: unknown, packed: Uint8Array[]): unknown {
  if (state instanceof Uint8Array) {
    packed.push(state)
    return { packed: { bytes: state.length } satisfies Place }
  }
  if (state instanceof Uint32Array) {
    packed.push(new Uint8Array(state.buffer, state.byteOffset, state.byteLength))
    return { packed: { words: state.length } satisfies Place }
  }
  if (Array.isArray(state)) return state.map((item) => withPlaces(item, packed))
  if (typeof state !== 'object' || state === null) return state
  const entries = Object.entries(state).filter(([, value]) => value !== undefined)
  return { named: entries.map(([name, value]) => [name, withPlaces(value, packed)]) }
}

/** What `withPlaces` wrote, and nothing else. */
function fromPlaces(written: unknown, take: (bytes: number) => Uint8Array<ArrayBuffer>): unknown {
  if (Array.isArray(written)) return written.map((item) => fromPlaces(item, take))
  if (typeof written !== 'object' || written === null) return written
  const { packed, named } = written as { packed?: Place; named?: readonly (readonly [string, unknown])[] }
  if (packed !== undefined) {
    return 'bytes' in packed ? take(packed.bytes) : new Uint32Array(take(packed.words * 4).buffer)
  }
  return Object.fromEntries((named ?? []).map(([name, value]) => [name, fromPlaces(value, take)]))
}

/** All bytes in a row, cut anew. */
function* inParts(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  let part = new Uint8Array(PART_BYTES)
  let filled = 0
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; ) {
      const taken = piece.subarray(from, from + PART_BYTES - filled)
      part.set(taken, filled)
      filled += taken.length
      from += taken.length
      if (filled < PART_BYTES) continue
      yield part
      part = new Uint8Array(PART_BYTES)
      filled = 0
    }
  }
  if (filled > 0) yield part.subarray(0, filled)
}

/** Gives the next bytes, as many as are asked for; refuses with a RangeError when there are no more. One part is in memory at a time. */
function partsReader(sql: Sql): (bytes: number) => Uint8Array<ArrayBuffer> {
  let next = 0
  let part = new Uint8Array(0)
  let at = 0
  return (bytes) => {
    const taken = new Uint8Array(bytes)
    for (let filled = 0; filled < bytes; ) {
      if (at === part.length) {
        const [row] = sql.all<{ bytes: Uint8Array<ArrayBuffer> }>(`select bytes from stage_state where part = ?`, next)
        if (row === undefined) throw new RangeError('no more of the kept state')
        part = row.bytes
        next += 1
        at = 0
      }
      const piece = part.subarray(at, at + bytes - filled)
      taken.set(piece, filled)
      filled += piece.length
      at += piece.length
    }
    return taken
  }
}
