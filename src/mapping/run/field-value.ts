// The values of fields as a run makes them: lists of them, and which of them are references.

import type { FieldValue, Reference } from '../ports.ts'
import type { Frame } from './frame.ts'

/** Makes a value for the row of a frame; undefined is blank. */
export type Make = (frame: Frame) => FieldValue | undefined

/** Blanks vanish, lists inside are opened, each reference comes once; an empty list is blank. */
export function listOf(made: readonly (FieldValue | undefined)[]): FieldValue | undefined {
  const list: FieldValue[] = []
  let ids: Set<string> | undefined
  for (const item of made.flat() as (FieldValue | undefined)[]) {
    if (item === undefined) continue
    if (isReference(item)) {
      ids ??= new Set()
      if (ids.has(item.sourcedId)) continue
      ids.add(item.sourcedId)
    }
    list.push(item)
  }
  return list.length > 0 ? list : undefined
}

/** Groups of a target have no `collection` member of type text beside `sourcedId`: those two make a reference. */
export const isReference = (value: FieldValue): value is Reference =>
  typeof value === 'object' && 'sourcedId' in value && 'collection' in value
