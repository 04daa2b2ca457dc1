// A page of a list as one gzip member: finished pieces where there are any, and what lies between them deflated now.
import { type Deflate, deflatedParts } from '../gzip/deflate.ts'
import { type GzipPart, stitchGzip, storedPart } from '../gzip/stitch.ts'
import { findPieces, pieceForm, type Run, runsWithin } from './pieces.ts'
import { type Form, joinedTexts, type Versions } from './record-texts.ts'
import type { Sql } from './sql.ts'

export interface GzipPage {
  readonly body: Uint8Array<ArrayBuffer>
  readonly count: number
}

export interface GzipPageOptions {
  /** The page's. */
  readonly versions: Versions
  readonly form: Form
  /** Finished runs of the page, see `finishedRuns`. */
  readonly finished: readonly FinishedRun[]
  /** What stands before and after the records. */
  readonly around: { readonly head: string; readonly tail: string }
  readonly deflate: Deflate
}

export interface FinishedRun extends Run {
  readonly piece: GzipPart
}

const COMMA = storedPart(Uint8Array.of(0x2c))

/** The pieces that lie wholly between two places of a list, with their runs counted from the first place. */
export function finishedRuns(
  sql: Sql,
  {
    table,
    seqs,
    starts,
    from,
    to,
  }: { table: string; seqs: Uint32Array; starts: Uint32Array; from: number; to: number },
  form: Form,
): FinishedRun[] {
  const runs = runsWithin(starts, from, to)
  const pieces = findPieces(sql, pieceForm(table, form), seqs, runs)
  return runs.flatMap(({ start, rows }, index) => {
    const piece = pieces.get(index)
    return piece === undefined ? [] : [{ start: start - from, rows, piece }]
  })
}

/** All is read before the first wait, so that what is answered is of one moment. */
export function gzipPage(sql: Sql, options: GzipPageOptions): Promise<GzipPage> {
  const { versions, form, finished, around, deflate } = options
  const encoder = new TextEncoder()
  const parts: (GzipPart | Promise<GzipPart[]>)[] = [storedPart(encoder.encode(around.head))]
  let place = 0
  let count = 0

  const add = (part: GzipPart | Promise<GzipPart[]>, records: number) => {
    if (count > 0) parts.push(COMMA)
    parts.push(part)
    count += records
  }
  const addUnfinished = (end: number) => {
    const gap = joinedTexts(sql, { ...versions, seqs: versions.seqs.subarray(place, end) }, form)
    if (gap.count > 0) add(deflatedParts(deflate, gap.json, 'fast'), gap.count)
  }
  for (const { start, rows, piece } of finished) {
    if (start > place) addUnfinished(start)
    add(piece, rows)
    place = start + rows
  }
  if (place < versions.seqs.length) addUnfinished(versions.seqs.length)
  parts.push(storedPart(encoder.encode(around.tail)))
  return Promise.all(parts).then((ready) => ({ body: stitchGzip(ready.flat()), count }))
}
