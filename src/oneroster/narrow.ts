// The records of a narrowed roster, closed in itself: every link in them leads to another of them.
import type { Sql, SqlValue } from '../store/sql.ts'
import { COLLECTIONS, type Collection, isStored } from './model.ts'
import { type Narrowing, selectRoster } from './narrow-selection.ts'
import { STORAGE } from './storage.ts'
import { type Belongs, createTrimmer, type StoredRecord, type Trim } from './trim.ts'

export interface NarrowedBatch {
  readonly collection: string
  readonly records: readonly StoredRecord[]
}

const BATCH = 100
const NONE = new Uint32Array(0)

/**
 * What belongs to the roster in a generation of the main tables, collection by collection, in the order in which it lies
 * there. Collections that a narrowing leaves whole do not come. Each step is short; some bring nothing.
 */
export function* narrowRoster(
  sql: Sql,
  narrowing: Narrowing,
  generation: number,
): Generator<NarrowedBatch | undefined> {
  const finding = selectRoster(sql, narrowing, generation)
  let step = finding.next()
  for (; !step.done; step = finding.next()) yield undefined
  const { ids, seqs } = step.value
  // What is in no set is of a collection that belongs whole, or that nothing is kept of.
  const belongs: Belongs = (entity, sourcedId) => !isStored(entity) || (ids.get(entity)?.has(sourcedId) ?? true)
  for (const collection of COLLECTIONS) {
    const trim = createTrimmer(collection, belongs)
    const versions = seqs.get(collection) ?? NONE
    for (let start = 0; start < versions.length; start += BATCH) {
      yield { collection, records: recordsOf(sql, collection, versions.slice(start, start + BATCH), trim) }
    }
  }
}

function recordsOf(sql: Sql, collection: Collection, seqs: Uint32Array, trim: Trim): StoredRecord[] {
  const columns = STORAGE.find(({ name }) => name === collection)?.columns ?? []
  const rows = sql.all<Row>(
    `select r.sourcedId, r.body, r.body_v1p2 as bodyV1p2,
       (select json_group_array(json_array(l.field, l.target)) from links_${collection} l where l.seq = r.seq) as links
       ${columns.map(({ name }, place) => `, r."${name}" as c${place}`).join('')}
     from json_each(?) version cross join records_${collection} r on r.seq = version.value order by version.key`,
    `[${seqs.join()}]`,
  )
  return rows.flatMap((row) => {
    const { sourcedId, body, bodyV1p2 } = row
    // Written by the statement above.
    const links = row.links === '[]' ? [] : (JSON.parse(row.links) as [string, string][])
    const record = trim({
      sourcedId,
      body,
      bodyV1p2,
      columns: columns.map((_, place) => row[`c${place}`] ?? null),
      links: links.map(([field, target]) => ({ field, target })),
    })
    return record === undefined ? [] : [record]
  })
}

interface Row {
  readonly sourcedId: string
  readonly body: string
  readonly bodyV1p2: string | null
  /** A JSON list of pairs: field, target. */
  readonly links: string
  /** The columns, in the order of STORAGE. */
  readonly [column: `c${number}`]: SqlValue
}
