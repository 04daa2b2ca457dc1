// What may be wrong with a member of a group, and what a person can do about it; it stops that member and no other.

export type MemberProblemCode = keyof typeof REMEDIES

export interface MemberProblem {
  readonly code: MemberProblemCode
  readonly message: string
  readonly remedy: string
}

const REMEDIES = {
  'member-unknown': 'Take it out of the group, or make the profile again.',
  'member-unreachable': 'Nothing, if it is back at the next sync of the group; else look at the log of the member.',
  'member-unpublished': 'Look at the syncs of the member: its first one has not been published.',
  'member-empty':
    'Look at the syncs of the member. If its records are to go, take it out of the group, which removes them.',
  'member-shrunk':
    'Look at the syncs of the member. If they are right, take it out of the group, which removes all its records, and put it in again.',
  'member-changing': 'Nothing: the next sync of the group reads it again.',
  'member-is-group': 'Name the members of that group instead.',
  'prefix-missing': 'Make the profile again with an `idPrefix` of its own.',
  'prefix-clash': 'Make one of the two profiles again with another `idPrefix`.',
  'prefix-changed': 'Take it out of the group, sync the group, and put it in again: its records get other ids.',
  'id-foreign': 'Sync the member: its snapshot was made before it had its `idPrefix`.',
  'totals-differ': 'Report it with the log around this time.',
} as const

/** Ends the reading of one member. Its message holds no personal data. */
export class MemberError extends Error {
  readonly code: MemberProblemCode

  constructor(code: MemberProblemCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'MemberError'
    this.code = code
  }
}

export function problemOf({ code, message }: Pick<MemberError, 'code' | 'message'>): MemberProblem {
  return { code, message, remedy: REMEDIES[code] }
}
