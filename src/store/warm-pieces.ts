// Makes the finished pieces of the current generation's lists that are missing, in small steps beside the readers.
import { type Chunk, joinChunks } from '../gzip/chunk.ts'
import { type Deflate, deflatedPart } from '../gzip/deflate.ts'
import type { GzipPart } from '../gzip/stitch.ts'
import { findOrder } from './find-order.ts'
import type { List } from './list-statement.ts'
import { findPieceIds, markPiecesUsed, pieceForm, type Run, runStarts, runsWithin, storePiece } from './pieces.ts'
import { countVersions, type Form, joinedTexts } from './record-texts.ts'
import { currentSnapshot } from './snapshots.ts'
import type { Sql } from './sql.ts'

export interface WarmOptions {
  /** Storage names of tables that may be read. */
  readonly tables: readonly string[]
  /** The current one. Nothing unpublished may be in a piece. */
  readonly generation: number
  readonly forms: readonly Form[]
  readonly deflate: Deflate
  /** Lets readers in between two pieces of work. */
  readonly pause: () => Promise<void>
  /** Ends it between two steps; what has been made is kept. */
  readonly signal: AbortSignal
}

/** Runs that are looked up at a time, and runs that are read and kept at a time. */
const LOOK_UP = 64
const STEP = 4
/** A usual piece has 200 KB of text, and 10 KB deflated. */
const LARGEST_TEXT = 4 << 20
const LARGEST_PIECE = 512 << 10

/** Has every list of all active records in pieces, and marks those that were there already as still used. */
export async function warmPieces(sql: Sql, options: WarmOptions): Promise<void> {
  const { tables, generation, forms, pause, signal } = options
  for (const table of tables) {
    const seqs = await findOrder(sql, allActive(table, generation), pause)
    if (signal.aborted) return
    const runs = runsWithin(runStarts(seqs), 0, seqs.length)
    for (const form of forms) {
      for (let from = 0; from < runs.length; from += LOOK_UP) {
        await pause()
        if (signal.aborted) return
        await warmRuns(sql, { ...options, table, form, seqs, runs: runs.slice(from, from + LOOK_UP) })
      }
    }
  }
}

function allActive(table: string, generation: number): List {
  const where = [{ sql: `r.status = 'active'`, parameters: [] }]
  return { table, generation, where, changedSinceMs: undefined, order: undefined }
}

interface WarmRuns extends WarmOptions {
  readonly table: string
  readonly form: Form
  readonly seqs: Uint32Array
  readonly runs: readonly Run[]
}

async function warmRuns(sql: Sql, options: WarmRuns): Promise<void> {
  const { table, form, seqs, runs, generation, pause, signal } = options
  const found = findPieceIds(sql, pieceForm(table, form), seqs, runs)
  markPiecesUsed(sql, found.values(), generation)
  const missing = runs.filter((_, index) => !found.has(index))
  for (let from = 0; from < missing.length; from += STEP) {
    await pause()
    if (signal.aborted) return
    await makePieces(sql, { ...options, runs: missing.slice(from, from + STEP) })
  }
}

async function makePieces(sql: Sql, options: WarmRuns): Promise<void> {
  const { table, form, seqs, runs, generation } = options
  const made: { readonly run: Uint32Array; readonly piece: GzipPart }[] = []
  for (const { start, rows } of runs) {
    const run = seqs.subarray(start, start + rows)
    // One after the other, so that readers keep the other processors.
    const piece = await pieceOf(sql, run, options)
    if (piece !== undefined) made.push({ run, piece })
  }
  sql.transaction(() => {
    // While this process stood still and lost the lock, another may have published and cleaned up: what is gone, or is about to
    // be, must not be kept here.
    if (currentSnapshot(sql)?.generation !== generation) return
    for (const { run, piece } of made) {
      if (countVersions(sql, { table, generation, seqs: run }) !== run.length) continue
      storePiece(sql, pieceForm(table, form), run, piece, generation)
    }
  })
}

/** Undefined where versions are gone, and of records so large that a piece of them is no longer small: they are deflated on request. */
async function pieceOf(sql: Sql, seqs: Uint32Array, options: WarmRuns): Promise<GzipPart | undefined> {
  const { table, form, generation, deflate } = options
  const versions = { table, generation, seqs }
  if (countVersions(sql, versions) !== seqs.length) return undefined
  const slices: Chunk[] = []
  let bytes = 0
  for (const slice of joinedTexts(sql, versions, form)) {
    slices.push(slice)
    bytes += slice.bytes.length
    if (bytes > LARGEST_TEXT) return undefined
  }
  const piece = await deflatedPart(deflate, joinChunks(slices).bytes, 'small')
  return piece.deflated.length > LARGEST_PIECE ? undefined : piece
}
