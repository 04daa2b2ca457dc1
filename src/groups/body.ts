// What the profile API takes for a group, and what speaks against a group of these profiles.
import * as z from 'zod/mini'
import { DEFAULT_PROFILE } from '../store/profile.ts'
import type { MemberFacts } from './member-api.ts'
import { MEMBER_PATHS } from './member-api.ts'
import type { MemberHandle } from './member-reader.ts'
import { type GroupOrg, orgIdOf } from './org.ts'
import { clash } from './prefixes.ts'
import { GROUP_TYPE } from './type.ts'

const MOST_MEMBERS = 100
const MEMBERS = `does not name 1 to ${MOST_MEMBERS} profiles by their ids`
const NO_LIST = 'is not a list of ids of profiles'
const NO_ID = 'is not the id of a profile'
const LONGEST_NAME = 255
const NO_NAME = `is not a text of 1 to ${LONGEST_NAME} characters`

/** `dataProvider` of a group. */
export const GROUP_PROVIDER = z.strictObject({
  '@odata.type': z.literal(GROUP_TYPE),
  profiles: z
    .array(z.string(NO_ID).check(z.minLength(1, NO_ID)), NO_LIST)
    .check(z.minLength(1, MEMBERS), z.maxLength(MOST_MEMBERS, MEMBERS))
    .check(z.refine((ids) => new Set(ids).size === ids.length, 'names a profile twice')),
})

/** `org` of a group: what stands above the members, or null. */
export const GROUP_ORG = z.nullable(
  z.strictObject(
    { name: orgText(), identifier: z.optional(orgText()) },
    'is not an object with the name of the org above the members',
  ),
)

function orgText() {
  return z.string(NO_NAME).check(z.trim(), z.minLength(1, NO_NAME), z.maxLength(LONGEST_NAME, NO_NAME))
}

export interface GroupToCheck {
  readonly profiles: readonly string[]
  /** Those that are members already: that one of them is gone, or does not answer, speaks against no change. */
  readonly before?: readonly string[]
  readonly org: GroupOrg | null
  readonly open: (id: string) => Promise<MemberHandle | undefined>
}

interface Candidate {
  readonly id: string
  readonly idPrefix: string
}

/** What speaks against a group of these profiles, as sentences; none when nothing does. A sync finds the same later, for one member. */
export async function checkMembers({ profiles, before = [], org, open }: GroupToCheck): Promise<string[]> {
  const messages: string[] = []
  const fine: Candidate[] = []
  for (const id of profiles) {
    const facts = await factsOf(id, open)
    if (typeof facts === 'string' && before.includes(id)) continue
    const fault = typeof facts === 'string' ? facts : faultOf(id, facts, org)
    if (fault !== undefined) messages.push(`\`dataProvider.profiles\`: ${fault}`)
    else if (typeof facts === 'object') fine.push({ id, idPrefix: facts.idPrefix })
  }
  return [...messages, ...fine.flatMap((one, at) => fine.slice(at + 1).flatMap((other) => clashOf(one, other)))]
}

/** The facts, or why there are none. */
async function factsOf(id: string, open: GroupToCheck['open']): Promise<MemberFacts | string> {
  try {
    const handle = await open(id)
    if (handle === undefined) return `There is no profile \`${id}\`.`
    const answer = await handle.fetch(new Request(`http://profile${MEMBER_PATHS.facts}`))
    // Written by the bridge itself.
    if (answer.ok) return (await answer.json()) as MemberFacts
    await answer.body?.cancel()
  } catch {
    // As one that answers with a failure.
  }
  return `The profile \`${id}\` does not answer now. Try again, or look at its log.`
}

function faultOf(id: string, { idPrefix, isGroup }: MemberFacts, org: GroupOrg | null): string | undefined {
  if (isGroup) return `\`${id}\` is a group itself. Name its members instead.`
  if (idPrefix === '' && id === DEFAULT_PROFILE) {
    return `\`${id}\` is the environment's profile, whose records have no prefix. Set ID_PREFIX before its first sync; where it has published already, make a profile of its own of that server, with an \`idPrefix\`.`
  }
  if (idPrefix === '') {
    return `\`${id}\` has no \`idPrefix\`, which keeps its records apart from those of others. Make the profile again with one.`
  }
  if (org === null || !orgIdOf(org).toLowerCase().startsWith(idPrefix.toLowerCase())) return undefined
  return `The \`idPrefix\` \`${idPrefix}\` of \`${id}\` begins the sourcedId of the group's org, \`${orgIdOf(org)}\`. Give the org another \`identifier\`, or none.`
}

function clashOf(one: Candidate, other: Candidate): string[] {
  if (!clash(one.idPrefix, other.idPrefix)) return []
  const found = `\`${one.id}\` has the \`idPrefix\` \`${one.idPrefix}\` and \`${other.id}\` has \`${other.idPrefix}\``
  return [
    `\`dataProvider.profiles\`: ${found}: one begins the other, so their sourcedIds could be the same. Make one of the two again with another.`,
  ]
}
