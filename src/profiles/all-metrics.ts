// The metrics of several profiles as one answer: each sample says whose it is.
import type { Family } from '../metrics/format.ts'
import { INTERNAL, type ProfileHandle } from './ports.ts'

/** Undefined for a profile that did not answer. */
export async function readFamilies(handle: ProfileHandle): Promise<readonly Family[] | undefined> {
  const answer = await handle.fetch(new Request(`http://profile${INTERNAL.metrics}`))
  // Written by `metricsFamilies` only.
  return answer.ok ? ((await answer.json()) as readonly Family[]) : undefined
}

export interface ProfileFamilies {
  readonly id: string
  readonly families: readonly Family[] | undefined
}

/** One family of each name, in the order of the first profile that has it. */
export function joinFamilies(profiles: readonly ProfileFamilies[]): readonly Family[] {
  const joined = new Map<string, Family>()
  const up: Family = {
    name: 'profile_up',
    help: '1 for each profile that answers.',
    type: 'gauge',
    samples: profiles.map(({ id, families }) => ({ labels: { profile: id }, value: families === undefined ? 0 : 1 })),
  }
  for (const { id, families = [] } of profiles) {
    for (const family of families) {
      const before = joined.get(family.name)?.samples ?? []
      const samples = family.samples.map((sample) => ({ ...sample, labels: { profile: id, ...sample.labels } }))
      joined.set(family.name, { ...family, samples: [...before, ...samples] })
    }
  }
  return [up, ...joined.values()]
}
