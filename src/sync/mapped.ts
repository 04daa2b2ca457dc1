// By which mapping, and as of which day, the snapshot was made: what tells whether another mapping would make another one.
import { shortDigest } from '../digest.ts'
import type { CheckedMapping } from '../mapping/check/check.ts'
import { collectionMeanings } from '../mapping/meaning.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import { mappingVersion } from '../mapping/version.ts'
import { readMeta, writeMeta } from '../store/meta.ts'
import type { Sql } from '../store/sql.ts'

export interface MappedBy {
  /** Of the mapping, layers and all: SHA-256 in hex. */
  readonly version: string
  /** The district's day on which it was mapped, `YYYY-MM-DD`. */
  readonly today: string
  /** By collection, a digest of all that decides its records besides the rows and the day. */
  readonly collections: Readonly<Record<string, string>>
}

/** What a run with these settings is mapped by. */
export async function mappedBy(
  { checked }: Mapping,
  { settings, today }: { readonly settings: Readonly<Record<string, unknown>>; readonly today: string },
): Promise<MappedBy> {
  return { version: await mappingVersion(checked), today, collections: digests(checked, settings) }
}

function digests(checked: CheckedMapping, settings: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries([...collectionMeanings(checked, settings)].map(([name, text]) => [name, shortDigest(text)]))
}

/**
 * The collections whose records a mapping may make differently than the snapshot's did, of the same rows on the same day. All
 * where nothing is known of the snapshot's.
 */
export function changedCollections(
  before: MappedBy | undefined,
  { checked }: Mapping,
  settings: Readonly<Record<string, unknown>>,
): string[] {
  const after = digests(checked, settings)
  const names = new Set([...Object.keys(before?.collections ?? {}), ...Object.keys(after)])
  return [...names].filter((name) => before?.collections[name] !== after[name])
}

const META = 'mapped'

/** What the snapshot was mapped by; undefined before the first, and for one of an earlier version of the bridge. */
export function lastMapped(sql: Sql): MappedBy | undefined {
  const text = readMeta(sql, META)
  // Written by `keepMapped` only.
  return text === undefined ? undefined : (JSON.parse(text) as MappedBy)
}

export function keepMapped(sql: Sql, mapped: MappedBy): void {
  writeMeta(sql, META, JSON.stringify(mapped))
}
