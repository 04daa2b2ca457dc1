// A profile that is put into the group in the place of another with the same prefix has its records: by that alone nobody leaves.
import type { MemberProgress, Merged, Merging } from './merge-state.ts'

/** The member that goes and whose records a new one has; undefined for one that was a member before. */
export function predecessorOf(
  { merging, merged }: { readonly merging: Merging; readonly merged: Merged },
  member: MemberProgress,
  idPrefix: string,
): string | undefined {
  if (Object.hasOwn(merged.members, member.id)) return undefined
  const left = merging.members.find(({ stage, prefix }) => stage === 'leaving' && prefix === idPrefix)
  const isFree = left !== undefined && [undefined, member.id].includes(successorOf(merging, left)?.id)
  return isFree ? left.id : undefined
}

/** A new member that has told nothing of itself yet, and so may have the records of the one that goes. */
export function maySucceed(merging: Merging, member: MemberProgress): MemberProgress | undefined {
  if (successorOf(merging, member) !== undefined) return undefined
  return merging.members.find(({ stage, told }) => stage === 'left-out' && told === undefined)
}

export function successorOf({ members }: Merging, { id }: MemberProgress): MemberProgress | undefined {
  return members.find(({ predecessor }) => predecessor === id)
}
