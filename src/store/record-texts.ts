// The texts of record versions, spliced by SQLite itself, with the links of the service that is asked.
import { BridgeError } from '../errors.ts'
import type { Chunk } from '../gzip/chunk.ts'
import { type Fragment, quoteName } from './schema.ts'
import type { Sql, SqlValue } from './sql.ts'

export interface Form {
  readonly version: 'v1p1' | 'v1p2'
  /** Address of the service, no trailing slash: `"href":"\/` becomes `"href":"<root>/`. */
  readonly root: string
}

/** Versions of a table that a generation shows. */
export interface Versions {
  /** Storage name. */
  readonly table: string
  readonly generation: number
  readonly seqs: Uint32Array
}

/** `JSON.stringify` never writes it, so that it stands for a link and for nothing else. */
const STORED_LINK = '"href":"\\/'
/** The least that a record takes for a link. */
const LINK_LEAST = 40

/** Records that a statement joins: 5,000 in slices take no longer than at once, and less memory. */
const SLICE_ROWS = 256
/** What a part of larger records may have; one record is never cut. */
const PART_BYTES = 1 << 20
/** Durable Objects give no larger value. */
const VALUE_BYTES = 2_000_000
/** Records that come each by itself, at a time. */
const SEPARATE_ROWS = 64

const BODY: Readonly<Record<Form['version'], string>> = {
  v1p1: 'r.body',
  v1p2: 'coalesce(r.body_v1p2, r.body)',
}

/** What stands before and after the records of an answer. */
export interface Around {
  readonly head: string
  readonly tail: string
}

const NOTHING_AROUND: Around = { head: '', tail: '' }

/**
 * All of them in the order of the seqs, joined by commas in UTF-8, in slices which are the whole when they are put side by side: `around` and the commas
 * between them are in them. Refuses with `store-failed` when a version is no longer there.
 */
export function* joinedTexts(
  sql: Sql,
  versions: Versions,
  form: Form,
  { head, tail }: Around = NOTHING_AROUND,
): Generator<Chunk, void> {
  const { length } = versions.seqs
  if (length === 0 && head + tail !== '') yield { bytes: new TextEncoder().encode(head + tail), rows: 0 }
  const read = (from: number, to: number, largest: number): Chunk => {
    const around = { head: from === 0 ? head : ',', tail: to === length ? tail : '' }
    return readJoined(sql, { ...versions, seqs: versions.seqs.subarray(from, to) }, { form, around, largest })
  }
  for (let from = 0; from < length; from += SLICE_ROWS) {
    const to = Math.min(from + SLICE_ROWS, length)
    const slice = read(from, to, ordinaryBytes(form))
    if (slice.rows === to - from) {
      yield slice
      continue
    }
    let start = from
    for (const rows of cutBySize(textSizes(sql, { ...versions, seqs: versions.seqs.subarray(from, to) }, form))) {
      const part = read(start, start + rows, Number.MAX_SAFE_INTEGER)
      if (part.rows !== rows) throw recordsGone(versions)
      yield part
      start += rows
    }
  }
}

/** What each record of a slice may have as it is stored, so that the slice is no value too large even if all were nothing but links. */
function ordinaryBytes({ root }: Form): number {
  return Math.floor(VALUE_BYTES / SLICE_ROWS / (1 + root.length / LINK_LEAST))
}

interface Joining {
  readonly form: Form
  readonly around: Around
  /** Of a stored text, in bytes: those that are larger are left out. */
  readonly largest: number
}

function readJoined(sql: Sql, versions: Versions, { form, around, largest }: Joining): Chunk {
  const { from, parameters } = fromVersions(versions)
  const body = BODY[form.version]
  const [row] = sql.all<Chunk>(
    `select cast(? || ifnull(replace(group_concat(g.head || ${body}, ','), ?, ?), '') || ? as blob) as bytes, count(*) as rows
     ${from} where octet_length(${body}) <= ?`,
    around.head,
    ...linksOf(form),
    around.tail,
    ...parameters,
    largest,
  )
  // An aggregate has one row.
  return row ?? { bytes: new Uint8Array(0), rows: 0 }
}

/** What each record takes in an answer, in bytes. Refuses with `store-failed` when one is no longer there. */
function textSizes(sql: Sql, versions: Versions, form: Form): number[] {
  const { from, parameters } = fromVersions(versions)
  const sizes = sql.all<{ bytes: number }>(
    `select octet_length(replace(g.head || ${BODY[form.version]}, ?, ?)) as bytes ${from}`,
    ...linksOf(form),
    ...parameters,
  )
  if (sizes.length !== versions.seqs.length) throw recordsGone(versions)
  return sizes.map(({ bytes }) => bytes)
}

/** How many go into each part, so that none is larger than it may be; one record is never cut. */
function cutBySize(sizes: readonly number[]): number[] {
  const parts: number[] = []
  let rows = 0
  let sum = 0
  for (const bytes of sizes) {
    if (rows > 0 && sum + bytes > PART_BYTES) {
      parts.push(rows)
      rows = 0
      sum = 0
    }
    rows += 1
    // And a comma.
    sum += bytes + 1
  }
  return [...parts, rows]
}

/** As `joinedTexts`, each record by itself, a few at a time. */
export function* textSlices(sql: Sql, versions: Versions, form: Form): Generator<readonly string[], void> {
  for (let from = 0; from < versions.seqs.length; from += SEPARATE_ROWS) {
    const slice = { ...versions, seqs: versions.seqs.subarray(from, from + SEPARATE_ROWS) }
    const texts = separateTexts(sql, slice, form)
    if (texts.length !== slice.seqs.length) throw recordsGone(versions)
    yield texts
  }
}

/** As `joinedTexts`, each record by itself, and those that are no longer there left out. */
export function separateTexts(sql: Sql, versions: Versions, form: Form): string[] {
  const { from, parameters } = fromVersions(versions)
  const rows = sql.all<{ json: string }>(
    `select replace(g.head || ${BODY[form.version]}, ?, ?) as json ${from}`,
    ...linksOf(form),
    ...parameters,
  )
  return rows.map(({ json }) => json)
}

function recordsGone({ table, generation }: Versions): BridgeError {
  return new BridgeError('store-failed', `Records of ${table} are missing in generation ${generation}.`, {
    remedy: 'Start a sync, which finds what is missing. If they were cleaned up while they were read, ask again.',
  })
}

/** The text of the record that a generation has under an id, where the conditions on `r` hold. */
export function oneText(sql: Sql, { table, generation, sourcedId, where }: OneRecord, form: Form): string | undefined {
  const conditions = where.map((fragment) => ` and (${fragment.sql})`).join('')
  const [row] = sql.all<{ json: string }>(
    `select replace(g.head || ${BODY[form.version]}, ?, ?) as json
     from ${quoteName(`records_${table}`)} r cross join generations g on g.number = r.born
     where r.sourcedId = ? and r.died > ? and r.born <= ?${conditions}`,
    ...linksOf(form),
    sourcedId,
    generation,
    generation,
    ...where.flatMap((fragment) => fragment.parameters),
  )
  return row?.json
}

export interface OneRecord {
  readonly table: string
  readonly generation: number
  readonly sourcedId: string
  readonly where: readonly Fragment[]
}

/** How many of the versions are there still. */
export function countVersions(sql: Sql, versions: Versions): number {
  const { from, parameters } = fromVersions(versions)
  return sql.all<{ n: number }>(`select count(*) as n ${from}`, ...parameters)[0]?.n ?? 0
}

/** The generation is checked again, for a seq may be given to another version once its own is deleted. */
function fromVersions({ table, generation, seqs }: Versions): { from: string; parameters: SqlValue[] } {
  return {
    from: `from json_each(?) e cross join ${quoteName(`records_${table}`)} r on r.seq = e.value and r.born <= ? and r.died > ?
           cross join generations g on g.number = r.born`,
    parameters: [`[${seqs.join()}]`, generation, generation],
  }
}

function linksOf({ root }: Form): [string, string] {
  return [STORED_LINK, `"href":"${root}/`]
}
