// The texts of record versions, spliced by SQLite itself, with the links of the service that is asked.
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

export interface JoinedTexts {
  /** The records' JSON texts joined by commas, in UTF-8; empty for none. */
  readonly json: Uint8Array<ArrayBuffer>
  readonly count: number
}

const EMPTY = new Uint8Array(0)
/** `JSON.stringify` never writes it, so that it stands for a link and for nothing else. */
const STORED_LINK = '"href":"\\/'

const TEXTS: Readonly<Record<Form['version'], string>> = {
  v1p1: 'g.head || r.body',
  v1p2: 'g.head || coalesce(r.body_v1p2, r.body)',
}

/** What stands before and after the records of an answer. */
export interface Around {
  readonly head: string
  readonly tail: string
}

const NOTHING_AROUND: Around = { head: '', tail: '' }

/**
 * In the order of the seqs. What is no longer there is left out: `count` tells. SQLite puts `around` around them, so that a
 * page of megabytes is not copied once more.
 */
export function joinedTexts(
  sql: Sql,
  versions: Versions,
  form: Form,
  { head, tail }: Around = NOTHING_AROUND,
): JoinedTexts {
  if (versions.seqs.length === 0) return { json: new TextEncoder().encode(head + tail), count: 0 }
  const { from, parameters } = fromVersions(versions)
  const joined = `ifnull(replace(group_concat(${TEXTS[form.version]}, ','), ?, ?), '')`
  const [row] = sql.all<{ json: Uint8Array<ArrayBuffer>; count: number }>(
    `select cast(? || ${joined} || ? as blob) as json, count(*) as count ${from}`,
    head,
    ...linksOf(form),
    tail,
    ...parameters,
  )
  return row ?? { json: EMPTY, count: 0 }
}

/** As `joinedTexts`, each record by itself. */
export function separateTexts(sql: Sql, versions: Versions, form: Form): string[] {
  const { from, parameters } = fromVersions(versions)
  const rows = sql.all<{ json: string }>(
    `select replace(${TEXTS[form.version]}, ?, ?) as json ${from}`,
    ...linksOf(form),
    ...parameters,
  )
  return rows.map(({ json }) => json)
}

/** The text of the record that a generation has under an id, where the conditions on `r` hold. */
export function oneText(sql: Sql, { table, generation, sourcedId, where }: OneRecord, form: Form): string | undefined {
  const conditions = where.map((fragment) => ` and (${fragment.sql})`).join('')
  const [row] = sql.all<{ json: string }>(
    `select replace(${TEXTS[form.version]}, ?, ?) as json
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
