// What may be wrong with a member of a group, and what a person can do about it; it stops that member and no other.

export type MemberProblemCode = keyof typeof REMEDIES

export interface MemberProblem {
  readonly code: MemberProblemCode
  readonly message: string
  readonly remedy: string
}

const LOOK_AND_RELEASE =
  'Look at the syncs of the member. If they are right, release this sync of the group: POST …/syncs/{id}/resume; the next one follows the member.'

const REMEDIES = {
  'member-unknown': 'Take it out of the group, or make the profile again.',
  'member-unreachable': 'Nothing, if it is back at the next sync of the group; else look at the log of the member.',
  'member-unpublished': 'Look at the syncs of the member: its first one has not been published.',
  'member-empty': LOOK_AND_RELEASE,
  'member-shrunk': LOOK_AND_RELEASE,
  'successor-unread':
    'Nothing, if the new member answers at the next sync of the group; else look at its log, or take it out of the group.',
  'member-changing': 'Nothing: the next sync of the group reads it again.',
  'member-is-group': 'Name the members of that group instead.',
  'prefix-missing': 'Make the profile again with an `idPrefix` of its own.',
  'prefix-clash': 'Make one of the two profiles again with another `idPrefix`.',
  'prefix-changed': 'Take it out of the group, sync the group, and put it in again: its records get other ids.',
  'id-foreign': 'Sync the member: its snapshot was made before it had its `idPrefix`.',
  'totals-differ': 'Report it with the log around this time.',
} as const

/** What a person may let go: the member is there, and has lost much. */
export const RELEASABLE: ReadonlySet<MemberProblemCode> = new Set(['member-shrunk', 'member-empty'])

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
