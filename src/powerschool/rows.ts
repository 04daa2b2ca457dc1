// Finds the rows in the body of a list, undoing what PowerSchool does to short ones.

import { BridgeError } from '../errors.ts'

export type Row = Readonly<Record<string, unknown>>

/**
 * The rows that the answer to `path` holds at a place such as `schools.school`. A list of one comes as an object and an empty one as `""` or not at all; an
 * empty wrapper may be `""` too. Everything else, a missing wrapper or an error object among it, is refused with
 * `powerschool-broken-answer`: an answer that is not understood is never an empty list.
 */
export function rowsOf(body: unknown, rowsPath: string, path: string): readonly Row[] {
  const names = rowsPath.split('.')
  const last = names.pop() ?? ''
  let wrapper: unknown = body
  for (const name of names) {
    wrapper = isRow(wrapper) ? wrapper[name] : undefined
    if (wrapper === '') return []
  }
  if (!isRow(wrapper))
    throw brokenRows(path, isErrorEnvelope(body) ? 'is an error message' : `has no ${names.join('.') || 'object'}`)
  const found = wrapper[last]
  if (found === undefined || found === '') {
    if (isErrorEnvelope(wrapper)) throw brokenRows(path, 'is an error message')
    return []
  }
  if (isRow(found)) return [found]
  if (Array.isArray(found) && found.every(isRow)) return found
  throw brokenRows(path, `has neither rows nor nothing at ${rowsPath}`)
}

/** The one row of a source without pages, such as `district`. */
export function singleRowOf(body: unknown, rowsPath: string, path: string): readonly Row[] {
  const rows = rowsOf(body, rowsPath, path)
  if (rows.length !== 1) throw brokenRows(path, `has ${rows.length} rows at ${rowsPath} instead of one`)
  return rows
}

/** `{"resource":{"count":423}}`; the number may come as text. */
export function countOf(body: unknown, path: string): number {
  const resource = isRow(body) ? body.resource : undefined
  const told = isRow(resource) ? resource.count : undefined
  const count = typeof told === 'number' || (typeof told === 'string' && told !== '') ? Number(told) : Number.NaN
  if (Number.isInteger(count) && count >= 0) return count
  throw brokenRows(path, 'has no number at resource.count')
}

const GRADUATED_STUDENTS = 999999

/** Whether `/count` leaves out some rows of this list: of schools it does not count "Graduated Students". */
export function hasUncounted(rowsPath: string): boolean {
  return rowsPath.endsWith('.school')
}

/** How many of the rows `/count` counts. Without this, a lost school would hide behind the one that is not counted. */
export function countedOf(rows: readonly Row[], rowsPath: string): number {
  if (!hasUncounted(rowsPath)) return rows.length
  return rows.filter((row) => Number(row.school_number) !== GRADUATED_STUDENTS).length
}

/** Whether two rows of a page have one key. A row without a usable key is the mapping's to report. */
export function repeatsKey(rows: readonly Row[], keyPath: string): boolean {
  const names = keyPath.split('.')
  const keys = new Set<string>()
  let keyed = 0
  for (const row of rows) {
    let key: unknown = row
    for (const name of names) key = isRow(key) ? key[name] : undefined
    if (!isKey(key)) continue
    keyed += 1
    keys.add(String(key))
  }
  return keys.size < keyed
}

/** Different keys beyond the safe integers may have become one number when the body was parsed. */
function isKey(value: unknown): value is string | number {
  return typeof value === 'string' ? value.trim() !== '' : Number.isSafeInteger(value)
}

export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isErrorEnvelope(body: unknown): boolean {
  return isRow(body) && ('errorMessage' in body || 'message' in body)
}

function brokenRows(path: string, what: string): BridgeError {
  return new BridgeError('powerschool-broken-answer', `The answer to ${path} ${what}.`, {
    remedy: 'Nothing, if it passes; else check the rows of this source in the mapping.',
  })
}
