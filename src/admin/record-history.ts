// The versions of a record as the admin API and the command line show them, with the fields that changed from one to the next.
import type { RecordVersion } from '../store/record-history.ts'

export interface ShownVersion extends Omit<RecordVersion, 'record'> {
  /** Names of the fields that differ from the version before; undefined where one of both is no longer stored. */
  readonly changed: readonly string[] | undefined
  readonly record: Readonly<Record<string, unknown>> | undefined
}

/** From the newest to the oldest, as the store gives them. */
export function showVersions(versions: readonly RecordVersion[]): readonly ShownVersion[] {
  // Written by the presenters: a text is one JSON object.
  const records = versions.map(({ record }) =>
    record === undefined ? undefined : (JSON.parse(record) as Readonly<Record<string, unknown>>),
  )
  return versions.map((version, at) => {
    const [record, before] = [records[at], records[at + 1]]
    const changed = record === undefined || before === undefined ? undefined : changedFields(before, record)
    return { ...version, changed, record }
  })
}

function changedFields(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  // It differs always, and says nothing that the version's time does not.
  names.delete('dateLastModified')
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}
