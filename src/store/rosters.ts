// The narrowed rosters: what a consumer sees that may not see all, each with record tables of its own.
import { BridgeError } from '../errors.ts'
import type { CollectionStorage } from './schema.ts'
import type { Sql } from './sql.ts'

export const ROSTERS_SCHEMA: readonly string[] = [
  `create table rosters (
     id integer primary key autoincrement, narrowing text not null unique, built integer)`,
]

/** What a consumer may see. */
export interface Narrowing {
  /** School numbers or sourcedIds, sorted, each once; null = every school. */
  readonly schools: readonly string[] | null
  /** Whether guardians, parents and relatives are among its users. */
  readonly contacts: boolean
}

export interface Roster {
  readonly id: number
  readonly narrowing: Narrowing
  /** The first generation whose records are in its tables; null: they hold nothing that may be read. */
  readonly built: number | null
}

/** The part of a consumer's record that narrows it. */
export interface Narrowed {
  readonly schools: readonly string[] | null
  readonly withheld: readonly string[]
}

/** Consumers that are narrowed alike get narrowings that are written alike, and so share one roster. */
export function narrowingOf({ schools, withheld }: Narrowed): Narrowing {
  return {
    schools: schools === null ? null : [...new Set(schools)].sort(),
    contacts: !withheld.includes('contacts'),
  }
}

/** The whole roster, which is read from the main tables. */
export function isWhole({ schools, contacts }: Narrowing): boolean {
  return schools === null && contacts
}

/** The narrowings of these consumers that need a roster, each once. */
export function narrowingsOf(consumers: readonly Narrowed[]): readonly Narrowing[] {
  const narrowings = consumers.map(narrowingOf).filter((narrowing) => !isWhole(narrowing))
  return [...new Map(narrowings.map((narrowing) => [textOf(narrowing), narrowing])).values()]
}

/** As people read it, after "the roster": `for schools 100, 200`, `without contacts`. */
export function describeNarrowing({ schools, contacts }: Narrowing): string {
  const parts = [
    ...(schools === null
      ? []
      : [`for ${schools.length === 1 ? 'school' : 'schools'} ${schools.join(', ') || '(none)'}`]),
    ...(contacts ? [] : ['without contacts']),
  ]
  return parts.join(' ')
}

/** How a narrowing is written in the registry. */
export function textOf({ schools, contacts }: Narrowing): string {
  return JSON.stringify({ schools, contacts })
}

/** Begins the `narrowing` of a roster that is being dropped: nobody finds it any more, and its id is not used again. */
export const DROPPED = 'dropped '

/** Every roster but those that are being dropped. */
export function listRosters(sql: Sql): readonly Roster[] {
  return sql
    .all<{ id: number; narrowing: string; built: number | null }>(
      `select id, narrowing, built from rosters order by id`,
    )
    .filter(({ narrowing }) => !narrowing.startsWith(DROPPED))
    .map(({ id, narrowing, built }) => ({ id, narrowing: JSON.parse(narrowing), built }))
}

export function rosterOf(sql: Sql, narrowing: Narrowing): Roster | undefined {
  const [row] = sql.all<{ id: number; built: number | null }>(
    `select id, built from rosters where narrowing = ?`,
    textOf(narrowing),
  )
  return row && { ...row, narrowing }
}

/**
 * For the transactions that fill a roster: a process that stood still for so long that another one took its lock and built the
 * roster must not touch what is read now. Refuses with `sync-running`.
 */
export function requireUnbuilt(sql: Sql, roster: number): void {
  if (sql.all(`select 1 from rosters where id = ? and built is null`, roster).length > 0) return
  throw new BridgeError('sync-running', 'Another process has built the roster meanwhile.')
}

/** Without contacts, only the users differ from the whole roster's. */
function hasOwnTable({ schools }: Narrowing, collection: string): boolean {
  return schools !== null || collection === 'users'
}

function ownTable(id: number, collection: string): string {
  return `${collection}_n${id}`
}

/** A collection as the roster keeps it. */
export function storageOf({ id }: Pick<Roster, 'id'>, storage: CollectionStorage): CollectionStorage {
  return { ...storage, name: ownTable(id, storage.name) }
}

/** The collections that the roster has tables of its own for, with those tables. */
export function ownStorages(
  roster: Pick<Roster, 'id' | 'narrowing'>,
  collections: readonly CollectionStorage[],
): readonly CollectionStorage[] {
  return collections
    .filter(({ name }) => hasOwnTable(roster.narrowing, name))
    .map((storage) => storageOf(roster, storage))
}

/** The tables of every roster. */
export function rosterStorages(sql: Sql, collections: readonly CollectionStorage[]): readonly CollectionStorage[] {
  return listRosters(sql).flatMap((roster) => ownStorages(roster, collections))
}

/** The tables of the rosters that can be read. */
export function builtStorages(sql: Sql, collections: readonly CollectionStorage[]): readonly CollectionStorage[] {
  return listRosters(sql)
    .filter(({ built }) => built !== null)
    .flatMap((roster) => ownStorages(roster, collections))
}

/**
 * The table that holds what a consumer sees of a collection; undefined while its roster is not built for that generation.
 * Reads one row by an index.
 */
export function tableNames(
  sql: Sql,
  narrowing: Narrowing,
  generation: number,
): ((collection: string) => string) | undefined {
  if (isWhole(narrowing)) return (collection) => collection
  const roster = rosterOf(sql, narrowing)
  if (roster === undefined || roster.built === null || roster.built > generation) return undefined
  return (collection) => (hasOwnTable(narrowing, collection) ? ownTable(roster.id, collection) : collection)
}
