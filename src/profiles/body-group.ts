// Reads the body of a group: its shape, and what speaks against its members.
import { checkMembers } from '../groups/body.ts'
import { orgOf, type Read } from './body.ts'
import type { ReadProfile } from './body-district.ts'
import { expiryFaults } from './body-expiry.ts'
import { describeIssues } from './body-faults.ts'
import { partsOf } from './body-parts.ts'
import { GROUP_KEYS, GROUP_SHAPE } from './group-body.ts'
import type { ProfileHandle } from './ports.ts'

export interface GroupReading {
  readonly now: () => number
  /** Opens another profile. */
  readonly open: (id: string) => Promise<ProfileHandle | undefined>
  /** The members that it has already. */
  readonly before?: readonly string[]
}

/** `whole` is what the group would be, `given` what a person wrote just now. */
export async function readGroup(
  whole: unknown,
  given: unknown,
  { now, open, before = [] }: GroupReading,
): Promise<Read<ReadProfile>> {
  const parsed = GROUP_SHAPE.safeParse(whole)
  const { sound } = partsOf(GROUP_SHAPE, whole)
  const profiles = sound.dataProvider?.profiles ?? []
  const messages = [
    ...(parsed.success ? [] : describeIssues(parsed.error.issues, whole, GROUP_KEYS)),
    ...expiryFaults(sound, given, now()),
    ...(await checkMembers({ profiles, before, org: orgOf(sound), open })),
  ]
  if (!parsed.success || messages.length > 0) return { ok: false, messages }
  return { ok: true, value: { settings: parsed.data, clientSecret: undefined } }
}
