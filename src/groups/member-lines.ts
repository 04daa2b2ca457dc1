// The form in which a member's records travel to a group: one JSON line each, and a last line that says it was all.
import type { StoredRecord } from '../store/snapshot-writer.ts'
import type { SqlValue } from '../store/sql.ts'
import type { MemberRecord } from './member-records.ts'

export interface EndLine {
  /** Lines before this one. */
  readonly records: number
  /** No more follow in the collection. */
  readonly isLast: boolean
}

export const LINES_TYPE = 'application/x-ndjson'

export function writeRecord(record: MemberRecord): string {
  if ('isRemoved' in record) return `${JSON.stringify([record.sourcedId])}\n`
  const { sourcedId, body, bodyV1p2, columns, links } = record
  return `${JSON.stringify([sourcedId, body, bodyV1p2, columns, links.map(({ field, target }) => [field, target])])}\n`
}

export function writeEnd(end: EndLine): string {
  return `${JSON.stringify(end)}\n`
}

/** Undefined for what is neither. */
export function readLine(line: string): { readonly record: MemberRecord } | { readonly end: EndLine } | undefined {
  const read = parsed(line)
  if (Array.isArray(read)) return read.length === 1 || read.length === 5 ? { record: recordOf(read) } : undefined
  if (typeof read !== 'object' || read === null || !('records' in read)) return undefined
  // Written by `writeEnd`, of this bridge or of one of another version.
  return { end: read as EndLine }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function recordOf(line: readonly unknown[]): MemberRecord {
  // Written by `writeRecord` only.
  if (line.length === 1) return { sourcedId: line[0] as string, isRemoved: true }
  const [sourcedId, body, bodyV1p2, columns, links] = line as Written
  return { sourcedId, body, bodyV1p2, columns, links: links.map(([field, target]) => ({ field, target })) }
}

type Written = [
  StoredRecord['sourcedId'],
  StoredRecord['body'],
  StoredRecord['bodyV1p2'],
  readonly SqlValue[],
  [field: string, target: string][],
]
