// What a list is, and the statement that finds the whole of it, or one part of its sourcedIds.
import { type Fragment, quoteName } from './schema.ts'
import type { SqlValue } from './sql.ts'

/** A list of records, whole. */
export interface List {
  /** Storage name. */
  readonly table: string
  /** A published one that may still be read. */
  readonly generation: number
  /** What narrows the table; all must hold of `r`. */
  readonly where: readonly Fragment[]
  /** Set when `where` lets in nothing that was published before this time (ms since 1970): a delta must cost the delta. */
  readonly changedSinceMs: number | undefined
  /** By sourcedId when there is none. */
  readonly order: Order | undefined
}

/** By the value of an expression and then by sourcedId, both in one direction. */
export interface Order {
  /** Over `r`. */
  readonly expression: Fragment
  readonly direction: 'asc' | 'desc'
  /** Whether a record may lack it; it then comes last in both directions. */
  readonly mayBeMissing: boolean
}

export interface Statement {
  readonly statement: string
  readonly parameters: readonly SqlValue[]
}

/** A part of the sourcedIds: those after `after`, up to and with `upTo`; without that one, to the end. */
export interface Range {
  readonly after: string
  readonly upTo: string | undefined
}

/** What one statement may tell of a list: less than 1 MB of seqs. */
export const MOST_AT_ONCE = 100_000

/** One row: the seqs as a JSON array of bytes, the first `MOST_AT_ONCE` of them. */
export function orderStatement(list: List): Statement {
  const { order, changedSinceMs } = list
  const by =
    order === undefined
      ? { sql: changedSinceMs !== undefined ? '+r.sourcedId' : 'r.sourcedId', parameters: [] }
      : orderBy(order)
  const { statement, parameters } = listed(list, conditionsOf(list))
  return {
    statement: `select cast(json_group_array(seq) as blob) as seqs from (
      select r.seq ${statement} order by ${by.sql} limit ${MOST_AT_ONCE})`,
    parameters: [...parameters, ...by.parameters],
  }
}

/** As `orderStatement`, of all that a part holds, in order of sourcedId. */
export function rangeStatement(list: List, range: Range): Statement {
  const { statement, parameters } = listed({ ...list, changedSinceMs: undefined }, conditionsOf(list), range)
  return {
    statement: `select cast(json_group_array(seq) as blob) as seqs from (
      select r.seq ${statement} order by r.sourcedId)`,
    parameters,
  }
}

/** The rows `seq`, `key` of a part in order of sourcedId, `key` being what the list is sorted by. */
export function keysStatement(list: List, { expression }: Order, range: Range): Statement {
  const { statement, parameters } = listed({ ...list, changedSinceMs: undefined }, conditionsOf(list), range)
  // The limit keeps SQLite from working the expression out once for each place of the name. A whole number beyond 2^53 is read
  // as who parses the JSON reads it.
  return {
    statement: `
      select seq, case when typeof(key) = 'integer' and abs(key) > ${Number.MAX_SAFE_INTEGER} then cast(key as real) else key end as key
      from (select r.seq, ${expression.sql} as key ${statement} order by r.sourcedId limit -1)`,
    parameters: [...expression.parameters, ...parameters],
  }
}

/** How many versions a delta has to look at, those that have died since too; no more than `most` are counted. */
export function countStatement({ table, generation }: List, changedSinceMs: number, most: number): Statement {
  const since: Fragment = {
    sql: `r.born >= (select coalesce(min(number), ${Number.MAX_SAFE_INTEGER}) from generations where time_ms >= ?)`,
    parameters: [changedSinceMs],
  }
  const conditions = allOf([since])
  return {
    statement: `select count(*) as n from (
      select 1 from ${quoteName(`records_${table}`)} r where r.born <= ?${conditions.sql} limit ?)`,
    parameters: [generation, ...conditions.parameters, most],
  }
}

function listed({ table, generation, changedSinceMs }: List, conditions: Fragment, range?: Range): Statement {
  // The plus keeps SQLite from an index: a delta must be driven by that of the date and then sorted, all others must not be.
  const born = changedSinceMs !== undefined ? 'r.born' : '+r.born'
  const within = range === undefined ? NO_CONDITION : withinRange(range)
  return {
    statement: `from ${quoteName(`records_${table}`)} r
      where ${born} <= ? and +r.died > ?${conditions.sql}${within.sql}`,
    parameters: [generation, generation, ...conditions.parameters, ...within.parameters],
  }
}

const NO_CONDITION: Fragment = { sql: '', parameters: [] }

function conditionsOf({ where }: List): Fragment {
  return allOf(where)
}

function allOf(fragments: readonly Fragment[]): Fragment {
  return {
    sql: fragments.map((fragment) => ` and (${fragment.sql})`).join(''),
    parameters: fragments.flatMap(({ parameters }) => parameters),
  }
}

function withinRange({ after, upTo }: Range): Fragment {
  // A blob is greater than every text.
  return { sql: ` and r.sourcedId > ? and r.sourcedId <= coalesce(?, x'')`, parameters: [after, upTo ?? null] }
}

/** The ties run the same way, so that an index on (column, sourcedId) serves both directions. */
function orderBy({ expression, direction, mayBeMissing }: Order): Fragment {
  const missingLast = mayBeMissing ? ' nulls last' : ''
  return {
    sql: `${expression.sql} ${direction}${missingLast}, r.sourcedId ${direction}`,
    parameters: expression.parameters,
  }
}
