// What a rule with `create_only` takes from the record that was published before, instead of working it out.

import type { RuleTree } from '../schema/mapping-tree.ts'
import type { Make } from './field-value.ts'
import type { Frame } from './frame.ts'
import type { Machine } from './machine.ts'

/** The word that stands for the sourcedId. */
export const ID = 'id'

export interface KeptId {
  /** What the row is known by from run to run: the column that a group shares, or the source's key. */
  readonly rowKey: (frame: Frame) => string | number | undefined
  /** The id that it was published under. */
  readonly find: (frame: Frame) => string | undefined
}

export const isCreateOnly = ({ createOnly }: RuleTree, name: string): boolean =>
  createOnly?.some(({ text }) => text === name) === true

/** Undefined for a rule whose ids follow its formula. */
export function compileKeptId(rule: RuleTree, slot: number, { published }: Machine): KeptId | undefined {
  if (!isCreateOnly(rule, ID)) return undefined
  const rowKey = ({ row }: Frame) => {
    const key = row[slot]
    return typeof key === 'string' || typeof key === 'number' ? key : undefined
  }
  return {
    rowKey,
    find: (frame) => {
      const key = published && rowKey(frame)
      return key === undefined ? undefined : published?.idOf(rule.id, key)
    },
  }
}

/**
 * Puts before the maker of a field the value that was published, where the rule keeps it. Where the formula gives another one it
 * is counted (`value-kept`): whoever has just changed the formula should know that old records do not follow.
 */
export function compileKeeping(rule: RuleTree, machine: Machine): (name: string, make: Make) => Make {
  const { published } = machine
  if (published === undefined) return (_, make) => make
  const own = machine.rule(rule.id)
  // The fields of a record are made one after another: it is looked up for the first of them.
  let last: { readonly sourcedId: string; readonly record: Readonly<Record<string, unknown>> | undefined } | undefined
  const publishedValue = (name: string, frame: Frame): string | undefined => {
    const sourcedId = own.sourcedIdOf(frame)
    if (sourcedId === undefined) return undefined
    if (last?.sourcedId !== sourcedId) last = { sourcedId, record: published.recordOf(rule.collection, sourcedId) }
    const value = last.record?.[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const keeping =
    (name: string, make: Make): Make =>
    (frame) => {
      const kept = publishedValue(name, frame)
      const made = make(frame)
      if (kept === undefined) return made
      if (made !== undefined && made !== kept) machine.tally.note('value-kept')
      return kept
    }
  return (name, make) => (isCreateOnly(rule, name) ? keeping(name, make) : make)
}
