// By which mapping, and as of which day, the snapshot was made: what tells whether another mapping would make another one.
import { shortDigest } from '../digest.ts'
import type { CheckedMapping } from '../mapping/check/check.ts'
import { collectionMeanings } from '../mapping/meaning.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import { mappingVersion } from '../mapping/version.ts'
import type { MappedBy } from './last-mapped.ts'

/** What a run with these settings is mapped by. */
export async function mappedBy(
  { checked }: Mapping,
  { settings, today }: { readonly settings: Readonly<Record<string, unknown>>; readonly today: string },
): Promise<MappedBy> {
  const known = versions.get(checked) ?? mappingVersion(checked)
  versions.set(checked, known)
  return { version: await known, today, collections: digests(checked, settings) }
}

/** Asked for in every step of a sync, and dear. */
const versions = new WeakMap<CheckedMapping, Promise<string>>()
const lastDigests = new WeakMap<CheckedMapping, { readonly of: string; readonly digests: Record<string, string> }>()

function digests(checked: CheckedMapping, settings: Readonly<Record<string, unknown>>): Record<string, string> {
  const of = JSON.stringify(settings)
  const last = lastDigests.get(checked)
  if (last?.of === of) return last.digests
  const meanings = [...collectionMeanings(checked, settings)]
  const made = Object.fromEntries(meanings.map(([name, text]) => [name, shortDigest(text)]))
  lastDigests.set(checked, { of, digests: made })
  return made
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
